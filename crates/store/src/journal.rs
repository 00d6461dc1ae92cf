//! The one door: append to the trail, apply to the projection, and only then acknowledge.

use std::path::Path;

use control::evidence::Rejected;
use event::Time;
use trail::Position;

use crate::{Draft, Identity, View};

/// The single writer of a data directory. It owns trail and projection, and the directory's lock.
#[derive(Debug)]
pub struct Journal {}

/// What is needed to open a data directory.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Name of the log: its checkpoints carry it. Set when the trail is made, compared afterwards.
    pub origin: &'a str,
    /// Version of this program, for the `start` entry.
    pub version: &'a str,
    /// The time now.
    pub now: Time,
}

/// What was found and done when a data directory was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of a torn final block that were cut.
    pub bytes_cut: u64,
    /// Blocks that the projection had to catch up with.
    pub blocks_applied: u64,
    /// Whether the projection was built anew, and why.
    pub rebuilt: Option<String>,
    /// Time of the newest entry before this start.
    pub silent_since: Option<Time>,
    /// What else was put right, a sentence each.
    pub notes: Vec<String>,
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

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum OpenError {
    #[error("another process holds the data directory `{0}`; stop it first")]
    Held(String),
    #[error(
        "the projection knows {cursor} blocks and the trail has {blocks}: the trail was rolled \
         back; put the newer trail back in place"
    )]
    RolledBack { cursor: u64, blocks: u64 },
    #[error("cannot open the trail")]
    Trail(#[source] trail::OpenError),
    #[error("cannot open the projection")]
    Projection(#[source] crate::Error),
    #[error("cannot prepare the data directory `{path}`")]
    Directory { path: String, source: std::io::Error },
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
    /// Opens a data directory, or makes one, and brings it into order: lock, trail, projection,
    /// then a `start` entry. A damaged trail opens too, but only to be read.
    pub fn open(_dir: &Path, _opening: &Opening<'_>) -> Result<(Journal, Recovery), OpenError> {
        unimplemented!()
    }

    /// Makes a batch durable and applies it. Events that were seen before are left out.
    pub fn commit(&mut self, _drafts: Vec<Draft>) -> Result<Receipt, CommitError> {
        unimplemented!()
    }

    /// Tells whether an event is known already, so that it need not be judged.
    pub fn seen(&self, _identity: &Identity) -> bool {
        unimplemented!()
    }

    /// Tells whether entries are taken.
    pub fn intake(&self) -> Intake {
        unimplemented!()
    }

    /// Returns a handle for readers, on any thread.
    pub fn view(&self) -> View {
        unimplemented!()
    }

    /// Adds the newest checkpoint to a file outside. One on the same machine proves little against
    /// its operator, and is labelled so in reports.
    pub fn witness(&self, _file: &Path) -> std::io::Result<()> {
        unimplemented!()
    }
}

#[allow(dead_code, reason = "named in the entry format")]
type Unused = Rejected;
