//! What the watch did since the minute began, and the status that says so. A minute without one is
//! a gap.

use std::collections::BTreeMap;

use control::evidence::{SensorStatus, SourceStatus};
use detect::Sensed;
use event::Time;

use crate::alive::Reach;
use crate::ready::Kind;

/// Name of the source that a node watches.
pub const SOURCE: &str = "syscall";
/// How much later than the minute's start a watch may begin and still count as whole.
const LATE_MAX: i64 = Time::SECOND;
/// How late a minute may be told of and still be that minute. Beyond it the machine slept.
const SLEPT: i64 = 30 * Time::SECOND;

/// A minute under way.
#[derive(Debug)]
pub struct Minute {
    start: Time,
    able_since: Time,
    /// Why the minute does not count as watched, if it does not.
    reason: Option<String>,
    records: u64,
    alerts: u64,
    bytes: u64,
    /// What the sensor did in this minute.
    sensor: SensorStatus,
    /// Totals when they were looked at last.
    told: Totals,
}

/// Totals since the watch or its sensor started.
#[derive(Debug, Default)]
pub struct Totals {
    /// Records that were read.
    pub records: u64,
    /// Alerts of the events that were told.
    pub alerts: u64,
    /// Bytes of records.
    pub bytes: u64,
    /// What the sensor saw and lost.
    pub sensed: Sensed,
}

/// What every status of a run says alike.
#[derive(Debug)]
pub struct Run {
    /// Name of the node.
    pub node: String,
    /// Hash of the rules that judge.
    pub rules: String,
    /// What the sensor part begins with; its `sequence` is that of the last status.
    pub sensor: SensorStatus,
}

/// What is asked of others when a minute ends.
#[derive(Debug, Default)]
pub struct Beside {
    /// Newest event so far.
    pub newest: Option<Time>,
    /// Entries dropped in this minute.
    pub dropped: BTreeMap<Kind, u64>,
    /// By how much the clock is ahead of the server's.
    pub clock_offset_ns: Option<i64>,
}

impl Minute {
    /// Begins the first minute of a run that began to watch at `now`. `before` is how far the run
    /// before it is known to have reached.
    pub fn first(now: Time, before: Option<Reach>) -> Minute {
        let silent = before.map_or_else(String::new, told_of_silence);
        let reason = format!("started at {}{silent}", seconds(now));
        let sensor = SensorStatus {
            silent_since: before.map(|reach| reach.alerts),
            activity_missing_since: before.map(|reach| reach.acts),
            connections_missing_since: before.map(|reach| reach.sums),
            watching_since: Some(now),
            ..SensorStatus::default()
        };
        Minute {
            start: now.minute(),
            able_since: now,
            reason: Some(reason),
            records: 0,
            alerts: 0,
            bytes: 0,
            sensor,
            told: Totals::default(),
        }
    }

    /// Says that a run began, before its first minute is over: so the gap before it is told though
    /// it be killed at once. The hash of the program is not known yet.
    pub fn begun(&self, run: &mut Run) -> SourceStatus {
        run.sensor.sequence += 1;
        SourceStatus {
            source: SOURCE.to_owned(),
            instance: run.node.clone(),
            minute: self.start,
            records: 0,
            rejected: 0,
            duplicates: 0,
            lost: 0,
            bytes: 0,
            alerts: 0,
            newest: None,
            connected: false,
            rules: run.rules.clone(),
            reason: self.reason.clone(),
            sensor: Some(Box::new(SensorStatus {
                silent_since: self.sensor.silent_since,
                activity_missing_since: self.sensor.activity_missing_since,
                connections_missing_since: self.sensor.connections_missing_since,
                watching_since: self.sensor.watching_since,
                ..run.sensor.clone()
            })),
        }
    }

    /// Tells whether it is over for so long that it is told of, though not all of it may be read.
    pub fn is_overdue(&self, now: Time) -> bool {
        now >= self.start.plus(Time::MINUTE + LATE_MAX) || now < self.start
    }

    /// Tells whether the minute is over.
    pub fn is_over(&self, now: Time) -> bool {
        // A clock that was set back begins another minute, too.
        now >= self.start.plus(Time::MINUTE) || now < self.start
    }

