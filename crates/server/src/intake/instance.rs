//! One instance of a source, and what it did since the minute began.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use control::evidence::{Canary, SourceStatus};
use event::Time;
use finding::Alert;

use crate::canary::Planted;

/// What an instance did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in `SourceStatus`")]
pub struct Counts {
    pub records: u64,
    pub rejected: u64,
    pub duplicates: u64,
    pub lost: u64,
    pub bytes: u64,
    pub alerts: u64,
    pub newest: Option<Time>,
}

/// An instance of a source: a listener or a file.
#[derive(Debug)]
pub struct Instance {
    source: &'static str,
    name: String,
    minute: Mutex<Minute>,
    /// The canary that is on its way.
    planted: Mutex<Option<Planted>>,
    /// Whether there is one: most events need look no further.
    is_planted: AtomicBool,
}

#[derive(Debug)]
struct Minute {
    counts: Counts,
    /// From when this instance was able to receive without a break.
    able_since: Option<Time>,
    /// Why it was not, if it was not at any time of the minute.
    reason: Option<String>,
    /// Rejected records of this minute that were kept with their reason.
    cited: u32,
}

/// Rejected records that one instance may put into the trail in a minute; more are only counted.
pub const REJECTED_LEN_MAX: u32 = 600;
/// How much later than the minute's start an instance may be there and still count as whole.
const LATE_MAX: i64 = Time::SECOND;

impl Instance {
    /// Makes an instance that is able to receive from `now`.
    pub fn new(source: &'static str, name: impl Into<String>, now: Time) -> Instance {
        let minute = Minute {
            counts: Counts::default(),
            able_since: Some(now),
            reason: Some(format!("started at {}", seconds(now))),
            cited: 0,
        };
        Instance {
            source,
            name: name.into(),
            minute: Mutex::new(minute),
            planted: Mutex::default(),
            is_planted: AtomicBool::new(false),
        }
    }

    /// Notes that a canary is on its way here.
    pub fn plant(&self, planted: Planted) {
        *self.planted.lock().unwrap_or_else(PoisonError::into_inner) = Some(planted);
        self.is_planted.store(true, Ordering::Release);
    }

    /// Takes back what is on its way still.
    pub fn lift(&self) -> Option<Planted> {
        self.is_planted.store(false, Ordering::Release);
        self.planted.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells whether an event is the canary, and what it showed by these alerts, if anything. What
    /// has shown nothing stays on its way.
    pub fn canary(&self, id: &str, alerts: &[Alert]) -> Option<Option<Canary>> {
        if !self.is_planted.load(Ordering::Acquire) {
            return None;
        }
        let mut planted = self.planted.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = planted.as_ref().filter(|planted| planted.is(id))?.seen(alerts);
        if seen.is_some() {
            *planted = None;
        }
        Some(seen)
    }

    /// Name of the source.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Which instance, `webhook` or `file:…`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds to the running minute.
    pub fn count(&self, counts: &Counts) {
        let mut minute = self.lock();
        let sum = &mut minute.counts;
        sum.records += counts.records;
        sum.rejected += counts.rejected;
        sum.duplicates += counts.duplicates;
        sum.lost += counts.lost;
        sum.bytes += counts.bytes;
        sum.alerts += counts.alerts;
        sum.newest = sum.newest.max(counts.newest);
    }

    /// Tells whether one more rejected record may be kept this minute, and counts it.
    pub fn cite(&self) -> bool {
        let mut minute = self.lock();
        minute.cited += 1;
        minute.cited <= REJECTED_LEN_MAX
    }

    /// Notes that nothing can be received, and why.
    pub fn unable(&self, reason: &str) {
        let mut minute = self.lock();
        minute.able_since = None;
        minute.reason = Some(reason.to_owned());
    }

    /// Notes that records can be received.
    pub fn able(&self, now: Time) {
        let mut minute = self.lock();
        minute.able_since.get_or_insert(now);
    }

    /// Ends the minute that began at `start`, at `now`, and begins the next one.
    pub fn end_minute(&self, start: Time, now: Time, rules: &str) -> SourceStatus {
        let mut minute = self.lock();
        let end = start.plus(Time::MINUTE);
        let whole = minute.able_since.is_some_and(|since| since <= start.plus(LATE_MAX));
        // Called before the minute's end only when the server stops.
        let connected = whole && now >= end;
        let reason = match (minute.reason.take(), connected) {
            (None, false) if now < end => Some(format!("stopped at {}", seconds(now))),
            (None, false) => Some("not able to receive for the whole minute".to_owned()),
            (reason, _) => reason,
        };
        let counts = std::mem::take(&mut minute.counts);
        // Later minutes say again what the newest event was.
        minute.counts.newest = counts.newest;
        minute.cited = 0;
        if minute.able_since.is_none() {
            minute.reason.clone_from(&reason);
        }
        SourceStatus {
            source: self.source.to_owned(),
            instance: self.name.clone(),
            minute: start,
            records: counts.records,
            rejected: counts.rejected,
            duplicates: counts.duplicates,
            lost: counts.lost,
            bytes: counts.bytes,
            alerts: counts.alerts,
            newest: counts.newest,
            connected,
            rules: rules.to_owned(),
            reason,
            sensor: None,
        }
    }

    /// Returns how many records came since the minute began.
    pub fn records_in_minute(&self) -> u64 {
        self.lock().counts.records
    }

    /// Returns why nothing can be received, if nothing can.
    pub fn down(&self) -> Option<String> {
        let minute = self.lock();
        match minute.able_since {
            Some(_) => None,
            None => Some(minute.reason.clone().unwrap_or_default()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    fn check(instance: &Instance, minute: i64, now: i64, expected: expect_test::Expect) {
        let status = instance.end_minute(at(minute), at(now), "ab");
        let reason = status.reason.unwrap_or_default();
        expected.assert_eq(&format!("{} {} {reason}", status.connected, status.records));
    }

    #[test]
    fn the_first_minute_is_whole_only_if_the_server_was_there_from_its_start() {
        let instance = Instance::new("k8s_audit", "webhook", at(20));
        check(&instance, 0, 60, expect_test::expect!["false 0 started at 2027-01-15T08:00:20Z"]);
        check(&instance, 60, 120, expect_test::expect!["true 0 "]);
    }

    #[test]
    fn a_break_spoils_its_minutes_and_no_others() {
        let instance = Instance::new("k8s_audit", "file:a", at(0));
        instance.end_minute(at(0), at(60), "ab");
        instance.unable("no such file");
        check(&instance, 60, 120, expect_test::expect!["false 0 no such file"]);
        instance.able(at(150));
        instance.count(&Counts { records: 3, ..Counts::default() });
        check(&instance, 120, 180, expect_test::expect!["false 3 no such file"]);
        check(&instance, 180, 240, expect_test::expect!["true 0 "]);
    }

    #[test]
    fn a_minute_cut_short_by_the_end_of_the_server_is_not_whole() {
        let instance = Instance::new("k8s_audit", "webhook", at(-1));
        check(&instance, 0, 30, expect_test::expect!["false 0 started at 2027-01-15T07:59:59Z"]);
        check(&instance, 60, 90, expect_test::expect!["false 0 stopped at 2027-01-15T08:01:30Z"]);
    }
}
