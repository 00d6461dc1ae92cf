//! The single writer: takes everything that waits, commits it at once, acknowledges, tells the
//! feed. A full disk stops intake until there is room again; a failed write ends the process.

use std::time::{Duration, Instant};

use control::evidence::{Administration, Entry};
use event::Subject;
use store::{CommitError, Draft, Journal, Receipt};
use tokio::sync::{mpsc, oneshot};

use super::{Batch, Message, Refusal, State};
use crate::clock::Clock;
use crate::feed::Feed;

/// Bytes that one commit takes together, unless a single batch has more.
const COMMIT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often a writer without room tries again.
const FULL_RETRY: Duration = Duration::from_secs(1);

/// Why the writer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriterEnd {
    /// Everyone who could send is gone; all is written.
    Drained,
    /// Nothing more may be promised: the process has to end.
    Broken(String),
}

/// The writer and what it owns.
#[derive(Debug)]
pub struct Writer {
    journal: Journal,
    batches: mpsc::Receiver<Message>,
    state: State,
    feed: Feed,
    clock: Clock,
    ending: bool,
}

/// A batch without its drafts, which went into the commit.
struct Waiting {
    len: usize,
    reply: oneshot::Sender<Result<Receipt, Refusal>>,
    #[expect(dead_code, reason = "held until the batch is durable")]
    room: tokio::sync::OwnedSemaphorePermit,
}

impl Writer {
    pub(crate) fn new(
        journal: Journal,
        batches: mpsc::Receiver<Message>,
        state: State,
        feed: Feed,
        clock: Clock,
    ) -> Writer {
        Writer { journal, batches, state, feed, clock, ending: false }
    }

    /// Writes until nobody can send any more. Runs on a thread of its own.
    pub fn run(mut self) -> WriterEnd {
        if let store::Intake::ReadOnly(reason) = self.journal.intake() {
            self.state.stop(&reason);
        }
        while !self.ending {
            let Some(Message::Keep(first)) = self.batches.blocking_recv() else { break };
            let (drafts, waiting) = self.gather(first);
            if let Err(end) = self.commit(drafts, waiting) {
                return end;
            }
        }
        match self.journal.close() {
            Ok(()) => WriterEnd::Drained,
            Err(error) => WriterEnd::Broken(error.to_string()),
        }
    }

    /// Takes what waits already, up to the bound.
    fn gather(&mut self, first: Batch) -> (Vec<Draft>, Vec<Waiting>) {
        let (mut drafts, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(batch) = next.take() {
            bytes += batch.drafts.iter().map(Draft::len).sum::<usize>();
            waiting.push(Waiting { len: batch.drafts.len(), reply: batch.reply, room: batch.room });
            drafts.extend(batch.drafts);
            if bytes < COMMIT_BYTES_MAX {
                next = self.waiting();
            }
        }
        (drafts, waiting)
    }

    /// Takes a batch that waits already, if one does.
    fn waiting(&mut self) -> Option<Batch> {
        match self.batches.try_recv() {
            Ok(Message::Keep(batch)) => Some(batch),
            Ok(Message::End) => {
                self.ending = true;
                None
            }
            Err(_) => None,
        }
    }

    fn commit(&mut self, drafts: Vec<Draft>, waiting: Vec<Waiting>) -> Result<(), WriterEnd> {
        let told = self.feed.prepare(&drafts);
        let entries = drafts.len() as u64;
        let began = Instant::now();
        let outcome = self.journal.commit(drafts);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        match outcome {
            Ok(receipt) => {
                let totals = self.state.totals();
                State::add(&totals.commits, 1);
                State::add(&totals.entries, entries);
                State::add(&totals.commit_ns, took);
                acknowledge(&receipt, waiting);
                self.feed.tell(told, &receipt.positions);
                Ok(())
            }
            Err(error) => self.refuse(error, waiting),
        }
    }

    fn refuse(&mut self, error: CommitError, waiting: Vec<Waiting>) -> Result<(), WriterEnd> {
        let message = error.to_string();
        let refusal = match &error {
            CommitError::EntryTooLarge { .. } => Refusal::TooLarge(message.clone()),
            _ => Refusal::Stopped(message.clone()),
        };
        if !matches!(error, CommitError::EntryTooLarge { .. }) {
            self.state.stop(&message);
        }
        for one in waiting {
            let _ = one.reply.send(Err(refusal.clone()));
        }
        match error {
            CommitError::Broken(_) => Err(WriterEnd::Broken(message)),
            CommitError::Full => self.wait_for_room(&message),
            CommitError::ReadOnly(_) | CommitError::EntryTooLarge { .. } => Ok(()),
        }
    }

    /// Refuses everything until an entry can be written again; that entry tells of the stop.
    fn wait_for_room(&mut self, reason: &str) -> Result<(), WriterEnd> {
        let since = self.clock.now();
        loop {
            std::thread::sleep(FULL_RETRY);
            while let Some(batch) = self.waiting() {
                let _ = batch.reply.send(Err(Refusal::Stopped(reason.to_owned())));
            }
            let resumed = Draft::new(Entry::Administration(Administration {
                time: self.clock.now(),
                actor: "system:intake".to_owned(),
                act: "intake_resumed".to_owned(),
                object: String::new(),
                detail: format!("nothing was taken since {since}: {reason}"),
                subject: Subject::default(),
            }));
            match self.journal.commit(vec![resumed]) {
                Ok(_) => {
                    self.state.resume();
                    return Ok(());
                }
                Err(CommitError::Full) if self.ending => {
                    return Ok(());
                }
                Err(CommitError::Full) => {}
                Err(CommitError::Broken(error)) => return Err(WriterEnd::Broken(error)),
                Err(error) => {
                    self.state.stop(&error.to_string());
                    return Ok(());
                }
            }
        }
    }
}

fn acknowledge(receipt: &Receipt, waiting: Vec<Waiting>) {
    let mut positions = receipt.positions.as_slice();
    for one in waiting {
        let (own, rest) = positions.split_at(one.len.min(positions.len()));
        positions = rest;
        let duplicates = own.iter().filter(|position| position.is_none()).count() as u64;
        let _ = one.reply.send(Ok(Receipt { positions: own.to_vec(), duplicates }));
    }
}
