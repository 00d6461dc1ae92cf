//! From a status a minute to spans: what one source instance did in a period.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Period, Time};

use super::{Down, Hour, Judging, Loss, Missing, SourceFacts, Totals};
use crate::evidence::{Hole, SourceStatus};
use crate::spans::Spans;

/// An hour in nanoseconds.
const HOUR: i64 = 60 * Time::MINUTE;
/// Different things that one instance may say it cannot see; more are left out.
const UNSEEN_COUNT_MAX: usize = 16;

/// Gathers the statuses of every source instance, in any order.
#[derive(Debug)]
pub struct Watch {
    period: Period,
    instances: BTreeMap<(String, String), Instance>,
    /// Holes, also of instances that are not known yet.
    missing: BTreeMap<(String, String), Vec<Missing>>,
}

#[derive(Debug)]
struct Instance {
    first: Time,
    retired: Option<Time>,
    minutes: Vec<Minute>,
    hashes: Vec<String>,
    hash_places: HashMap<String, usize>,
    reasons: BTreeMap<Time, String>,
    losses: Vec<Loss>,
    unseen: BTreeSet<String>,
    hours: BTreeMap<Time, Totals>,
}

/// A minute of the period: 24 bytes, because a year has 525,600 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Minute {
    start: Time,
    connected: bool,
    hash: u32,
}

impl Watch {
    /// Starts to gather for a period.
    pub fn new(period: Period) -> Watch {
        Watch { period, instances: BTreeMap::new(), missing: BTreeMap::new() }
    }

    /// Takes in a status. Statuses from before the period tell that the instance exists; later
    /// ones are ignored.
    pub fn see(&mut self, status: &SourceStatus) {
        if status.minute >= self.period.until {
            return;
        }
        let from = self.period.from;
        let instance = self.instance(&status.source, &status.instance, status.minute);
        instance.first = instance.first.min(status.minute);
        // A source that reports again is in service again.
        instance.retired = instance.retired.filter(|retired| *retired > status.minute);
        if status.minute.plus(Time::MINUTE) > from {
            instance.take(status);
        }
    }

    /// Takes in that an instance existed before, though no status of it is at hand.
    pub fn known(&mut self, source: &str, instance: &str, first: Time) {
        let known = self.instance(source, instance, first);
        known.first = known.first.min(first);
    }

    /// Takes in that a named act took an instance out of service; from then on it owes no status.
    pub fn retire(&mut self, source: &str, instance: &str, time: Time) {
        if let Some(known) = self.instances.get_mut(&(source.to_owned(), instance.to_owned())) {
            known.retired = Some(time);
        }
    }

    /// Tells whether a hole bears on the period.
    pub fn concerns(&self, hole: &Hole) -> bool {
        hole.period().overlap(&self.period).is_some()
    }

    /// Takes in that entries of an instance never came, as the trail says at `position`.
    pub fn miss(&mut self, hole: &Hole, position: &str) {
        let key = (hole.source.clone(), hole.instance.clone());
        self.missing.entry(key).or_default().push(Missing {
            period: hole.period(),
            stream: hole.stream.clone(),
            first: hole.first,
            last: hole.last,
            position: position.to_owned(),
        });
    }

    /// Returns what was gathered, by source and instance.
    pub fn finish(mut self) -> Vec<SourceFacts> {
        let period = self.period;
        let instances = self.instances.into_iter().map(|(key, instance)| {
            let missing = self.missing.remove(&key).unwrap_or_default();
            let missing = instance.missed(missing, period);
            SourceFacts { missing, ..instance.finish(key.0, key.1, period) }
        });
        instances.collect()
    }

    fn instance(&mut self, source: &str, instance: &str, first: Time) -> &mut Instance {
        let key = (source.to_owned(), instance.to_owned());
        self.instances.entry(key).or_insert_with(|| Instance {
            first,
            retired: None,
            minutes: Vec::new(),
            hashes: Vec::new(),
            hash_places: HashMap::new(),
            reasons: BTreeMap::new(),
            losses: Vec::new(),
            unseen: BTreeSet::new(),
            hours: BTreeMap::new(),
        })
    }
}

/// Splits the object of a `source_retired` act, `source/instance`.
pub fn retired_object(object: &str) -> Option<(&str, &str)> {
    object.split_once('/')
}

