//! A segment: a file with records of one stream, in order. It is removed when all of it is
//! acknowledged, or when there is no room.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Lane;
use super::record::{self, Record};

/// What the name of a segment ends with.
const ENDING: &str = "seg";

/// A segment, and what is known of it.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    /// Stream that its numbers belong to.
    pub stream: String,
    /// What it holds.
    pub lane: Lane,
    /// Its length.
    pub bytes: u64,
    /// Where the first record begins that is not acknowledged.
    pub from: u64,
    /// Number before that record.
    pub before: u64,
    /// Number of its last record.
    pub last: u64,
    /// Set while it grows.
    file: Option<File>,
}

/// What was found in a segment that the process before left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Torn {
    /// Bytes of an unfinished record that were cut.
    pub bytes: u64,
}

impl Segment {
    /// Begins a segment whose first record will be `first`.
    pub fn begin(dir: &Path, run: &str, lane: Lane, first: u64) -> io::Result<Segment> {
        let path = dir.join(format!("{run}-{}-{first:020}.{ENDING}", lane.name()));
        let file = super::private().create_new(true).open(&path)?;
        let stream = format!("{run}-{}", lane.name());
        let before = first.saturating_sub(1);
        Ok(Segment {
            path,
            stream,
            lane,
            bytes: 0,
            from: 0,
            before,
            last: before,
            file: Some(file),
        })
    }

    /// Reads a segment that the process before left; nothing if the name is of something else.
    /// What is acknowledged is up to `acknowledged(stream)`.
    pub fn open(
        path: &Path,
        acknowledged: impl Fn(&str) -> u64,
    ) -> io::Result<Option<(Segment, Torn)>> {
        let Some((stream, lane, first)) = named(path) else { return Ok(None) };
        let bytes = fs::read(path)?;
        let acknowledged = acknowledged(&stream);
        let (mut length, mut from) = (0, 0);
        let mut last = first.saturating_sub(1);
        let mut before = last.max(acknowledged);
        for (record, took) in record::read(&bytes) {
            length += took as u64;
            if let Record::Line { number, .. } = record {
                last = last.max(number);
                if number <= acknowledged {
                    (from, before) = (length, number);
                }
            }
        }
        before = before.min(last);
        let torn = Torn { bytes: bytes.len() as u64 - length };
        if torn.bytes > 0 {
            OpenOptions::new().write(true).open(path)?.set_len(length)?;
        }
        let path = path.to_owned();
        let segment = Segment { path, stream, lane, bytes: length, from, before, last, file: None };
        Ok(Some((segment, torn)))
    }

    /// Adds records that were written out. A failure leaves the segment as it was.
    pub fn append(&mut self, records: &[u8], last: u64) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        };
        if let Err(error) = file.write_all(records) {
            file.set_len(self.bytes)?;
            file.seek(SeekFrom::Start(self.bytes))?;
            return Err(error);
        }
        self.bytes += records.len() as u64;
        self.last = last;
        Ok(())
    }

    /// Takes the newest bytes back. Their numbers are not given again.
    pub fn take_back(&mut self, bytes: u64) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let length = self.bytes.saturating_sub(bytes);
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        self.bytes = length;
        Ok(())
    }

    /// Brings what was added to the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// Tells whether it may still grow.
    pub fn is_growing(&self) -> bool {
        self.file.is_some()
    }

    /// Says that nothing more is added.
    pub fn seal(&mut self) -> io::Result<()> {
        self.sync()?;
        self.file = None;
        Ok(())
    }

    /// Returns how many records are not acknowledged.
    pub fn left(&self) -> u64 {
        self.last.saturating_sub(self.before)
    }

    /// Reads up to so many bytes from the first record that is not acknowledged; one record at
    /// least, however long.
    pub fn read(&self, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.from))?;
        let mut bytes = Vec::new();
        let mut want = bytes_max;
        loop {
            (&mut file).take(want).read_to_end(&mut bytes)?;
            if bytes.contains(&b'\n') || self.from + bytes.len() as u64 >= self.bytes {
                return Ok(bytes);
            }
            want = bytes_max;
        }
    }

    /// Removes it.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Returns its path, which sorts segments of a lane by age.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads the name of a segment: stream, lane, first number.
fn named(path: &Path) -> Option<(String, Lane, u64)> {
    if path.extension()? != ENDING {
        return None;
    }
    let stem = path.file_stem()?.to_str()?;
    let (stream, first) = stem.rsplit_once('-')?;
    let (run, lane) = stream.rsplit_once('-')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    if run.is_empty() || run.len() > 40 || !run.bytes().all(plain) {
        return None;
    }
    Some((stream.to_owned(), Lane::of(lane)?, first.parse().ok()?))
}
