//! The writer: one a trail, held by a lock on its folder.
//!
//! A commit is: write the block, have it on disk, tell readers, then write tiles and checkpoint.
//! Only the first two decide whether an entry is kept; the rest is made again from the blocks.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::block::{self, Encoder};
use crate::failpoint::reach;
use crate::index::Growing;
use crate::merkle::{self, Frontier, Hash};
use crate::note::{Checkpoint, Signer};
use crate::reader::{Reader, Segment, Shared};
use crate::tile::Edge;
use crate::{disk, segment};

/// The trail, open for writing (or, damaged, only for reading).
#[derive(Debug)]
pub struct Trail {
    pub(crate) shared: Arc<Shared>,
    pub(crate) signer: Signer,
    pub(crate) frontier: Frontier,
    pub(crate) edge: Edge,
    pub(crate) encoder: Encoder,
    /// The open segment, once it exists.
    pub(crate) file: Option<File>,
    pub(crate) condition: Condition,
    /// Signature of the newest block whose checkpoint is not written yet.
    pub(crate) unpublished: Option<[u8; 64]>,
    pub(crate) segment_bytes_max: u64,
    /// Holds the lock.
    pub(crate) _lock: File,
}

/// Whether the trail takes entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Writable,
    /// It is damaged; says where and how.
    ReadOnly(String),
    /// A write failed such that the state of the disk is unknown.
    Broken(String),
}

/// A block that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its number.
    pub block: u64,
    /// Root over its entries.
    pub root: Hash,
    /// Number of its entries.
    pub entries: u32,
}

/// Why entries were not taken.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum AppendError {
    #[error("the disk is full")]
    Full(#[source] io::Error),
    #[error("the trail is only read: {0}")]
    ReadOnly(String),
    #[error("writing the trail failed: {0}")]
    Broken(String),
    #[error(
        "a block holds at least one entry, and at most {} entries, {} keys and {} bytes",
        block::BLOCK_ENTRIES_MAX,
        block::BLOCK_KEYS_MAX,
        block::BLOCK_BYTES_MAX
    )]
    Bounds,
    #[error("an entry of {0} bytes is larger than {max}", max = block::ENTRY_BYTES_MAX)]
    EntryTooLarge(usize),
}

impl Trail {
    /// Returns a handle for readers.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.frontier.size()
    }

    /// Tells whether entries are taken.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Writes one block with these entries and the keys each is found by. It is durable on return.
    /// After [`AppendError::Full`] the block may be durable or not: compare
    /// [`blocks`](Trail::blocks); either way the next append goes on correctly.
    pub fn append(&mut self, entries: &[(&[u8], &[u64])]) -> Result<Committed, AppendError> {
        match &self.condition {
            Condition::Writable => (),
            Condition::ReadOnly(why) => return Err(AppendError::ReadOnly(why.clone())),
            Condition::Broken(why) => return Err(AppendError::Broken(why.clone())),
        }
        check_bounds(entries)?;
        self.publish()?;
        self.seal_if_full()?;
        let committed = self.write_block(entries)?;
        self.publish()?;
        Ok(committed)
    }

    /// Writes tiles and checkpoint for what is durable, if they are not written yet.
    pub fn publish(&mut self) -> Result<(), AppendError> {
        let (Some(signature), Condition::Writable) = (self.unpublished, &self.condition) else {
            return Ok(());
        };
        let checkpoint = self.tip();
        let note = self.signer.verifier().note(&checkpoint, &signature);
        let done = self
            .edge
            .write(&self.shared.dir)
            .and_then(|()| write_checkpoint(&self.shared.dir, &note));
        done.map_err(|error| self.failed("publishing the checkpoint", error))?;
        self.unpublished = None;
        self.shared.change(|state| state.checkpoint = Some((checkpoint, note)));
        Ok(())
    }

    /// Adds the newest checkpoint to a file outside the trail, and has it on disk.
    pub fn witness(&self, file: &Path) -> io::Result<()> {
        let Some(note) = self.reader().checkpoint() else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        io::Write::write_all(&mut file, format!("{note}\n").as_bytes())?;
        file.sync_all()
    }

    /// Has tiles and checkpoint on disk too. A clean end needs it; recovery does without.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.publish()?;
        let dir = self.shared.dir.clone();
        let done = match File::open(dir.join("checkpoint")) {
            Ok(file) => file.sync_all().and_then(|()| disk::sync_dir(&dir)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        done.map_err(|error| self.failed("closing", error))
    }

    pub(crate) fn tip(&self) -> Checkpoint {
        let origin = self.signer.verifier().name().to_owned();
        Checkpoint { origin, size: self.frontier.size(), root: self.frontier.root() }
    }

    /// Closes the open segment and begins a new one, once it has reached a bound.
    fn seal_if_full(&mut self) -> Result<(), AppendError> {
        let sealed = {
            let state = self.shared.state();
            let full = state.open_bytes >= self.segment_bytes_max
                || state.open.blocks() >= segment::SEGMENT_BLOCKS_MAX
                || state.open.keys() >= segment::SEGMENT_KEYS_MAX;
            full.then(|| state.open.write(&self.shared.dir))
        };
        match sealed {
            None => return Ok(()),
            Some(Err(error)) => return Err(self.failed("sealing a segment", error)),
            Some(Ok(())) => (),
        }
        let until = self.blocks();
        let file = make_segment(&self.shared.dir, until)
            .map_err(|error| self.failed("making a segment", error))?;
        self.file = Some(file);
        self.shared.change(|state| {
            state.sealed.push(Arc::new(Segment::new(state.open.first(), until)));
            state.sealed_bytes += state.open_bytes;
            state.open = Growing::new(until);
            state.open_bytes = segment::HEADER_LEN;
        });
        Ok(())
    }

    fn write_block(&mut self, entries: &[(&[u8], &[u64])]) -> Result<Committed, AppendError> {
        let number = self.blocks();
        if self.file.is_none() {
            let file = make_segment(&self.shared.dir, number)
                .map_err(|error| self.failed("making a segment", error))?;
            self.file = Some(file);
            self.shared.change(|state| state.open_bytes = segment::HEADER_LEN);
        }
        let unsigned = match self.encoder.encode(number, entries) {
            Ok(unsigned) => unsigned,
            Err(error) => return Err(AppendError::Broken(error.to_string())),
        };
        let root = unsigned.root();
        let leaf = merkle::leaf(&[&root]);
        let mut frontier = self.frontier.clone();
        frontier.push(leaf);
        let origin = self.signer.verifier().name().to_owned();
        let tip = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        let signature = self.signer.sign(&tip);
        let (head, bytes) = unsigned.sign(signature);
        let at = self.shared.state().open_bytes;
        let file = self.file.as_ref().expect("the open segment was made above");
        let length = bytes.len() as u64;
        if let Err(error) = write_durably(file, bytes, at) {
            return Err(self.undo(at, error));
        }
        self.frontier = frontier;
        self.edge.push(leaf);
        self.unpublished = Some(signature);
        self.shared.change(|state| {
            let keys = (0_u32..).zip(entries);
            let pairs = keys.flat_map(|(entry, (_, keys))| keys.iter().map(move |k| (*k, entry)));
            state.open.push(at, pairs);
            state.open_bytes = at + length;
        });
        Ok(Committed { block: number, root, entries: head.entries })
    }

    /// Takes a half-written block back, if the disk was full; after any other error, nothing is
    /// promised any more.
    fn undo(&mut self, at: u64, error: WriteError) -> AppendError {
        let error = match error {
            WriteError::Write(error) => error,
            WriteError::Sync(error) => return self.broken("fsync of a block", &error),
        };
        let file = self.file.as_ref().expect("a block was being written to it");
        match file.set_len(at).and_then(|()| file.sync_data()) {
            Ok(()) => self.failed("writing a block", error),
            Err(error) => self.broken("taking back a half-written block", &error),
        }
    }

    fn failed(&mut self, doing: &str, error: io::Error) -> AppendError {
        if disk::is_full(&error) {
            return AppendError::Full(error);
        }
        self.broken(doing, &error)
    }

    fn broken(&mut self, doing: &str, error: &io::Error) -> AppendError {
        let why = format!("{doing}: {error}");
        self.condition = Condition::Broken(why.clone());
        AppendError::Broken(why)
    }
}

