//! Judges system calls as a sensor tells of them.

use event::Time;
use finding::{Alert, Reliability};
use rule::Matching;
use rule::source::Source;
use source::envelope::Envelope;
use syscall::record::Record;
use syscall::{Event, Syscall, Tables};

use crate::detector::Detector;
use crate::summary::{Counts, Summary};

/// A stream of system calls under way.
#[derive(Debug)]
pub struct Live {
    detector: Detector,
    tables: Tables,
    matching: Matching,
    host: String,
    number: u64,
    first: Option<Time>,
    counts: Counts,
    summary: Summary,
}

impl Live {
    /// Returns a stream that nothing was seen of yet.
    pub fn new(detector: Detector, tables: Tables, matching: Matching, host: String) -> Live {
        Live {
            detector,
            tables,
            matching,
            host,
            number: 0,
            first: None,
            counts: Counts::default(),
            summary: Summary::default(),
        }
    }

    /// Returns the tables.
    pub fn tables(&mut self) -> &mut Tables {
        &mut self.tables
    }

    /// Returns what was seen; `seconds` and `sensed` are the caller's to set.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.sources.insert(Syscall::DOC.name.to_owned(), self.counts);
        summary
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
        self.number += 1;
        self.counts.read += 1;
        self.summary.bytes += record.bytes().len() as u64;
        self.tables.before(record);
        let envelope = Envelope { number: self.number, first: self.first, host: &self.host };
        let mut event = Event::new(*record, &self.tables, envelope);
        self.first = self.first.or(Some(event.time()));
        let alerts = self.detector.judge_call(&mut event, self.matching, &self.host, now);
        let doubts: Vec<&str> = [event.doubt(), doubt].into_iter().flatten().collect();
        for mut alert in alerts {
            if !doubts.is_empty() {
                alert.reliability = Reliability::Degraded(doubts.join("; "));
            }
            self.counts.alerts += 1;
            self.summary.alert(&alert);
            see(alert);
        }
        self.tables.after(record);
    }
}
