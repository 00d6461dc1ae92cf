//! From a piece of a delivery to the draft of an entry: judged and kept, or refused and cited.

use std::sync::Arc;

use control::evidence::{Entry, Event, Rejected};
use data_encoding::HEXLOWER;
use detect::Detector;
use event::Time;
use finding::Reliability;
use source::k8s_audit::{EXCERPT_BYTES_MAX, Piece, Reject};
use store::Draft;

use super::{Counts, Instance};
use crate::rules::RuleSet;

/// Nanoseconds by which an event's clock may be ahead of ours and still be believed.
pub const AHEAD_MAX: i64 = 5 * Time::MINUTE;
/// Reasons of rejection told to the sender.
pub const REASONS_LEN_MAX: usize = 10;

/// Where judging takes place.
#[derive(Clone, Debug)]
pub struct Place {
    /// This host.
    pub hostname: Arc<str>,
    /// The cluster that the events come from.
    pub cluster: Option<Arc<str>>,
}

/// Judges the pieces of one delivery.
#[derive(Debug)]
pub struct Judge {
    rules: Arc<RuleSet>,
    /// There until the judge is dropped, which lets it rest.
    detector: Option<Detector>,
    place: Place,
    instance: Arc<Instance>,
    /// Refused records of which only the count is kept, because there were too many.
    pub uncited: u64,
    /// Why records were refused, the first ones.
    pub reasons: Vec<String>,
    /// Rejected records that the trail knows: a follower that reads again leaves them out.
    pub known_rejects: Vec<String>,
}

impl Judge {
    /// Takes a detector of these rules.
    pub fn new(rules: Arc<RuleSet>, place: Place, instance: Arc<Instance>) -> Judge {
        let detector = Some(rules.detector());
        Judge {
            rules,
            detector,
            place,
            instance,
            uncited: 0,
            reasons: Vec::new(),
            known_rejects: Vec::new(),
        }
    }

    /// Judges a piece received at `received`: adds to `counts`, and returns what is to be kept.
    pub fn take(&mut self, piece: Piece<'_>, received: Time, counts: &mut Counts) -> Option<Draft> {
        match piece {
            Piece::Event(bytes) => match self.event(bytes, received, counts) {
                Ok(draft) => draft,
                Err(reject) => self.reject(&reject, received, counts),
            },
            Piece::Rejected(reject) => self.reject(&reject, received, counts),
        }
    }

    fn event(
        &mut self,
        bytes: &[u8],
        received: Time,
        counts: &mut Counts,
    ) -> Result<Option<Draft>, Reject> {
        let detector = self.detector.get_or_insert_with(|| self.rules.detector());
        let source = self.instance.source();
        let judged = detector.judge(source, bytes, &self.place.hostname, received);
        let mut judged = judged.map_err(|refused| match refused {
            detect::Refused::Record(reason) => Reject::of(bytes, reason),
            detect::Refused::Source(_) => Reject::of(bytes, source::k8s_audit::Reason::NotAnEvent),
        })?;
        let ahead = judged.time.0.saturating_sub(received.0);
        for alert in &mut judged.alerts {
            Arc::make_mut(&mut alert.subject).cluster =
                self.place.cluster.as_deref().map(str::to_owned);
            if ahead > AHEAD_MAX {
                let seconds = ahead / Time::SECOND;
                alert.reliability =
                    Reliability::Degraded(format!("event clock ahead by {seconds} s"));
            }
        }
        if let Some(seen) = self.instance.canary(&judged.id, &judged.alerts) {
            return Ok(seen.map(|canary| Draft::new(Entry::Canary(canary))));
        }
        counts.records += 1;
        counts.alerts += judged.alerts.len() as u64;
        if ahead <= AHEAD_MAX {
            counts.newest = counts.newest.max(Some(judged.time));
        }
        let event = Event {
            source: source.to_owned(),
            time: judged.time,
            received,
            id: judged.id,
            alerts: judged.alerts,
            raw: (),
        };
        Ok(Some(Draft::event(event, bytes)))
    }

    fn reject(&mut self, reject: &Reject, received: Time, counts: &mut Counts) -> Option<Draft> {
        let sha256 = HEXLOWER.encode(&reject.sha256);
        if let Some(known) = self.known_rejects.iter().position(|known| *known == sha256) {
            self.known_rejects.swap_remove(known);
            return None;
        }
        counts.records += 1;
        counts.rejected += 1;
        let reason = reject.reason.to_string();
        if self.reasons.len() < REASONS_LEN_MAX {
            self.reasons.push(reason.clone());
        }
        if !self.instance.cite() {
            self.uncited += 1;
            return None;
        }
        let excerpt = &reject.excerpt[..reject.excerpt.len().min(EXCERPT_BYTES_MAX)];
        Some(Draft::new(Entry::Rejected(Rejected {
            source: self.instance.source().to_owned(),
            instance: Some(self.instance.name().to_owned()),
            received,
            reason,
            sha256,
            bytes: reject.bytes,
            excerpt: String::from_utf8_lossy(excerpt).into_owned(),
        })))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        if let Some(detector) = self.detector.take() {
            self.rules.rest(detector);
        }
    }
}
