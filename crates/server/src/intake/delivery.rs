//! One delivery: bytes of a request or of a file, cut into records as they come, judged, and handed
//! to the writer in parts. However long it is, only a few parts are held at any time.

use std::collections::VecDeque;
use std::sync::Arc;

use control::evidence::Entry;
use source::k8s_audit::{Layout, Splitter};
use store::Draft;

use super::judge::Judge;
use super::{Counts, Door, Instance, Kept, Place, Refusal, State};
use crate::clock::Clock;
use crate::rules::RuleSet;

/// Bytes of drafts that are handed over together.
const PART_BYTES: usize = 512 * 1024;
/// Parts of one delivery that may wait for the disk.
const PARTS_LEN_MAX: usize = 4;
/// Bytes that are cut and judged before the rest of the server gets a turn.
const STEP_BYTES: usize = 64 * 1024;

/// What became of a delivery. Everything counted here is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records kept.
    pub accepted: u64,
    /// Records dropped because they were kept before.
    pub duplicates: u64,
    /// Records refused.
    pub rejected: u64,
    /// Alerts raised by the records kept.
    pub alerts: u64,
    /// Why records were refused, the first ones.
    pub reasons: Vec<String>,
}

/// A delivery under way.
#[derive(Debug)]
pub struct Delivery {
    door: Door,
    instance: Arc<Instance>,
    clock: Clock,
    splitter: Splitter,
    judge: Judge,
    part: Part,
    waiting: VecDeque<(Kept, Sent)>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Part {
    drafts: Vec<Draft>,
    bytes: usize,
    counts: Counts,
}

/// What has to be known of a part once it is durable.
#[derive(Debug)]
struct Sent {
    counts: Counts,
    /// Alerts of each draft; none for one that is no event.
    alerts: Vec<Option<u32>>,
}

impl Delivery {
    /// Begins a delivery.
    pub fn new(
        door: Door,
        instance: Arc<Instance>,
        rules: Arc<RuleSet>,
        place: Place,
        layout: Layout,
        clock: Clock,
    ) -> Delivery {
        let judge = Judge::new(rules, place, instance.clone());
        Delivery {
            door,
            instance,
            clock,
            splitter: Splitter::new(layout),
            judge,
            part: Part::default(),
            waiting: VecDeque::new(),
            tally: Tally::default(),
        }
    }

    /// Leaves out records that were rejected and cited before, named by the SHA-256 of their bytes.
    pub fn leave_out_rejects(&mut self, known: Vec<String>) {
        self.judge.known_rejects = known;
    }

    /// Returns those of them that were not met yet.
    pub fn known_rejects(&self) -> Vec<String> {
        self.judge.known_rejects.clone()
    }

    /// Takes the next bytes. Waits while too much is on its way to the disk.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        for step in bytes.chunks(STEP_BYTES) {
            let received = self.clock.now();
            let (judge, part) = (&mut self.judge, &mut self.part);
            part.counts.bytes += step.len() as u64;
            self.splitter.feed(step, |piece| {
                let draft = judge.take(piece, received, &mut part.counts);
                part.bytes += draft.as_ref().map_or(0, Draft::len);
                part.drafts.extend(draft);
            });
            if self.part.bytes >= PART_BYTES {
                self.send().await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Ends the stream, waits until everything is durable, and tells what became of it.
    pub async fn finish(mut self) -> Result<Tally, Refusal> {
        self.settle_stream();
        self.durable().await?;
        self.tally.reasons = std::mem::take(&mut self.judge.reasons);
        Ok(std::mem::take(&mut self.tally))
    }

    /// Waits until everything that was cut so far is durable; the stream goes on.
    pub async fn durable(&mut self) -> Result<(), Refusal> {
        self.send().await?;
        while !self.waiting.is_empty() {
            self.settle().await?;
        }
        // Bytes, and rejected records too many to be cited, count without any draft.
        let rest = std::mem::take(&mut self.part.counts);
        self.count(rest, 0);
        Ok(())
    }

    /// Returns how many bytes are held for a record that has not ended yet.
    pub fn held(&self) -> usize {
        self.splitter.held()
    }

    fn settle_stream(&mut self) {
        let received = self.clock.now();
        let (judge, part) = (&mut self.judge, &mut self.part);
        self.splitter.finish(|piece| {
            let draft = judge.take(piece, received, &mut part.counts);
            part.bytes += draft.as_ref().map_or(0, Draft::len);
            part.drafts.extend(draft);
        });
    }

    async fn send(&mut self) -> Result<(), Refusal> {
        while self.waiting.len() >= PARTS_LEN_MAX {
            self.settle().await?;
        }
        if self.part.drafts.is_empty() {
            return Ok(());
        }
        let part = std::mem::take(&mut self.part);
        let alerts = part.drafts.iter().map(|draft| match draft.entry() {
            Entry::Event(event) => Some(u32::try_from(event.alerts.len()).unwrap_or(u32::MAX)),
            _ => None,
        });
        let sent = Sent { counts: part.counts, alerts: alerts.collect() };
        let kept = self.door.hand_over(part.drafts).await?;
        self.waiting.push_back((kept, sent));
        Ok(())
    }

    /// Waits for the oldest part on its way.
    async fn settle(&mut self) -> Result<(), Refusal> {
        let Some((kept, sent)) = self.waiting.pop_front() else { return Ok(()) };
        let receipt = kept.durable().await?;
        let mut counts = sent.counts;
        let mut accepted = 0;
        for (position, alerts) in receipt.positions.iter().zip(&sent.alerts) {
            match (position, alerts) {
                (Some(_), Some(_)) => accepted += 1,
                (None, Some(alerts)) => {
                    counts.duplicates += 1;
                    counts.alerts -= u64::from(*alerts).min(counts.alerts);
                }
                (_, None) => {}
            }
        }
        self.count(counts, accepted);
        Ok(())
    }

    fn count(&mut self, counts: Counts, accepted: u64) {
        self.tally.accepted += accepted;
        self.tally.duplicates += counts.duplicates;
        self.tally.rejected += counts.rejected;
        self.tally.alerts += counts.alerts;
        let totals = self.door.state().totals();
        State::add(&totals.records, counts.records);
        State::add(&totals.rejected, counts.rejected);
        State::add(&totals.duplicates, counts.duplicates);
        State::add(&totals.lost, counts.lost);
        State::add(&totals.alerts, counts.alerts);
        State::add(&totals.bytes, counts.bytes);
        State::add(&totals.rejected_uncited, std::mem::take(&mut self.judge.uncited));
        self.instance.count(&counts);
    }
}