    /// Adds what was done since the totals were looked at last.
    pub fn add(&mut self, totals: Totals) {
        let told = &self.told;
        let since = |now: u64, then: u64| now.saturating_sub(then);
        self.records += since(totals.records, told.records);
        self.alerts += since(totals.alerts, told.alerts);
        self.bytes += since(totals.bytes, told.bytes);
        let (sensor, sensed) = (&mut self.sensor, &totals.sensed);
        sensor.seen += since(sensed.seen, told.sensed.seen);
        sensor.filtered += since(sensed.filtered, told.sensed.filtered);
        sensor.own += since(sensed.own, told.sensed.own);
        add_new(&mut sensor.lost, &sensed.lost, &told.sensed.lost);
        add_new(&mut sensor.lost_calls, &sensed.lost_calls, &told.sensed.lost_calls);
        add_new(&mut sensor.evicted, &sensed.gaps, &told.sensed.gaps);
        self.told = totals;
    }

    /// Notes that another sensor counts from here on, from zero.
    pub fn begin_anew(&mut self) {
        self.told.sensed = Sensed::default();
    }

    /// Ends the minute at `now` and begins the next one.
    pub fn end(&mut self, now: Time, run: &mut Run, beside: Beside) -> SourceStatus {
        let end = self.start.plus(Time::MINUTE);
        if now > end.plus(SLEPT) {
            self.reason = Some("this machine was not running".to_owned());
            self.able_since = now;
        }
        let whole = self.able_since <= self.start.plus(LATE_MAX);
        // Called before the minute's end only when the watch stops, or the clock was set back.
        let connected = whole && now >= end;
        run.sensor.sequence += 1;
        let dropped = beside.dropped.iter().map(|(kind, count)| (kind.name().to_owned(), *count));
        let sums = std::mem::take(&mut self.sensor);
        let sensor = SensorStatus {
            dropped: dropped.collect(),
            clock_offset_ns: beside.clock_offset_ns,
            seen: sums.seen,
            filtered: sums.filtered,
            own: sums.own,
            lost: sums.lost,
            lost_calls: sums.lost_calls,
            evicted: sums.evicted,
            silent_since: sums.silent_since,
            activity_missing_since: sums.activity_missing_since,
            connections_missing_since: sums.connections_missing_since,
            watching_since: sums.watching_since,
            ..run.sensor.clone()
        };
        let lost = sensor.lost.values().chain(sensor.dropped.values()).sum();
        let reason = match self.reason.take() {
            None if !connected => Some(format!("stopped at {}", seconds(now))),
            None if lost > 0 => Some(told_of_loss(&sensor)),
            reason => reason,
        };
        self.start = now.minute();
        SourceStatus {
            source: SOURCE.to_owned(),
            instance: run.node.clone(),
            minute: end.plus(-Time::MINUTE),
            records: std::mem::take(&mut self.records),
            rejected: 0,
            duplicates: 0,
            lost,
            bytes: std::mem::take(&mut self.bytes),
            alerts: std::mem::take(&mut self.alerts),
            newest: beside.newest,
            connected,
            rules: run.rules.clone(),
            reason,
            sensor: Some(Box::new(sensor)),
        }
    }
}

/// Adds what totals grew by; what did not grow is left out.
fn add_new(
    sums: &mut BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
    then: &BTreeMap<String, u64>,
) {
    for (name, total) in now {
        let new = total.saturating_sub(then.get(name).copied().unwrap_or(0));
        if new > 0 {
            *sums.entry(name.clone()).or_default() += new;
        }
    }
}

/// Says what is missing of before a run, and since when; what reaches as far as the alerts is not
/// said again.
fn told_of_silence(before: Reach) -> String {
    let mut told = format!("; nothing was watched since {}", seconds(before.alerts));
    for (what, since) in [("activity", before.acts), ("counts of connections", before.sums)] {
        if seconds(since) < seconds(before.alerts) {
            told += &format!("; {what} may be missing since {}", seconds(since));
        }
    }
    told
}

fn told_of_loss(sensor: &SensorStatus) -> String {
    let causes = sensor.lost.iter().map(|(cause, count)| format!("{count} by {cause}"));
    let kinds = sensor.dropped.iter().map(|(kind, count)| format!("{count} entries ({kind})"));
    format!("lost: {}", causes.chain(kinds).collect::<Vec<_>>().join(", "))
}

