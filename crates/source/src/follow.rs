//! Follows a log file that something else writes and rotates: plain file logic, no waiting and no
//! clock. [`Follower::read`] gives the next bytes, in order and each once, across rotations, also
//! those that took place while nobody followed. [`Cursor`] is what to save to go on later.
//!
//! A file is known by device, inode and a hash of its first bytes, because inodes are used again
//! and a copied-away log keeps its inode. When the file at the path is another than before, the one
//! read so far is looked for among its rotated neighbours (`audit-<time>.log` as kube-apiserver
//! names them, `audit.log.1`, `.gz`), read to its end, and then every younger one, found by what
//! the one before it is and never by a name noted earlier. A file cut in place goes on in the copy
//! that was made of it, if there is one.

mod neighbours;

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::input;

/// Bytes at a file's start that are hashed to know it again.
pub const HEAD_BYTES_MAX: u64 = 256;

/// How often a name is looked up again when rotations come in between; then a later read goes on.
const TRIES_MAX: u32 = 8;

/// Which file, however it is called by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// How many first bytes are hashed; fewer than [`HEAD_BYTES_MAX`] while the file is short.
    head_bytes: u64,
    /// SHA-256 of them, hex.
    head: String,
}

/// Where following stands. Save it once what came before is safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The file being read.
    pub file: Identity,
    /// Bytes of its content taken so far.
    pub offset: u64,
}

/// What happened beside reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The file was rotated away and read to its end; the next one begins.
    Rotated {
        /// Name of the file that is read from now on.
        to: PathBuf,
    },
    /// The file was cut short in place, and no copy of it is left; reading begins anew. What was
    /// written between the last read and the cut is lost.
    Truncated,
    /// The file read before cannot be found any more: bytes between it and the oldest one left may
    /// be lost.
    Lost,
    /// A rotated file cannot be inflated to its end: the rest of it is lost.
    Damaged {
        /// Its name.
        path: PathBuf,
    },
}

/// Follows one log.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    open: Option<Open>,
    /// Where to take up reading, until a file is open.
    resume: Option<Cursor>,
    start: Start,
}

/// Where to begin without a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first byte of the file.
    Beginning,
    /// Behind what is there already.
    End,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    content: Content,
    cursor: Cursor,
    /// Everything in it was read when it was looked at last.
    is_at_end: bool,
}

enum Content {
    Plain(File),
    /// A rotated file that was compressed; it does not grow any more.
    Inflated {
        reader: Box<dyn Read + Send>,
        written: SystemTime,
    },
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Content::Plain(_) => "Plain",
            Content::Inflated { .. } => "Inflated",
        })
    }
}

impl Follower {
    /// Follows the log at `path`; with a cursor it goes on there, else from `start`.
    pub fn new(path: impl Into<PathBuf>, cursor: Option<Cursor>, start: Start) -> Follower {
        Follower { path: path.into(), open: None, resume: cursor, start }
    }

