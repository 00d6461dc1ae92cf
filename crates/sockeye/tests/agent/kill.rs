//! The agent is killed at any time: what it found comes once, or lies within a gap that is told.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use control::evidence::{Line, SourceStatus};
use event::Time;

use super::place::{Place, check_numbers, end, now, or_skip, skip, sockeye, statuses};

const KILLS: u32 = 4;
/// Markers removed before each kill.
const MARKERS: u32 = 5;
/// Kills of the test under load.
const KILLS_UNDER_LOAD: u64 = 10;
/// How long after it is ready an agent is killed at most.
const LIFE_MS: u64 = 1500;
/// How long to wait between two markers.
const BETWEEN: Duration = Duration::from_millis(3);

#[test]
fn what_an_agent_found_comes_once_whoever_is_killed() {
    let kills = std::env::var("SOCKEYE_KILLS").ok().and_then(|text| text.parse().ok());
    let (place, mut server) = Place::joined();
    let mut number = 0;
    let mut killed = None;
    for round in 0..kills.unwrap_or(KILLS) {
        let Some(agent) = or_skip(place.watch(&mut sockeye(&[]))) else { return };
        // Every other time the server is away, or goes in the middle.
        if round % 2 == 1 {
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        }
        for _ in 0..MARKERS {
            place.remove_marker(number);
            number += 1;
        }
        std::thread::sleep(Duration::from_millis(u64::from(round * 137 % 700)));
        if round % 2 == 1 {
            server = place.serve();
        }
        agent.kill();
        killed = Some(now());
    }
    let killed = killed.unwrap();
    let agent = place.watch(&mut sockeye(&[])).unwrap();
    place.remove_marker(number);
    let markers = place.until_marker(number);
    assert!(markers.values().all(|count| *count == 1), "{markers:?}");
    agent.stop();
    let lines = place.trail();
    check_numbers(&lines);
    // The gap before the last run is told to the second.
    let statuses = statuses(&lines);
    let sensor = statuses.last().unwrap().sensor.as_deref().unwrap();
    let since = sensor.silent_since.unwrap();
    let late = (since.0 - killed.0).abs();
    assert!(late <= 2 * Time::SECOND, "silent since {since}, killed at {killed}");
    assert!(sensor.watching_since.unwrap() > since);
    assert!(
        statuses.last().unwrap().reason.as_ref().unwrap().contains("nothing was watched since")
    );
    assert!(sensor.clock_offset_ns.is_none_or(|ns| ns.abs() < Time::SECOND));
    end(server);
}

/// When markers were removed: not before, and not after.
type Removals = Vec<(Time, Time)>;

/// Removes markers until it is told to stop; says when each was.
fn remove_all_the_time(place: &Place, stop: &AtomicBool) -> Removals {
    let mut removed = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let before = now();
        place.remove_marker(removed.len() as u32);
        removed.push((before, now()));
        std::thread::sleep(BETWEEN);
    }
    removed
}

/// Returns what statuses say of when nothing was watched, or what was seen was not handed over.
fn told_gaps(lines: &[Line]) -> Vec<(Time, Time)> {
    let gap = |status: &&SourceStatus| {
        let sensor = status.sensor.as_deref()?;
        Some((sensor.silent_since.unwrap_or(Time(0)), sensor.watching_since?))
    };
    let mut gaps: Vec<(Time, Time)> = statuses(lines).iter().filter_map(gap).collect();
    gaps.sort_unstable();
    gaps.dedup();
    gaps
}

#[test]
fn what_a_killed_agent_did_not_deliver_lies_within_the_gaps_that_are_told() {
    let kills = std::env::var("SOCKEYE_KILLS").ok().and_then(|text| text.parse().ok());
    let (place, server) = Place::joined();
    let stop = AtomicBool::new(false);
    let mut ended = Vec::new();
    let removed = std::thread::scope(|scope| {
        let removing = scope.spawn(|| remove_all_the_time(&place, &stop));
        for _ in 0..kills.unwrap_or(KILLS_UNDER_LOAD) {
            let Ok(agent) = place.watch(&mut sockeye(&[])) else { break };
            let random = RandomState::new().build_hasher().finish();
            std::thread::sleep(Duration::from_millis(random % LIFE_MS));
            agent.kill();
            ended.push(now());
        }
        stop.store(true, Ordering::Relaxed);
        removing.join().unwrap()
    });
    if ended.is_empty() {
        return skip("no agent could watch");
    }
    let agent = place.watch(&mut sockeye(&[])).unwrap();
    let last = removed.len() as u32;
    place.remove_marker(last);
    let markers = place.until_marker(last);
    agent.stop();
    let lines = place.trail();
    check_numbers(&lines);
    assert!(markers.values().all(|count| *count == 1), "{markers:?}");
    let gaps = told_gaps(&lines);
    let within = |(before, after): &(Time, Time)| {
        gaps.iter().any(|(since, until)| after >= since && before <= until)
    };
    let lost = (0..last).filter(|number| !markers.contains_key(number));
    for number in lost.clone() {
        let removal = &removed[number as usize];
        assert!(within(removal), "marker {number} of {removal:?} is in no gap of {gaps:?}");
    }
    for killed in &ended {
        let told = gaps.iter().any(|(since, until)| since <= killed && killed <= until);
        assert!(told, "killed at {killed}, and the gaps are {gaps:?}");
    }
    let silent: i64 = gaps.iter().filter(|gap| gap.0 > Time(0)).map(|gap| gap.1.0 - gap.0.0).sum();
    let (delivered, lost) = (markers.len(), lost.count());
    let _ = writeln!(
        std::io::stderr(),
        "{} kills: {delivered} of {last} markers delivered, {lost} within {} gaps of {} s",
        ended.len(),
        gaps.len(),
        silent / Time::SECOND
    );
    assert!(delivered > 1, "nothing was delivered");
    end(server);
}