fn seconds(time: Time) -> Time {
    Time(time.0 - time.0.rem_euclid(Time::SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_800_000_000 * Time::SECOND);

    fn at(second: i64) -> Time {
        START.plus(second * Time::SECOND)
    }

    fn run() -> Run {
        let sensor = SensorStatus { boot: "b".to_owned(), ..SensorStatus::default() };
        Run { node: "node-1".to_owned(), rules: "ab".to_owned(), sensor }
    }

    fn totals(records: u64, lost: u64) -> Totals {
        let lost = BTreeMap::from([("ring_full".to_owned(), lost)]);
        let sensed = Sensed { lost, ..Sensed::default() };
        Totals { records, alerts: 0, bytes: 100 * records, sensed }
    }

    fn check(minute: &mut Minute, run: &mut Run, now: i64, expected: expect_test::Expect) {
        let status = minute.end(at(now), run, Beside::default());
        let sensor = status.sensor.unwrap();
        expected.assert_eq(&format!(
            "{} {} {} records {} lost #{} {}",
            status.minute,
            status.connected,
            status.records,
            status.lost,
            sensor.sequence,
            status.reason.unwrap_or_default()
        ));
    }

    #[test]
    fn the_first_minute_tells_to_the_second_since_when_nothing_was_watched() {
        let mut minute = Minute::first(at(20), Some(Reach::of(at(-117))));
        let mut run = run();
        minute.add(totals(5, 0));
        check(
            &mut minute,
            &mut run,
            60,
            expect_test::expect![
                "2027-01-15T08:00:00Z false 5 records 0 lost #1 started at 2027-01-15T08:00:20Z; \
                 nothing was watched since 2027-01-15T07:58:03Z"
            ],
        );
        minute.add(totals(12, 0));
        check(
            &mut minute,
            &mut run,
            120,
            expect_test::expect!["2027-01-15T08:01:00Z true 7 records 0 lost #2 "],
        );
    }

    #[test]
    fn activity_that_was_gathered_and_not_told_is_missing_for_longer() {
        let reach = Reach { acts: at(-118), sums: at(-600), ..Reach::of(at(-117)) };
        let (minute, mut run) = (Minute::first(at(20), Some(reach)), run());
        let status = minute.begun(&mut run);
        let sensor = status.sensor.unwrap();
        assert_eq!(sensor.activity_missing_since, Some(at(-118)));
        assert_eq!(sensor.connections_missing_since, Some(at(-600)));
        let said = expect_test::expect![
            "started at 2027-01-15T08:00:20Z; nothing was watched since 2027-01-15T07:58:03Z; \
             activity may be missing since 2027-01-15T07:58:02Z; counts of connections may be \
             missing since 2027-01-15T07:50:00Z"
        ];
        said.assert_eq(&status.reason.unwrap());
    }

    #[test]
    fn what_was_lost_is_told_in_its_minute_by_cause() {
        let (mut minute, mut run) = (Minute::first(at(0), None), run());
        minute.end(at(60), &mut run, Beside::default());
        minute.add(totals(10, 3));
        let dropped = BTreeMap::from([(Kind::Activity, 2)]);
        let status = minute.end(at(120), &mut run, Beside { dropped, ..Beside::default() });
        assert_eq!((status.lost, status.connected), (5, true));
        let reason = status.reason.unwrap();
        assert_eq!(reason, "lost: 3 by ring_full, 2 entries (activity)");
        minute.add(totals(11, 3));
        let next = minute.end(at(180), &mut run, Beside::default());
        assert_eq!((next.records, next.lost, next.reason), (1, 0, None));
    }

    #[test]
    fn a_second_sensor_counts_from_zero() {
        let (mut minute, mut run) = (Minute::first(at(0), None), run());
        minute.add(totals(10, 3));
        minute.begin_anew();
        minute.add(totals(12, 1));
        let status = minute.end(at(60), &mut run, Beside::default());
        assert_eq!((status.records, status.lost), (12, 4));
    }

    #[test]
    fn a_minute_cut_short_or_slept_through_is_not_whole() {
        let (mut minute, mut run) = (Minute::first(at(0), None), run());
        minute.end(at(60), &mut run, Beside::default());
        check(
            &mut minute,
            &mut run,
            600,
            expect_test::expect![
                "2027-01-15T08:01:00Z false 0 records 0 lost #2 this machine was not running"
            ],
        );
        check(
            &mut minute,
            &mut run,
            630,
            expect_test::expect![
                "2027-01-15T08:10:00Z false 0 records 0 lost #3 stopped at 2027-01-15T08:10:30Z"
            ],
        );
    }
}
