//! Reads whole inputs through a detector. One chunk is held at a time, whatever the input's size.

use std::io;

use event::Time;
use finding::Alert;
use rule::Matching;
use rule::source::Source;
use source::envelope::Envelope;
use source::input::Lines;
use source::k8s_audit::{K8sAudit, Layout, Piece, Reject, Splitter};

use crate::detector::Detector;
use crate::summary::{Counts, Summary};

/// What a replay tells of while it reads.
#[derive(Debug)]
pub enum Seen<'s> {
    /// A rule matched.
    Alert(Alert),
    /// Something could not be taken.
    Rejected(&'s Reject),
    /// This many more bytes of the input were read.
    Bytes(u64),
}

/// A replay of recorded audit events.
#[derive(Debug)]
pub struct Replay {
    detector: Detector,
    matching: Matching,
    host: String,
    now: Time,
    number: u64,
    first: Option<Time>,
    counts: Counts,
    summary: Summary,
}

impl Replay {
    /// Returns a replay that has read nothing. `now` goes into the ids of alerts.
    pub fn new(detector: Detector, matching: Matching, host: String, now: Time) -> Replay {
        Replay {
            detector,
            matching,
            host,
            now,
            number: 0,
            first: None,
            counts: Counts::default(),
            summary: Summary::default(),
        }
    }

    /// Returns what was seen; `seconds` is the caller's to set.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.sources.insert(K8sAudit::DOC.name.to_owned(), self.counts);
        summary
    }

    /// Reads an input to its end. Tells of progress by bytes as they stand in the input.
    pub fn read(&mut self, mut input: Lines<'_>, mut see: impl FnMut(Seen<'_>)) -> io::Result<()> {
        let mut splitter = Splitter::new(Layout::Lines);
        loop {
            let step =
                input.step(|lines| splitter.feed(lines, |piece| self.take(piece, &mut see)))?;
            self.summary.bytes += step.content;
            see(Seen::Bytes(step.input));
            if step.content == 0 {
                break;
            }
        }
        splitter.finish(|piece| self.take(piece, &mut see));
        Ok(())
    }

    fn take(&mut self, piece: Piece<'_>, see: &mut impl FnMut(Seen<'_>)) {
        match piece {
            Piece::Event(bytes) => self.event(bytes, see),
            Piece::Rejected(reject) => self.reject(&reject, see),
        }
    }

    fn event(&mut self, bytes: &[u8], see: &mut impl FnMut(Seen<'_>)) {
        self.number += 1;
        let envelope = Envelope { number: self.number, first: self.first, host: &self.host };
        match self.detector.skim(bytes, envelope, self.matching, self.now) {
            Ok(None) => {
                self.counts.read += 1;
                self.counts.dismissed_unread += 1;
            }
            Ok(Some((time, alerts))) => {
                self.first = self.first.or(Some(time));
                self.counts.read += 1;
                for alert in alerts {
                    self.counts.alerts += 1;
                    self.summary.alert(&alert);
                    see(Seen::Alert(alert));
                }
            }
            Err(reason) => self.reject(&Reject::of(bytes, reason), see),
        }
    }

    fn reject(&mut self, reject: &Reject, see: &mut impl FnMut(Seen<'_>)) {
        self.counts.read += 1;
        self.counts.rejected += 1;
        self.summary.reject(&reject.reason.to_string());
        see(Seen::Rejected(reject));
    }
}
