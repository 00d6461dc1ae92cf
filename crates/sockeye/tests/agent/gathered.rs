//! The agent is killed at any time: what programs did comes once, or lies within a gap that is told
//! for its kind of activity. Commands are told every ten seconds, counts of connections every ten
//! minutes, so most of what a killed agent saw was gathered and not told yet.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use control::evidence::{Direction, Entry, Item, Line, SensorStatus, SourceStatus, What};
use event::Time;

use super::place::{Place, check_numbers, end, now, skip, sockeye};

/// Agents that are killed soon after they began.
const SHORT_LIVES: u64 = 4;
/// How long after it is ready such an agent is killed at most.
const LIFE_MS: u64 = 1500;
/// How long to wait between two acts of a kind.
const BETWEEN: Duration = Duration::from_millis(20);
/// Longest time until what was done is told.
const WAIT: Duration = Duration::from_secs(120);

/// Not before, and not after.
type Span = (Time, Time);

/// Ends what goes on beside a test, also where that fails.
struct Ending<'s>(&'s AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something until it is told to stop; says when it did each.
fn again_and_again(stop: &AtomicBool, mut act: impl FnMut(usize)) -> Vec<Span> {
    let mut done = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let before = now();
        act(done.len());
        done.push((before, now()));
        std::thread::sleep(BETWEEN);
    }
    done
}

fn run(number: usize) {
    assert!(Command::new("true").arg(format!("gathered-{number}")).status().unwrap().success());
}

/// Returns the items of activity, each with the run of the agent that told it.
fn items(lines: &[Line]) -> Vec<(String, Item)> {
    let of_line = |line: &Line| match (&line.entry, &line.from) {
        (Entry::Activity(one), Some(from)) => {
            let run = from.stream.split('-').next().unwrap().to_owned();
            one.items.iter().map(|item| (run.clone(), item.clone())).collect()
        }
        _ => Vec::new(),
    };
    lines.iter().flat_map(of_line).collect()
}

/// Counts how often each of the commands is told.
fn commands(lines: &[Line]) -> BTreeMap<usize, u64> {
    let mut told = BTreeMap::new();
    for (_, item) in items(lines) {
        let What::Command(command) = &item.what else { continue };
        let number = command.args.iter().find_map(|arg| arg.strip_prefix("gathered-"));
        if let Some(number) = number {
            *told.entry(number.parse().unwrap()).or_default() += item.count;
        }
    }
    told
}

/// Counts the connections to an address that each run of the agent told of.
fn connections(lines: &[Line], to: SocketAddr) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    for (run, item) in items(lines) {
        let What::Connection(one) = &item.what else { continue };
        let is_it =
            one.remote.is_some_and(|end| (end.address, end.port) == (to.ip(), Some(to.port())));
        if is_it && one.direction == Direction::Out {
            *told.entry(run).or_default() += item.count;
        }
    }
    told
}

/// A run of the agent: its name, what its first status says, and when it ended.
struct Run<'l> {
    name: String,
    sensor: &'l SensorStatus,
}

impl Run<'_> {
    fn since(&self) -> Time {
        self.sensor.watching_since.unwrap()
    }

    /// When commands may be missing because the run before was killed.
    fn commands_missing(&self) -> Span {
        (self.sensor.activity_missing_since.unwrap_or(Time(0)), self.since())
    }

    /// When connections that were counted may be.
    fn connections_missing(&self) -> Span {
        (self.sensor.connections_missing_since.unwrap_or(Time(0)), self.since())
    }
}

/// Returns the runs of the agent, the first first.
fn runs(lines: &[Line]) -> Vec<Run<'_>> {
    let begun = |line| match line {
        &Line {
            entry: Entry::Status(SourceStatus { sensor: Some(ref sensor), .. }),
            from: Some(ref from),
            ..
        } if sensor.sequence == 1 => {
            let name = from.stream.split('-').next().unwrap().to_owned();
            Some(Run { name, sensor })
        }
        _ => None,
    };
    let mut runs: Vec<Run<'_>> = lines.iter().filter_map(begun).collect();
    runs.sort_by_key(Run::since);
    runs
}

fn overlap((before, after): &Span, (since, until): &Span) -> bool {
    after >= since && before <= until
}

/// Waits until the trail tells of one of the commands from `since` on.
fn until_told(place: &Place, since: usize) {
    let end = Instant::now() + WAIT;
    while commands(&place.trail()).range(since..).next().is_none() {
        assert!(Instant::now() < end, "no command from {since} on was told");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What was done while agents were killed, and when they were.
struct Done {
    commands: Vec<Span>,
    connections: Vec<Span>,
    kills: Vec<Time>,
}

/// Does things while agents are killed: some soon after they began, one that has told of some. The
/// last one is stopped when nothing is done any more. Nothing where none can watch.
fn kill_while_things_are_done(place: &Place, listener: &TcpListener) -> Option<Done> {
    let (stop, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let to = listener.local_addr().unwrap();
    let random = |below: u64| RandomState::new().build_hasher().finish() % below;
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            again_and_again(&stop, |number| {
                begun.store(number, Ordering::Relaxed);
                run(number);
            })
        });
        let connecting = scope.spawn(|| {
            again_and_again(&stop, |_| {
                let _ends = (TcpStream::connect(to).unwrap(), listener.accept().unwrap());
            })
        });
        let ending = Ending(&stop);
        let mut kills = Vec::new();
        for life in 0..=SHORT_LIVES {
            let Ok(agent) = place.watch(&mut sockeye(&[])) else { break };
            if life == SHORT_LIVES {
                until_told(place, begun.load(Ordering::Relaxed) + 1);
            }
            std::thread::sleep(Duration::from_millis(random(LIFE_MS)));
            agent.kill();
            kills.push(now());
        }
        let last = (!kills.is_empty()).then(|| place.watch(&mut sockeye(&[])).unwrap());
        if last.is_some() {
            std::thread::sleep(Duration::from_millis(LIFE_MS));
        }
        drop(ending);
        let (commands, connections) = (running.join().unwrap(), connecting.join().unwrap());
        last?.stop();
        Some(Done { commands, connections, kills })
    })
}