    /// Returns where following stands; `None` before any file was opened.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.open.as_ref().map(|open| &open.cursor).or(self.resume.as_ref())
    }

    /// Returns the path followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the next bytes into `buffer`; 0 when there is nothing new. Tells of what happened to
    /// the file on the way. A file that is not there (yet) is nothing new.
    pub fn read(&mut self, buffer: &mut [u8], mut notice: impl FnMut(Notice)) -> io::Result<usize> {
        if self.open.is_none() && !self.open_first(&mut notice)? {
            return Ok(0);
        }
        loop {
            let Some(open) = &mut self.open else { return Ok(0) };
            if open.is_at_end && open.is_cut()? && !self.begin_anew(&mut notice)? {
                return Ok(0);
            }
            let Some(open) = &mut self.open else { return Ok(0) };
            let length = match open.read(buffer) {
                Err(error) if open.is_damage(&error) => {
                    notice(Notice::Damaged { path: open.path.clone() });
                    0
                }
                read => read?,
            };
            open.is_at_end = length == 0;
            if length > 0 {
                return Ok(length);
            }
            if !self.advance(&mut notice)? {
                return Ok(0);
            }
        }
    }

    /// Opens the file that a cursor names, or the one at the path.
    fn open_first(&mut self, notice: &mut impl FnMut(Notice)) -> io::Result<bool> {
        let Some(cursor) = self.resume.clone() else {
            let Some(mut open) = Open::at(&self.path, 0)? else {
                // Nothing is there to be behind of: what will be written is all new.
                self.start = Start::Beginning;
                return Ok(false);
            };
            if self.start == Start::End {
                open.skip_to_end()?;
            }
            self.open = Some(open);
            return Ok(true);
        };
        self.open = self.reopen(&cursor, notice)?;
        if self.open.is_some() {
            self.resume = None;
        }
        Ok(self.open.is_some())
    }

    /// Opens the file of a cursor under the name it has by now, or the oldest one that is left.
    fn reopen(&self, cursor: &Cursor, notice: &mut impl FnMut(Notice)) -> io::Result<Option<Open>> {
        for _ in 0..TRIES_MAX {
            let files = neighbours::of(&self.path)?;
            let Some(path) = cursor.file.place(&files).map(|place| &files[place]) else {
                let oldest = Open::at(files.first().unwrap_or(&self.path), 0)?;
                if oldest.is_some() {
                    notice(Notice::Lost);
                }
                return Ok(oldest);
            };
            let cut = !neighbours::is_compressed(path)
                && path.metadata().is_ok_and(|about| about.len() < cursor.offset);
            let open = Open::at(path, if cut { 0 } else { cursor.offset })?;
            // It may have been renamed before it was opened, and another have its name now.
            let Some(open) = open.filter(|open| cursor.file.is(path) && open.cursor.file.is(path))
            else {
                continue;
            };
            if cut {
                notice(Notice::Truncated);
            }
            return Ok(Some(open));
        }
        Ok(None)
    }

    /// The open file was cut in place: goes on in the copy made of it before, or begins anew.
    fn begin_anew(&mut self, notice: &mut impl FnMut(Notice)) -> io::Result<bool> {
        let Some(open) = &mut self.open else { return Ok(false) };
        let files = neighbours::of(&self.path)?;
        let copy = files.iter().find(|path| **path != open.path && open.cursor.file.is(path));
        let copied = copy.map(|path| Open::at(path, open.cursor.offset)).transpose()?.flatten();
        if let Some(copy) = copied.filter(|copy| open.cursor.file.is(&copy.path)) {
            *open = copy;
            return Ok(true);
        }
        let Some(anew) = Open::at(&open.path.clone(), 0)? else { return Ok(false) };
        notice(Notice::Truncated);
        *open = anew;
        Ok(true)
    }

    /// At the end of a file: goes to the next, if this one does not grow any more.
    fn advance(&mut self, notice: &mut impl FnMut(Notice)) -> io::Result<bool> {
        let Some(open) = &mut self.open else { return Ok(false) };
        if open.is_still_at(&self.path)? {
            return Ok(false);
        }
        let (next, known) = after(open, &self.path)?;
        // What was written between the last read and the rotation is still to be read.
        if open.has_more()? {
            return Ok(true);
        }
        let Some(next) = next else { return Ok(false) };
        if !known {
            notice(Notice::Lost);
        }
        notice(Notice::Rotated { to: next.path.clone() });
        self.open = Some(next);
        Ok(true)
    }
}

/// Opens the file that was begun right after this one, and tells whether this one is still among
/// them. Names are looked up anew each time, because a rotation gives every one of them to another
/// file.
fn after(open: &Open, log: &Path) -> io::Result<(Option<Open>, bool)> {
    for _ in 0..TRIES_MAX {
        let (Some(path), known) = name_after(open, log)? else { break };
        let Some(next) = Open::at(&path, 0)? else { continue };
        // A rotation since then would have put another file behind the name.
        if name_after(open, log)?.0.is_some_and(|again| next.cursor.file.is(&again)) {
            return Ok((Some(next), known));
        }
    }
    Ok((None, true))
}

fn name_after(open: &Open, log: &Path) -> io::Result<(Option<PathBuf>, bool)> {
    let mut files = neighbours::of(log)?;
    let place = open.cursor.file.place(&files);
    let younger = match place {
        Some(place) => files.split_off(place + 1),
        // Deleted, or compressed with other content: what is held open was read to its end.
        None => neighbours::younger_than(files, &open.path, open.written()?, log),
    };
    Ok((younger.into_iter().next(), place.is_some()))
}