impl Totals {
    fn add(&mut self, more: &Totals) {
        self.minutes = self.minutes.saturating_add(more.minutes);
        self.records = self.records.saturating_add(more.records);
        self.rejected = self.rejected.saturating_add(more.rejected);
        self.duplicates = self.duplicates.saturating_add(more.duplicates);
        self.lost = self.lost.saturating_add(more.lost);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.alerts = self.alerts.saturating_add(more.alerts);
    }
}

impl Instance {
    fn take(&mut self, status: &SourceStatus) {
        let next = self.hashes.len();
        let hash = *self.hash_places.entry(status.rules.clone()).or_insert(next);
        if hash == next {
            self.hashes.push(status.rules.clone());
        }
        self.minutes.push(Minute {
            start: status.minute,
            connected: status.connected,
            hash: u32::try_from(hash).unwrap_or(u32::MAX),
        });
        if !status.connected {
            let reason = status.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
            self.reasons.insert(status.minute, reason);
        }
        if status.lost > 0 || status.rejected > 0 {
            self.losses.push(Loss {
                minute: status.minute,
                records: status.records,
                lost: status.lost,
                rejected: status.rejected,
            });
        }
        for blind in status.sensor.iter().flat_map(|sensor| &sensor.blind) {
            if self.unseen.len() < UNSEEN_COUNT_MAX && !self.unseen.contains(blind) {
                self.unseen.insert(blind.clone());
            }
        }
        let hour = Time(status.minute.0 - status.minute.0.rem_euclid(HOUR));
        self.hours.entry(hour).or_default().add(&Totals {
            minutes: 0,
            records: status.records,
            rejected: status.rejected,
            duplicates: status.duplicates,
            lost: status.lost,
            bytes: status.bytes,
            alerts: status.alerts,
        });
    }

    /// Returns which entries of it are missing in the period: none from before it first reported.
    fn missed(&self, missing: Vec<Missing>, period: Period) -> Vec<Missing> {
        let there = Period { from: period.from.max(self.first), until: period.until };
        let within = missing.into_iter().filter_map(|one| {
            let period = one.period.overlap(&there)?;
            Some(Missing { period, ..one })
        });
        let mut missing: Vec<Missing> = within.collect();
        missing.sort();
        missing
    }

    fn finish(mut self, source: String, instance: String, period: Period) -> SourceFacts {
        // Two statuses of one minute (a restart within it): connected only if both say so.
        self.minutes.sort_unstable();
        self.minutes.dedup_by_key(|minute| minute.start);
        for minute in &self.minutes {
            let hour = Time(minute.start.0 - minute.start.0.rem_euclid(HOUR));
            self.hours.entry(hour).or_default().minutes += 1;
        }
        let mut totals = Totals::default();
        self.hours.values().for_each(|hour| totals.add(hour));
        let within = |minute: &Minute| {
            Period { from: minute.start, until: minute.start.plus(Time::MINUTE) }.overlap(&period)
        };
        let connected = self.minutes.iter().filter(|minute| minute.connected);
        let healthy = Spans::of(connected.filter_map(within));
        let mut down: Vec<Down> = Vec::new();
        let mut rules: Vec<Judging> = Vec::new();
        for minute in &self.minutes {
            let Some(span) = within(minute) else { continue };
            let hash = self.hashes.get(minute.hash as usize).map_or("", String::as_str);
            match rules.last_mut() {
                Some(last) if last.hash == hash && last.period.until == span.from => {
                    last.period.until = span.until;
                }
                _ => rules.push(Judging { period: span, hash: hash.to_owned() }),
            }
            if minute.connected {
                continue;
            }
            let reason = self.reasons.get(&minute.start).map_or("", String::as_str);
            match down.last_mut() {
                Some(last) if last.reason == reason && last.period.until == span.from => {
                    last.period.until = span.until;
                }
                _ => down.push(Down { period: span, reason: reason.to_owned() }),
            }
        }
        let (first, retired) = (self.first, self.retired);
        let hours = self.hours.into_iter().map(|(start, totals)| Hour { start, totals }).collect();
        let mut losses = self.losses;
        losses.sort_by_key(|loss| loss.minute);
        SourceFacts {
            source,
            instance,
            first,
            retired,
            healthy,
            down,
            losses,
            missing: Vec::new(),
            unseen: self.unseen,
            rules,
            hours,
            totals,
        }
    }
}