fn check_bounds(entries: &[(&[u8], &[u64])]) -> Result<(), AppendError> {
    if let Some((entry, _)) = entries.iter().find(|(entry, _)| entry.len() > block::ENTRY_BYTES_MAX)
    {
        return Err(AppendError::EntryTooLarge(entry.len()));
    }
    let keys: usize = entries.iter().map(|(_, keys)| keys.len()).sum();
    let bytes: usize = entries.iter().map(|(entry, _)| entry.len()).sum();
    let fits = !entries.is_empty()
        && entries.len() <= block::BLOCK_ENTRIES_MAX
        && keys <= block::BLOCK_KEYS_MAX
        && block::plain_len(entries.len(), keys, bytes) <= block::BLOCK_BYTES_MAX;
    if fits { Ok(()) } else { Err(AppendError::Bounds) }
}

enum WriteError {
    Write(io::Error),
    Sync(io::Error),
}

fn write_durably(file: &File, bytes: &[u8], at: u64) -> Result<(), WriteError> {
    reach("block.begin").map_err(WriteError::Write)?;
    if cfg!(feature = "failpoint") {
        let (half, _) = bytes.split_at(bytes.len() / 2);
        file.write_all_at(half, at).map_err(WriteError::Write)?;
        reach("block.torn").map_err(WriteError::Write)?;
    }
    file.write_all_at(bytes, at).map_err(WriteError::Write)?;
    reach("block.written").map_err(WriteError::Sync)?;
    file.sync_data().map_err(WriteError::Sync)?;
    reach("block.synced").map_err(WriteError::Sync)
}

/// Makes a segment with its header, durable under its name. One that an interrupted attempt left
/// holds no block, and is written over.
fn make_segment(dir: &Path, first: u64) -> io::Result<File> {
    let path = segment::path(dir, first);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    reach("segment.create")?;
    file.write_all_at(&segment::header(first), 0)?;
    reach("segment.header")?;
    file.sync_all()?;
    disk::sync_dir(&segment::dir(dir))?;
    Ok(file)
}

/// Replaces the checkpoint. Not synced each time: each block carries the signature it needs to be
/// made again.
pub(crate) fn write_checkpoint(dir: &Path, note: &str) -> io::Result<()> {
    reach("checkpoint.begin")?;
    let fresh: PathBuf = dir.join("checkpoint.tmp");
    fs::write(&fresh, note)?;
    reach("checkpoint.written")?;
    fs::rename(&fresh, dir.join("checkpoint"))?;
    reach("checkpoint.renamed")
}
