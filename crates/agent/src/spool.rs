//! What waits on disk to be shipped: bounded, in segments of numbered, checksummed lines. What a
//! server has acknowledged is removed; without room, the oldest activity goes first and findings
//! last, and every entry that goes is counted. A process that is killed at any time loses nothing
//! that was taken here but what the kernel had not written when the machine itself failed.

mod ledger;
pub mod record;
mod segment;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use control::shipment::{BATCH_LEN_MAX, LINE_BYTES_MAX};
use serde::{Deserialize, Serialize};

use ledger::Ledger;
use record::Record;
use segment::Segment;

/// Bytes on disk unless told otherwise.
pub const SPOOL_BYTES: u64 = 256 << 20;
/// Least bytes on disk.
pub const SPOOL_BYTES_MIN: u64 = 8 << 20;
/// Longest segment, where the spool is large enough.
const SEGMENT_BYTES_MAX: u64 = 4 << 20;
/// Segments that a full spool has at least, so that room is made in small steps.
const SEGMENTS_LEN_MIN: u64 = 32;

/// What an entry is, in the order in which entries go when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// What happened, without any rule.
    Activity,
    /// What the watch did in a minute.
    Status,
    /// An event with its alerts.
    Finding,
}

impl Lane {
    /// Every lane, first to go first.
    pub const ALL: [Lane; 3] = [Lane::Activity, Lane::Status, Lane::Finding];

    /// The order in which entries are written that come together: a status tells of those before
    /// it, so whoever finds it finds them, though the process be killed in between.
    const WRITTEN: [Lane; 3] = [Lane::Finding, Lane::Activity, Lane::Status];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Lane::Activity => "activity",
            Lane::Status => "status",
            Lane::Finding => "finding",
        }
    }

    /// Returns the lane of a name.
    pub fn of(name: &str) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| lane.name() == name)
    }
}

/// Why entries could not be spooled.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum SpoolError {
    #[error("cannot use the spool at `{path}`")]
    Io { path: PathBuf, source: io::Error },
    #[error("the spool at `{0}` is used by another agent; stop that one first")]
    Held(PathBuf),
    #[error("the disk of the spool is full")]
    Full,
    #[error("an entry has {0} bytes; no server takes more than {LINE_BYTES_MAX}")]
    TooLong(usize),
    #[error("an entry has a line break")]
    Broken,
}

/// What the process before left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Entries that wait.
    pub waiting: u64,
    /// Bytes of unfinished records that were cut, and counted as one lost entry each.
    pub bytes_cut: u64,
}

/// Entries to be shipped together: of one stream, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Their stream.
    pub stream: String,
    /// What they are.
    pub lane: Lane,
    /// The entries, by number.
    pub lines: Vec<(u64, Vec<u8>)>,
    /// Records among them that were damaged, and are lost.
    pub damaged: u64,
    /// Where the next one begins in the segment.
    until: u64,
    segment: PathBuf,
}

/// The spool; one process at a time.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    run: String,
    bytes_max: u64,
    segments: Vec<Segment>,
    /// Number given last, by lane.
    last: BTreeMap<Lane, u64>,
    ledger: Ledger,
    _lock: fs::File,
}

