//! Judges system calls as a sensor tells of them.

use event::Time;
use finding::{Alert, Reliability};
use rule::Matching;
use rule::source::Source;
use source::envelope::Envelope;
use syscall::record::Record;
use syscall::{Event, Syscall, Tables};

use crate::activity::Activities;
use crate::detector::Detector;
use crate::summary::{Counts, Summary};

/// A stream of system calls under way.
#[derive(Debug)]
pub struct Live {
    detector: Detector,
    tables: Tables,
    activities: Option<Activities>,
    matching: Matching,
    host: String,
    number: u64,
    first: Option<Time>,
    /// Time of the newest record, on its own clock.
    newest: u64,
    counts: Counts,
    summary: Summary,
}

impl Live {
    /// Returns a stream that nothing was seen of yet.
    pub fn new(detector: Detector, tables: Tables, matching: Matching, host: String) -> Live {
        Live {
            detector,
            tables,
            activities: None,
            matching,
            host,
            number: 0,
            first: None,
            newest: 0,
            counts: Counts::default(),
            summary: Summary::default(),
        }
    }

    /// Derives activity as well: what happened without any rule. [`crate::Wanted::need_activity`]
    /// asks for the records that it takes.
    pub fn with_activities(self, activities: Activities) -> Live {
        Live { activities: Some(activities), ..self }
    }

    /// Returns the activity that is not told yet.
    pub fn activities(&mut self) -> Option<&mut Activities> {
        self.activities.as_mut()
    }

    /// Returns the tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Returns the tables, to be changed.
    pub fn tables_mut(&mut self) -> &mut Tables {
        &mut self.tables
    }

    /// Returns what was seen; `seconds` and `sensed` are the caller's to set.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.sources.insert(Syscall::DOC.name.to_owned(), self.counts);
        summary
    }

    /// Returns when the newest record happened.
    pub fn newest(&self) -> Option<Time> {
        (self.newest > 0).then(|| self.tables.time(self.newest))
    }

    /// Puts other rules in force.
    pub fn exchange(&mut self, detector: Detector) {
        self.detector = detector;
    }

    /// Counts on from where another stream ended.
    pub fn go_on_from(&mut self, other: &mut Live) {
        self.activities = other.activities.take();
        self.number = other.number;
        self.first = other.first;
        self.counts = other.counts;
        self.summary = other.summary.clone();
    }

    /// Takes in what a record tells of processes, and judges nothing.
    pub fn learn(&mut self, record: &Record<'_>) {
        self.tables.before(record);
        self.tables.after(record);
    }

    /// Takes in a record in every way but one: no rule judges it.
    pub fn pass(&mut self, record: &Record<'_>) {
        self.begin(record);
        self.first = self.first.or(Some(self.tables.time(record.time())));
        self.tables.after(record);
    }

    /// Judges a record and shows its alerts. `doubt` is why something may have been missed; `now`
    /// goes into the ids of alerts.
    pub fn take(
        &mut self,
        record: &Record<'_>,
        doubt: Option<&str>,
        now: Time,
        mut see: impl FnMut(Alert),
    ) {
        self.judge(record, doubt, now, |_, alerts| alerts.into_iter().for_each(&mut see));
    }

    /// Does the same, and shows a record that raised alerts together with them.
    pub fn judge(
        &mut self,
        record: &Record<'_>,
        doubt: Option<&str>,
        now: Time,
        see: impl FnOnce(&mut Event<'_>, Vec<Alert>),
    ) {
        self.begin(record);
        let envelope = Envelope { number: self.number, first: self.first, host: &self.host };
        let mut event = Event::new(*record, &self.tables, envelope);
        self.first = self.first.or(Some(event.time()));
        let mut alerts = self.detector.judge_call(&mut event, self.matching, &self.host, now);
        if !alerts.is_empty() {
            let doubts: Vec<&str> = [event.doubt(), doubt].into_iter().flatten().collect();
            for alert in &mut alerts {
                if !doubts.is_empty() {
                    alert.reliability = Reliability::Degraded(doubts.join("; "));
                }
                self.counts.alerts += 1;
                self.summary.alert(alert);
            }
            see(&mut event, alerts);
        }
        self.tables.after(record);
    }

    /// Counts a record, and takes in all that is to be known before it is judged.
    fn begin(&mut self, record: &Record<'_>) {
        self.number += 1;
        self.counts.read += 1;
        self.summary.bytes += record.bytes().len() as u64;
        self.newest = self.newest.max(record.time());
        self.tables.before(record);
        if let Some(activities) = &mut self.activities {
            activities.take(record, &self.tables);
        }
    }
}
