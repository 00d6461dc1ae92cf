//! The one door: append to the trail, apply to the projection, and only then acknowledge.

pub mod opening;

use std::fs::File;
use std::io;
use std::path::Path;

use control::evidence::Entry;
use trail::{AppendError, Condition, Position, Trail};

use crate::projection::{Placed, Projection};
use crate::{Draft, Error, Identity, View, schema};

pub use opening::{OpenError, Opening, Recovery};

/// Bytes of entries that one block takes; a larger batch becomes several.
const BLOCK_BYTES: usize = 16 << 20;
/// Entries that one block takes.
const BLOCK_ENTRIES: usize = 16_384;
/// Keys that one block takes.
const BLOCK_KEYS: usize = trail::BLOCK_KEYS_MAX / 4;

/// The single writer of a data directory. It owns trail and projection, and the directory's lock.
#[derive(Debug)]
pub struct Journal {
    trail: Trail,
    projection: Projection,
    view: View,
    /// The `start` entry, until it is in the trail.
    start: Option<Draft>,
    full: bool,
    broken: Option<String>,
    _lock: File,
}

/// Whether entries are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Entries are taken.
    Open,
    /// The disk is full. Nothing acknowledged is lost; a later commit tries again.
    Full,
    /// The trail is damaged and only read. Says where and how.
    ReadOnly(String),
    /// A write failed in a way after which nothing more may be promised; restart the process.
    Broken(String),
}

/// Why a batch was not acknowledged. Nothing of it may be acknowledged to anyone.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum CommitError {
    #[error("the disk is full; make room, intake goes on by itself")]
    Full,
    #[error("the trail is only read: {0}")]
    ReadOnly(String),
    #[error("writing failed and nothing more can be promised; restart: {0}")]
    Broken(String),
    #[error("an entry has {bytes} bytes; the bound is {max}")]
    EntryTooLarge { bytes: usize, max: usize },
}

/// A batch is durable and applied: it may be acknowledged and told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// For each draft in order, where it stands; `None` for a duplicate of an earlier event.
    pub positions: Vec<Option<Position>>,
    /// Number of duplicates.
    pub duplicates: u64,
}

impl Journal {
    /// Makes a batch durable and applies it. Events that were seen before, or stand twice in the
    /// batch, are left out. After an error the sender tries again: what was kept of the batch by
    /// then is known as seen.
    pub fn commit(&mut self, drafts: Vec<Draft>) -> Result<Receipt, CommitError> {
        if let Some(large) = drafts.iter().find(|draft| draft.len() > trail::ENTRY_BYTES_MAX) {
            let (bytes, max) = (large.len(), trail::ENTRY_BYTES_MAX);
            return Err(CommitError::EntryTooLarge { bytes, max });
        }
        let done = self.commit_all(&drafts);
        self.full = matches!(done, Err(CommitError::Full));
        if let Err(CommitError::Broken(why)) = &done {
            self.broken.get_or_insert_with(|| why.clone());
        }
        done
    }

    /// Tells whether an event is known already, so that it need not be judged.
    pub fn seen(&self, identity: &Identity) -> bool {
        // Not to know is safe: the commit looks again.
        self.projection.seen(identity).unwrap_or(false)
    }

    /// Tells whether entries are taken.
    pub fn intake(&self) -> Intake {
        match (&self.broken, self.trail.condition()) {
            (Some(why), _) | (_, Condition::Broken(why)) => Intake::Broken(why.clone()),
            (_, Condition::ReadOnly(why)) => Intake::ReadOnly(why.clone()),
            _ if self.full => Intake::Full,
            _ => Intake::Open,
        }
    }

    /// Returns a handle for readers, on any thread.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Adds the newest checkpoint to a file outside. One on the same machine proves little against
    /// its operator, and is labelled so in reports.
    pub fn witness(&self, file: &Path) -> io::Result<()> {
        self.trail.witness(file)
    }

    /// Ends the journal in good order. Dropping it loses nothing either.
    pub fn close(self) -> Result<(), CommitError> {
        self.trail.close().map_err(refused)
    }

    fn commit_all(&mut self, drafts: &[Draft]) -> Result<Receipt, CommitError> {
        match self.intake() {
            Intake::Broken(why) => return Err(CommitError::Broken(why)),
            Intake::ReadOnly(why) => return Err(CommitError::ReadOnly(why)),
            Intake::Open | Intake::Full => (),
        }
        self.catch_up()?;
        if let Some(start) = self.start.take() {
            let done = self.commit_block(std::slice::from_ref(&start));
            if let Err(error) = done {
                self.start = Some(start);
                return Err(error);
            }
        }
        let mut receipt = Receipt::default();
        for drafts in blocks(drafts) {
            let positions = self.commit_block(drafts)?;
            let known = positions.iter().filter(|position| position.is_none()).count();
            receipt.duplicates += known as u64;
            receipt.positions.extend(positions);
        }
        Ok(receipt)
    }

    /// Makes one block of the drafts that are new. Returns where each stands.
    fn commit_block(&mut self, drafts: &[Draft]) -> Result<Vec<Option<Position>>, CommitError> {
        let done = self.try_block(drafts);
        if !matches!(done, Ok(Some(_))) {
            self.projection.roll_back();
        }
        Ok(done?.unwrap_or_else(|| vec![None; drafts.len()]))
    }

