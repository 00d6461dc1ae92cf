//! Opening a data directory: lock, trail, projection, in this order, and what each finds.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use control::evidence::{Entry, Start};
use event::Time;
use trail::{Condition, Options, Reader, Trail};

use super::{CommitError, Journal};
use crate::projection::Projection;
use crate::schema::{self, Cursor};
use crate::{Draft, Error, View};

/// A file that asks the next start to build the projection anew.
pub const REBUILD: &str = "state.rebuild";
/// The projection.
pub const STATE: &str = "state.db";

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
    /// Why the projection was built anew, if it was.
    pub rebuilt: Option<String>,
    /// Time of the newest entry before this start.
    pub silent_since: Option<Time>,
    /// What else was put right, a sentence each.
    pub notes: Vec<String>,
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
    #[error(
        "block {0} of the trail is not the one that was applied: the trail was replaced; put the \
         right one back in place"
    )]
    Replaced(u64),
    #[error("cannot open the trail")]
    Trail(#[source] trail::OpenError),
    #[error("cannot open the projection")]
    Projection(#[source] Error),
    #[error("cannot prepare the data directory `{path}`")]
    Directory { path: String, source: io::Error },
}

impl Journal {
    /// Opens a data directory, or makes one, and brings it into order: lock, trail, projection,
    /// then a `start` entry. A damaged trail opens too, but only to be read. On a full disk the
    /// `start` entry is written with the first batch that fits.
    pub fn open(dir: &Path, opening: &Opening<'_>) -> Result<(Journal, Recovery), OpenError> {
        let (mut journal, mut recovery) = Journal::take(dir, opening.origin)?;
        journal.start = Some(Draft::new(Entry::Start(Start {
            time: opening.now,
            version: opening.version.to_owned(),
            bytes_cut: recovery.bytes_cut,
            silent_since: recovery.silent_since,
        })));
        match journal.commit(Vec::new()) {
            Err(CommitError::Broken(why)) => {
                recovery.notes.push(format!("the start could not be written: {why}"));
            }
            Err(error) => recovery.notes.push(error.to_string()),
            Ok(_) => (),
        }
        Ok((journal, recovery))
    }

    /// Takes a data directory to write down an act while the service does not run: the same as
    /// [`Journal::open`], without the entry that the service started.
    pub fn take(dir: &Path, origin: &str) -> Result<(Journal, Recovery), OpenError> {
        let lock = lock(dir)?;
        let mut recovery = Recovery::default();
        let kept = keep_or_rebuild(dir, &mut recovery).map_err(OpenError::Projection)?;
        let key = dir.join("keys").join("trail.key");
        let keep = kept.as_ref().map_or(0, |(_, cursor)| cursor.blocks);
        let segment_bytes_max = trail::SEGMENT_BYTES_MAX;
        let options = Options { origin, key: &key, keep, segment_bytes_max };
        let (trail, found) = Trail::open(&dir.join("trail"), &options).map_err(OpenError::Trail)?;
        recovery.bytes_cut = found.bytes_cut;
        recovery.notes.extend(found.notes);
        if let Some((_, cursor)) = &kept {
            compare(*cursor, &trail)?;
        }
        let projection =
            project(dir, kept, &trail, &mut recovery).map_err(OpenError::Projection)?;
        recovery.silent_since = projection.newest();
        let view = View::new(dir, trail.reader());
        let (start, full, broken) = (None, false, None);
        let journal = Journal { trail, projection, view, start, full, broken, _lock: lock };
        Ok((journal, recovery))
    }
}

/// Makes the directory and takes its lock.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Directory { path: dir.display().to_string(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let path = dir.join("lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::Held(dir.display().to_string())),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Opens the tables if they are sound and of this version.
fn keep_or_rebuild(
    dir: &Path,
    recovery: &mut Recovery,
) -> Result<Option<(rusqlite::Connection, Cursor)>, Error> {
    let path = dir.join(STATE);
    if fs::exists(dir.join(REBUILD)).unwrap_or(false) {
        recovery.rebuilt = Some("it was found damaged while it was used".into());
        return Ok(None);
    }
    if !fs::exists(&path).unwrap_or(true) {
        return Ok(None);
    }
    let opened =
        schema::open(&path).and_then(|connection| Ok((schema::cursor(&connection)?, connection)));
    match opened {
        Ok((Some(cursor), connection)) => return Ok(Some((connection, cursor))),
        Ok((None, _)) => recovery.rebuilt = Some("its tables are of another version".into()),
        Err(error) if schema::is_damage(&error) => {
            recovery.rebuilt = Some(format!("it was damaged: {error}"));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(None)
}

/// Refuses a trail that has lost what the projection has.
fn compare(cursor: Cursor, trail: &Trail) -> Result<(), OpenError> {
    let reader = trail.reader();
    let readable = reader.blocks();
    let damaged = *trail.condition() != Condition::Writable;
    if cursor.blocks > readable {
        if damaged {
            return Ok(());
        }
        return Err(OpenError::RolledBack { cursor: cursor.blocks, blocks: readable });
    }
    let Some(last) = cursor.blocks.checked_sub(1) else { return Ok(()) };
    match reader.block(last) {
        Ok(block) if block.head.root == cursor.root => Ok(()),
        Err(_) if damaged => Ok(()),
        _ => Err(OpenError::Replaced(last)),
    }
}

/// Brings the tables to the end of the trail, from the first block if need be.
fn project(
    dir: &Path,
    kept: Option<(rusqlite::Connection, Cursor)>,
    trail: &Trail,
    recovery: &mut Recovery,
) -> Result<Projection, Error> {
    let reader = trail.reader();
    let mut broken = None;
    if let Some((connection, _)) = kept {
        match catch_up(connection, &reader, recovery) {
            Ok(projection) => return Ok(projection),
            Err(Error::Sql(error)) if schema::is_damage(&error) => broken = Some(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = broken {
        recovery.rebuilt = Some(format!("it was damaged: {error}"));
    }
    remove(dir)?;
    recovery.blocks_applied = 0;
    let projection = catch_up(schema::open(&dir.join(STATE))?, &reader, recovery)?;
    let rebuild = dir.join(REBUILD);
    match fs::remove_file(&rebuild) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io { path: rebuild.display().to_string(), source })
        }
        _ => Ok(projection),
    }
}

fn catch_up(
    connection: rusqlite::Connection,
    reader: &Reader,
    recovery: &mut Recovery,
) -> Result<Projection, Error> {
    let mut projection = Projection::new(connection)?;
    match follow(&mut projection, reader, reader.blocks()) {
        Ok(blocks) => recovery.blocks_applied = blocks,
        Err(Error::Trail(error)) => {
            recovery.notes.push(format!("the projection ends before the trail: {error}"));
        }
        Err(error) => return Err(error),
    }
    Ok(projection)
}

/// Applies the blocks up to `until` that the projection lacks. Returns how many.
pub fn follow(projection: &mut Projection, reader: &Reader, until: u64) -> Result<u64, Error> {
    let from = projection.cursor().blocks;
    for number in from..until {
        projection.follow(&*reader.block(number)?)?;
    }
    Ok(until.saturating_sub(from))
}

fn remove(dir: &Path) -> Result<(), Error> {
    for name in [STATE, "state.db-wal", "state.db-shm"] {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::Io { path: path.display().to_string(), source });
            }
            _ => (),
        }
    }
    Ok(())
}