/// Fails if a command was told twice, or is missing outside the gaps that are told for commands;
/// returns how many lie within them.
fn check_commands(lines: &[Line], done: &Done) -> usize {
    let (told, runs) = (commands(lines), runs(lines));
    assert!(told.values().all(|count| *count == 1), "{told:?}");
    let mut lost = 0;
    for (number, span) in done.commands.iter().enumerate() {
        if !told.contains_key(&number) {
            lost += 1;
            let gaps: Vec<Span> = runs.iter().map(Run::commands_missing).collect();
            let within = gaps.iter().any(|gap| overlap(span, gap));
            assert!(within, "command {number} of {span:?} is in no gap of {gaps:?}");
        }
    }
    lost
}

/// Fails if a run told of more connections than there were while it ran, or of fewer than there
/// were outside the gap that the next one tells of; returns how many each told of.
fn check_connections(lines: &[Line], done: &Done, to: SocketAddr) -> Vec<u64> {
    let (mut told, runs) = (connections(lines, to), runs(lines));
    let mut counts = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let next = runs.get(at + 1);
        let count = told.remove(&run.name).unwrap_or(0);
        let killed_before = done.kills.iter().rev().find(|kill| **kill < run.since());
        let killed = done.kills.iter().find(|kill| **kill >= run.since());
        let possible = |span: &&Span| {
            killed_before.is_none_or(|kill| span.1 >= *kill)
                && killed.is_none_or(|kill| span.0 <= *kill)
        };
        let certain = |span: &&Span| {
            let missing = |next: &Run<'_>| {
                // The first one between two ends is told with the commands.
                overlap(span, &next.connections_missing())
                    || overlap(span, &next.commands_missing())
            };
            span.0 >= run.since() && possible(span) && !next.is_some_and(missing)
        };
        let least = done.connections.iter().filter(certain).count() as u64;
        let most = done.connections.iter().filter(possible).count() as u64;
        assert!((least..=most).contains(&count), "run {at}: {least} <= {count} <= {most}");
        counts.push(count);
    }
    assert!(told.is_empty(), "of runs that never began: {told:?}");
    counts
}

#[test]
fn what_a_killed_agent_had_gathered_lies_within_the_gaps_of_its_kind() {
    let place = Place::new();
    let server = place.serve();
    place.join("n1");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let Some(done) = kill_while_things_are_done(&place, &listener) else {
        return skip("no agent could watch");
    };
    // Whatever the last one could not ship before it ended, the next one does.
    let agent = place.watch(&mut sockeye(&[])).unwrap();
    until_told(&place, done.commands.len() - 1);
    let end_of_wait = Instant::now() + WAIT;
    // Only a run that was stopped tells of more than the first.
    while connections(&place.trail(), to).values().all(|count| *count == 1) {
        assert!(Instant::now() < end_of_wait, "counts of connections were not told");
        std::thread::sleep(Duration::from_millis(100));
    }
    agent.stop();
    let lines = place.trail();
    check_numbers(&lines);
    let lost = check_commands(&lines, &done);
    let counts = check_connections(&lines, &done, to);
    let gaps = told_seconds(&lines);
    let _ = writeln!(
        std::io::stderr(),
        "{} kills: {lost} of {} commands within the gaps told for them; of {} connections \
         {counts:?} told by run; seconds without watch, commands, connections: {gaps:?}",
        done.kills.len(),
        done.commands.len(),
        done.connections.len(),
    );
    for run in runs(&lines) {
        // What is gathered is missing for as long as nothing is watched, or longer.
        let sensor = run.sensor;
        assert!(sensor.activity_missing_since <= sensor.silent_since, "{sensor:?}");
        assert!(sensor.connections_missing_since <= sensor.silent_since, "{sensor:?}");
    }
    for kill in &done.kills {
        let told = runs(&lines).iter().any(|run| {
            let (since, until) = run.connections_missing();
            since <= *kill && *kill <= until
        });
        assert!(told, "nobody tells that one was killed at {kill}");
    }
    end(server);
}

/// Returns how long each gap is: of the watch, of commands, of counts of connections.
fn told_seconds(lines: &[Line]) -> Vec<[i64; 3]> {
    let of_run = |run: &Run<'_>| {
        let long =
            |since: Option<Time>| (run.since().0 - since.unwrap_or(run.since()).0) / Time::SECOND;
        let sensor = run.sensor;
        [sensor.silent_since, sensor.activity_missing_since, sensor.connections_missing_since]
            .map(long)
    };
    runs(lines).iter().map(of_run).collect()
}