    /// Returns `None` if no draft is new; then nothing was written.
    fn try_block(
        &mut self,
        drafts: &[Draft],
    ) -> Result<Option<Vec<Option<Position>>>, CommitError> {
        self.projection.begin().map_err(|error| self.failed(error.into()))?;
        let (fresh, holes) = self
            .projection
            .remember(drafts.iter().map(Draft::mark))
            .map_err(|error| self.failed(error.into()))?;
        let holes: Vec<Draft> =
            holes.into_iter().map(|hole| Draft::new(Entry::Hole(hole))).collect();
        let new = || drafts.iter().zip(&fresh).filter(|(_, fresh)| **fresh).map(|(one, _)| one);
        let kept = || new().chain(&holes);
        let entries: Vec<(&[u8], &[u64])> =
            kept().map(|draft| (draft.bytes.as_slice(), draft.keys.as_slice())).collect();
        if entries.is_empty() {
            return Ok(None);
        }
        let committed = self.trail.append(&entries).map_err(refused)?;
        let block = committed.block;
        let placed: Vec<Placed<'_>> = (0..)
            .zip(kept())
            .map(|(entry, draft)| Placed {
                position: Position { block, entry },
                entry: &draft.entry,
                findings: &draft.findings,
            })
            .collect();
        let applied = self.projection.apply(committed.root, &placed);
        applied.map_err(|error| self.failed(error))?;
        let mut positions = placed.iter().map(|placed| placed.position);
        let places = fresh.iter().map(|fresh| if *fresh { positions.next() } else { None });
        Ok(Some(places.collect()))
    }

    /// Applies blocks that are durable but were not applied, because the disk was full.
    fn catch_up(&mut self) -> Result<(), CommitError> {
        self.trail.publish().map_err(refused)?;
        opening::follow(&mut self.projection, &self.trail.reader(), self.trail.blocks())
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Says what an error of the projection means for the batch.
    fn failed(&self, error: Error) -> CommitError {
        match &error {
            Error::Sql(sql) if schema::is_full(sql) => return CommitError::Full,
            Error::Failpoint(io) if io.kind() == io::ErrorKind::StorageFull => {
                return CommitError::Full;
            }
            Error::Sql(sql) if schema::is_damage(sql) => {
                // The next start builds the tables anew.
                let _ = std::fs::write(self.view.directory().join(opening::REBUILD), "");
            }
            _ => (),
        }
        CommitError::Broken(chain(&error))
    }
}

/// Splits a batch into what one block takes.
fn blocks(drafts: &[Draft]) -> impl Iterator<Item = &[Draft]> {
    let mut rest = drafts;
    std::iter::from_fn(move || {
        let (mut bytes, mut keys) = (0, 0);
        let fits = |draft: &&Draft| {
            bytes += draft.len();
            keys += draft.keys.len();
            bytes <= BLOCK_BYTES && keys <= BLOCK_KEYS
        };
        let length = rest.iter().take(BLOCK_ENTRIES).take_while(fits).count();
        // A single entry above the target is a block of its own.
        let length = length.max(1).min(rest.len());
        let (block, after) = rest.split_at(length);
        rest = after;
        (!block.is_empty()).then_some(block)
    })
}

fn refused(error: AppendError) -> CommitError {
    match error {
        AppendError::Full(_) => CommitError::Full,
        AppendError::ReadOnly(why) => CommitError::ReadOnly(why),
        AppendError::Broken(why) => CommitError::Broken(why),
        AppendError::EntryTooLarge(bytes) => {
            CommitError::EntryTooLarge { bytes, max: trail::ENTRY_BYTES_MAX }
        }
        AppendError::Bounds => CommitError::Broken("a batch was split wrongly".into()),
    }
}

/// Returns an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(keys: usize) -> Draft {
        let entry = control::evidence::Entry::Start(control::evidence::Start {
            time: event::Time(0),
            version: "x".repeat(BLOCK_BYTES / 10),
            bytes_cut: 0,
            silent_since: None,
        });
        Draft { keys: vec![0; keys], ..Draft::new(entry) }
    }

    #[test]
    fn a_batch_is_split_by_bytes_and_keys_and_nothing_is_left_out() {
        let many: Vec<Draft> = (0..25).map(|_| draft(1)).collect();
        let lengths: Vec<usize> = blocks(&many).map(<[Draft]>::len).collect();
        assert_eq!(lengths, [9, 9, 7]);
        let keyed: Vec<Draft> = (0..4).map(|_| draft(BLOCK_KEYS / 2)).collect();
        let lengths: Vec<usize> = blocks(&keyed).map(<[Draft]>::len).collect();
        assert_eq!(lengths, [2, 2]);
        let large = [draft(BLOCK_KEYS * 2), draft(1)];
        let lengths: Vec<usize> = blocks(&large).map(<[Draft]>::len).collect();
        assert_eq!(lengths, [1, 1]);
        assert_eq!(blocks(&[]).count(), 0);
    }
}