impl Open {
    /// Opens a file and goes to an offset of its content; `None` when it is not there.
    fn at(path: &Path, offset: u64) -> io::Result<Option<Open>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let identity = Identity::of(&mut file, path)?;
        let content = if neighbours::is_compressed(path) {
            file.seek(SeekFrom::Start(0))?;
            let written = file.metadata()?.modified()?;
            let mut reader = input::inflate_file(file)?;
            match io::copy(&mut reader.by_ref().take(offset), &mut io::sink()) {
                Err(error) if !is_damage(&error) => return Err(error),
                // Of damage the next read tells.
                _ => {}
            }
            Content::Inflated { reader, written }
        } else {
            file.seek(SeekFrom::Start(offset))?;
            Content::Plain(file)
        };
        let cursor = Cursor { file: identity, offset };
        Ok(Some(Open { path: path.to_owned(), content, cursor, is_at_end: false }))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = loop {
            let read = match &mut self.content {
                Content::Plain(file) => file.read(buffer),
                Content::Inflated { reader, .. } => reader.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.cursor.offset += length as u64;
        // A short file is known by few bytes; by more as soon as there are more.
        if length > 0
            && self.cursor.file.head_bytes < HEAD_BYTES_MAX
            && let Content::Plain(file) = &mut self.content
        {
            self.cursor.file = Identity::of(file, &self.path)?;
            file.seek(SeekFrom::Start(self.cursor.offset))?;
        }
        Ok(length)
    }

    fn has_more(&self) -> io::Result<bool> {
        match &self.content {
            Content::Plain(file) => Ok(file.metadata()?.len() > self.cursor.offset),
            Content::Inflated { .. } => Ok(false),
        }
    }

    /// Tells whether the file was cut short, or cut and then written beyond where it was read.
    fn is_cut(&self) -> io::Result<bool> {
        let Content::Plain(file) = &self.content else { return Ok(false) };
        let known = &self.cursor.file;
        if file.metadata()?.len() < self.cursor.offset {
            return Ok(true);
        }
        let mut head = vec![0; usize::try_from(known.head_bytes).unwrap_or_default()];
        match file.read_exact_at(&mut head, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(true),
            read => read.map(|()| hash(&head) != known.head),
        }
    }

    fn is_damage(&self, error: &io::Error) -> bool {
        matches!(self.content, Content::Inflated { .. }) && is_damage(error)
    }

    /// Returns when it was written last.
    fn written(&self) -> io::Result<SystemTime> {
        match &self.content {
            Content::Plain(file) => file.metadata()?.modified(),
            Content::Inflated { written, .. } => Ok(*written),
        }
    }

    fn skip_to_end(&mut self) -> io::Result<()> {
        if let Content::Plain(file) = &mut self.content {
            self.cursor.offset = file.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }

    /// Tells whether the path still leads to this file. While there is none, it does: a rotation
    /// may be half done.
    fn is_still_at(&self, path: &Path) -> io::Result<bool> {
        if self.path != path {
            return Ok(false);
        }
        match path.metadata() {
            Ok(about) => Ok(self.cursor.file.is_inode(&about)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }
}

impl Identity {
    /// Reads a file's identity; moves its position. A compressed file is known by its content.
    fn of(file: &mut File, path: &Path) -> io::Result<Identity> {
        let about = file.metadata()?;
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        if neighbours::is_compressed(path) {
            let read = input::inflate(&*file)
                .and_then(|reader| reader.take(HEAD_BYTES_MAX).read_to_end(&mut head));
            match read {
                Err(error) if !is_damage(&error) => return Err(error),
                _ => {}
            }
        } else {
            (&*file).take(HEAD_BYTES_MAX).read_to_end(&mut head)?;
        }
        Ok(Identity {
            device: about.dev(),
            inode: about.ino(),
            head_bytes: head.len() as u64,
            head: hash(&head),
        })
    }

    /// Finds the file among others: the very same one, else the youngest with its first bytes.
    fn place(&self, files: &[PathBuf]) -> Option<usize> {
        let same = |path: &PathBuf| {
            path.metadata().is_ok_and(|about| self.is_inode(&about)) && self.is(path)
        };
        files.iter().position(same).or_else(|| files.iter().rposition(|path| self.is(path)))
    }

    fn is_inode(&self, about: &Metadata) -> bool {
        (about.dev(), about.ino()) == (self.device, self.inode)
    }

    /// Tells whether the file at a path is this one: renamed, copied or compressed, its first bytes
    /// are the same. An empty file is known by its inode alone.
    fn is(&self, path: &Path) -> bool {
        let Ok(mut file) = File::open(path) else { return false };
        let Ok(about) = file.metadata() else { return false };
        if self.head_bytes == 0 {
            return self.is_inode(&about);
        }
        let mut head = Vec::new();
        // What can be read of a damaged file is enough, if it is that much.
        _ = if neighbours::is_compressed(path) {
            input::inflate(&mut file)
                .and_then(|reader| reader.take(self.head_bytes).read_to_end(&mut head))
        } else {
            (&file).take(self.head_bytes).read_to_end(&mut head)
        };
        head.len() as u64 == self.head_bytes && hash(&head) == self.head
    }
}

/// Tells whether reading failed because of what stands in the file, not because of the disk.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    // zstd tells of it as `Other`, without a code of the system.
    let kind = matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof | Other);
    kind && error.raw_os_error().is_none()
}

fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