impl Spool {
    /// Opens a spool, or makes one, that takes at most so many bytes. Numbers begin anew.
    pub fn open(dir: &Path, bytes_max: u64) -> Result<(Spool, Found), SpoolError> {
        let failed = |source| SpoolError::Io { path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let lock = private().create(true).open(dir.join("lock")).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SpoolError::Held(dir.to_owned()),
            TryLockError::Error(error) => failed(error),
        })?;
        let ledger = Ledger::open(dir.join("ledger.json"));
        let mut spool = Spool {
            dir: dir.to_owned(),
            run: uuid::Uuid::now_v7().simple().to_string(),
            bytes_max: bytes_max.max(SPOOL_BYTES_MIN),
            segments: Vec::new(),
            last: BTreeMap::new(),
            ledger,
            _lock: lock,
        };
        let found = spool.find().map_err(failed)?;
        Ok((spool, found))
    }

    /// Takes entries, in order. They outlive the process when this returns; on an error none of
    /// them was taken. Those for which there is no room at all are counted as dropped.
    pub fn append(&mut self, entries: &[(Lane, &[u8])]) -> Result<(), SpoolError> {
        for (_, line) in entries {
            if line.len() > LINE_BYTES_MAX {
                return Err(SpoolError::TooLong(line.len()));
            }
            if line.contains(&b'\n') {
                return Err(SpoolError::Broken);
            }
        }
        let mut taken = Vec::new();
        for lane in Lane::WRITTEN {
            let own = entries.iter().filter(|(of, _)| *of == lane).map(|(_, line)| *line);
            match self.append_to(lane, &own.collect::<Vec<_>>()) {
                Ok(length) => taken.push((lane, length)),
                Err(source) => return Err(self.take_back(&taken, source)),
            }
        }
        Ok(())
    }

    /// Returns what is to be shipped next: findings first, the oldest of each kind first. Nothing
    /// if nothing waits.
    pub fn next(&self, bytes_max: u64) -> Result<Option<Parcel>, SpoolError> {
        let waiting = |segment: &&Segment| segment.from < segment.bytes;
        let first = Lane::ALL.into_iter().rev().find_map(|lane| {
            self.segments.iter().filter(|segment| segment.lane == lane).find(waiting)
        });
        let Some(segment) = first else { return Ok(None) };
        let path = segment.path().to_owned();
        let bytes = segment
            .read(bytes_max)
            .map_err(|source| SpoolError::Io { path: path.clone(), source })?;
        let mut parcel = Parcel {
            stream: segment.stream.clone(),
            lane: segment.lane,
            lines: Vec::new(),
            damaged: 0,
            until: segment.from,
            segment: path,
        };
        for (record, length) in record::read(&bytes).take(BATCH_LEN_MAX) {
            parcel.until += length as u64;
            match record {
                Record::Line { number, line } => parcel.lines.push((number, line.to_vec())),
                Record::Damaged => parcel.damaged += 1,
            }
        }
        if parcel.until == segment.from {
            // A tail without an end, which no append of ours leaves: nothing more comes from it.
            parcel.until = segment.bytes;
            parcel.damaged += 1;
        }
        Ok(Some(parcel))
    }

    /// Removes what the server has. `refused` of it are lost, because it did not want them.
    pub fn acknowledge(&mut self, parcel: &Parcel, refused: u64) -> Result<(), SpoolError> {
        let failed = |source| SpoolError::Io { path: parcel.segment.clone(), source };
        self.ledger.drop(parcel.lane, parcel.damaged + refused).map_err(failed)?;
        if let Some((number, _)) = parcel.lines.last() {
            self.ledger.acknowledge(&parcel.stream, *number).map_err(failed)?;
        }
        let Some(at) = self.segments.iter().position(|one| one.path() == parcel.segment) else {
            return Ok(());
        };
        let bytes_max = self.segment_bytes_max();
        let segment = &mut self.segments[at];
        segment.from = parcel.until;
        let read_to = parcel.lines.last().map_or(segment.before, |(number, _)| *number);
        segment.before = if segment.from >= segment.bytes { segment.last } else { read_to };
        let done = segment.from >= segment.bytes;
        if done && (!segment.is_growing() || segment.bytes >= bytes_max / 2) {
            self.segments.remove(at).remove().map_err(failed)?;
            let segments = &self.segments;
            let run = &self.run;
            self.ledger.forget_but(|stream| {
                stream.starts_with(run) || segments.iter().any(|one| one.stream == stream)
            });
        }
        Ok(())
    }

    /// Returns what was dropped since this was asked last, by kind.
    pub fn take_dropped(&mut self) -> BTreeMap<Lane, u64> {
        self.ledger.take_dropped().unwrap_or_default()
    }

    /// Brings what was added to the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.segments.iter().try_for_each(Segment::sync)
    }

    /// Returns how many entries wait.
    pub fn waiting(&self) -> u64 {
        self.segments.iter().map(Segment::left).sum()
    }

    /// Returns how many bytes the segments take.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Looks through what the process before left.
    fn find(&mut self) -> io::Result<Found> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            paths.push(entry?.path());
        }
        paths.sort();
        let mut found = Found::default();
        for path in paths {
            let ledger = &self.ledger;
            let opened = Segment::open(&path, |stream| ledger.acknowledged(stream))?;
            let Some((segment, torn)) = opened else { continue };
            if torn.bytes > 0 {
                found.bytes_cut += torn.bytes;
                self.ledger.drop(segment.lane, 1)?;
            }
            if segment.from >= segment.bytes {
                segment.remove()?;
                continue;
            }
            found.waiting += segment.left();
            self.segments.push(segment);
        }
        Ok(found)
    }

    /// Takes what a failed call added to other lanes back, and says what failed.
    fn take_back(&mut self, taken: &[(Lane, usize)], source: io::Error) -> SpoolError {
        for (lane, length) in taken.iter().filter(|(_, length)| *length > 0) {
            let is_its = |one: &&mut Segment| one.lane == *lane && one.is_growing();
            let growing = self.segments.iter_mut().find(is_its);
            if let Some(Err(error)) = growing.map(|segment| segment.take_back(*length as u64)) {
                tracing::error!(%error, "entries may be shipped twice");
            }
        }
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::Full,
            _ => SpoolError::Io { path: self.dir.clone(), source },
        }
    }

    /// Adds lines to a lane; returns how many bytes it grew by.
    fn append_to(&mut self, lane: Lane, lines: &[&[u8]]) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let mut number = self.last.get(&lane).copied().unwrap_or(0);
        let (first, mut records) = (number + 1, Vec::new());
        for line in lines {
            number += 1;
            record::write(&mut records, number, line);
        }
        if !self.make_room(records.len() as u64, lane)? {
            // Their numbers are given, so that the server sees the hole.
            self.last.insert(lane, number);
            self.ledger.drop(lane, lines.len() as u64)?;
            return Ok(0);
        }
        self.growing(lane, first)?.append(&records, number)?;
        self.last.insert(lane, number);
        if lane == Lane::Status {
            self.ledger.told()?;
        }
        Ok(records.len())
    }

    /// Returns the segment that a lane grows in; begins one if there is none, or it is long.
    fn growing(&mut self, lane: Lane, first: u64) -> io::Result<&mut Segment> {
        let bytes_max = self.segment_bytes_max();
        let last = self.last.get(&lane).copied().unwrap_or(0);
        let is_its = |segment: &Segment| segment.lane == lane && segment.is_growing();
        if let Some(at) = self.segments.iter().position(is_its) {
            let segment = &mut self.segments[at];
            if segment.bytes < bytes_max && segment.last == last {
                return Ok(&mut self.segments[at]);
            }
            segment.seal()?;
        }
        self.segments.push(Segment::begin(&self.dir, &self.run, lane, first)?);
        let at = self.segments.len() - 1;
        Ok(&mut self.segments[at])
    }

    /// Makes room by dropping what is worth less, or the same and older. Says whether there is.
    fn make_room(&mut self, bytes: u64, lane: Lane) -> io::Result<bool> {
        if bytes > self.bytes_max {
            return Ok(false);
        }
        while self.bytes() + bytes > self.bytes_max {
            let oldest = |worth| self.segments.iter().position(|one| one.lane == worth);
            let mut less = Lane::ALL.into_iter().filter(|worth| *worth <= lane);
            let Some(at) = less.find_map(oldest) else { return Ok(false) };
            let segment = self.segments.remove(at);
            self.ledger.drop(segment.lane, segment.left())?;
            segment.remove()?;
        }
        Ok(true)
    }

    fn segment_bytes_max(&self) -> u64 {
        (self.bytes_max / SEGMENTS_LEN_MIN).min(SEGMENT_BYTES_MAX)
    }
}

/// How files are made that only their owner reads.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests;
