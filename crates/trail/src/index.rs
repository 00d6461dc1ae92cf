//! The key index of a sealed segment: `segments/<first block>.idx`, beside it. Made from the
//! segment alone, so it can always be made again.
//!
//! ```text
//! header, 48 bytes, little endian: magic "SKINDEX\n", version u32, zero u32, first block u64,
//!   blocks u32, keys u32, CRC-32 of the rest u32, CRC-32 of the header u32, zero u64
//! where each block begins   u32 × blocks
//! key, block, entry         (u64, u32, u32) × keys, sorted; the block counts from the first
//! ```

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::block::Block;
use crate::failpoint::reach;
use crate::{disk, segment};

const MAGIC: [u8; 8] = *b"SKINDEX\n";
const VERSION: u32 = 1;
const HEADER_LEN: usize = 48;
const PAIR_LEN: usize = 16;

/// Place of an entry in its segment: block from the segment's first, entry.
pub type Place = (u32, u32);

/// Index of the open segment, in memory.
#[derive(Clone, Debug, Default)]
pub struct Growing {
    first: u64,
    offsets: Vec<u32>,
    places: HashMap<u64, Vec<Place>>,
    keys: usize,
}

/// Index of a sealed segment, on disk or in memory.
#[derive(Debug)]
pub struct Sealed {
    blocks: u32,
    keys: u32,
    bytes: Bytes,
}

/// How much of an index is looked at before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Its header and its length.
    Header,
    /// All of it.
    Whole,
}

/// Where an index is read from. A path rather than an open file: there are as many as segments.
#[derive(Debug)]
enum Bytes {
    Path(PathBuf),
    Memory(Vec<u8>),
}

/// An index opened for one question.
enum Opened<'a> {
    File(File),
    Memory(&'a [u8]),
}

/// Returns the path of the index beside the segment that starts with block `first`.
pub fn path(trail: &Path, first: u64) -> PathBuf {
    segment::dir(trail).join(format!("{first:020}.idx"))
}

impl Growing {
    /// Returns the index of a segment without blocks yet.
    pub fn new(first: u64) -> Growing {
        Growing { first, ..Growing::default() }
    }

    /// First block of the segment.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.offsets.len()
    }

    /// Number of keys.
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// Returns where a block begins.
    pub fn offset(&self, block: u64) -> Option<u64> {
        let index = usize::try_from(block.checked_sub(self.first)?).ok()?;
        self.offsets.get(index).map(|&offset| u64::from(offset))
    }

    /// Adds the next block, which begins at `offset`.
    pub fn push<'a>(&mut self, offset: u64, keys: impl Iterator<Item = (u64, u32)> + 'a) {
        let block = self.offsets.len() as u32;
        self.offsets.push(offset as u32);
        for (key, entry) in keys {
            self.places.entry(key).or_default().push((block, entry));
            self.keys += 1;
        }
    }

    /// Adds a block that was read.
    pub fn push_block(&mut self, offset: u64, block: &Block) {
        self.push(offset, block.keys());
    }

    /// Returns the newest places of a key, newest first, before `before`, at most `limit`.
    pub fn find(&self, key: u64, before: Option<Place>, limit: usize) -> Vec<Place> {
        let Some(places) = self.places.get(&key) else { return Vec::new() };
        let until = match before {
            Some(before) => places.partition_point(|place| *place < before),
            None => places.len(),
        };
        places[..until].iter().rev().take(limit).copied().collect()
    }

    /// Counts the places of a key from `from` up to `until`.
    pub fn count(&self, key: u64, from: Place, until: Place) -> u64 {
        let Some(places) = self.places.get(&key) else { return 0 };
        let rank = |bound: Place| places.partition_point(|place| *place < bound);
        rank(until).saturating_sub(rank(from)) as u64
    }

    /// Returns the bytes of the index file.
    pub fn encode(&self) -> Vec<u8> {
        let mut pairs: Vec<(u64, Place)> = Vec::with_capacity(self.keys);
        for (key, places) in &self.places {
            pairs.extend(places.iter().map(|place| (*key, *place)));
        }
        pairs.sort_unstable();
        let length = HEADER_LEN + self.offsets.len() * 4 + pairs.len() * PAIR_LEN;
        let mut bytes = Vec::with_capacity(length);
        bytes.resize(HEADER_LEN, 0);
        for offset in &self.offsets {
            bytes.extend(offset.to_le_bytes());
        }
        for (key, (block, entry)) in pairs {
            bytes.extend(key.to_le_bytes());
            bytes.extend(block.to_le_bytes());
            bytes.extend(entry.to_le_bytes());
        }
        let crc = crc32fast::hash(&bytes[HEADER_LEN..]);
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        bytes[24..28].copy_from_slice(&(self.offsets.len() as u32).to_le_bytes());
        bytes[28..32].copy_from_slice(&(self.keys as u32).to_le_bytes());
        bytes[32..36].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..40].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Writes the index file.
    pub fn write(&self, trail: &Path) -> io::Result<()> {
        reach("index.begin")?;
        let path = path(trail, self.first);
        let fresh = path.with_extension("tmp");
        disk::write_synced(&fresh, &self.encode())?;
        reach("index.written")?;
        fs::rename(&fresh, &path)?;
        reach("index.renamed")?;
        disk::sync_dir(&segment::dir(trail))
    }
}

impl Sealed {
    /// Opens the index of the segment `first..until`. `None` if it is missing or not sound: make it
    /// again.
    pub fn open(trail: &Path, first: u64, until: u64, check: Check) -> io::Result<Option<Sealed>> {
        let path = path(trail, first);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let mut header = [0; HEADER_LEN];
        if length < HEADER_LEN as u64 {
            return Ok(None);
        }
        file.read_exact_at(&mut header, 0)?;
        let Some(sealed) = Sealed::from_header(&header, first, until) else { return Ok(None) };
        if sealed.length() != length {
            return Ok(None);
        }
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i]));
        let sound = check == Check::Header || checksum(&file, length)? == word(32);
        Ok(sound.then_some(Sealed { bytes: Bytes::Path(path), ..sealed }))
    }

    /// Makes the index in memory, by reading the segment.
    pub fn rebuild(trail: &Path, first: u64) -> io::Result<Growing> {
        let file = File::open(segment::path(trail, first))?;
        let length = file.metadata()?.len();
        let mut growing = Growing::new(first);
        let mut at = segment::HEADER_LEN;
        while let segment::Found::Block(block) = segment::read(&file, at, length)? {
            growing.push_block(at, &block);
            at += block.head.disk_len();
        }
        Ok(growing)
    }

    /// Holds a rebuilt index.
    pub fn in_memory(growing: &Growing) -> Sealed {
        let (blocks, keys) = (growing.blocks() as u32, growing.keys() as u32);
        Sealed { blocks, keys, bytes: Bytes::Memory(growing.encode()) }
    }

    fn from_header(header: &[u8; HEADER_LEN], first: u64, until: u64) -> Option<Sealed> {
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i]));
        let (blocks, keys) = (word(24), word(28));
        let sound = header[..8] == MAGIC
            && word(8) == VERSION
            && word(36) == crc32fast::hash(&header[..36])
            && header[16..24] == first.to_le_bytes()
            && u64::from(blocks) == until - first;
        sound.then(|| Sealed { blocks, keys, bytes: Bytes::Memory(Vec::new()) })
    }

    fn length(&self) -> u64 {
        self.pairs_at() + u64::from(self.keys) * PAIR_LEN as u64
    }

    fn pairs_at(&self) -> u64 {
        HEADER_LEN as u64 + u64::from(self.blocks) * 4
    }

    /// Returns where a block begins, counted from the segment's first.
    pub fn offset(&self, block: u32) -> io::Result<Option<u64>> {
        if block >= self.blocks {
            return Ok(None);
        }
        let mut bytes = [0; 4];
        self.open_bytes()?.read(&mut bytes, HEADER_LEN as u64 + u64::from(block) * 4)?;
        Ok(Some(u64::from(u32::from_le_bytes(bytes))))
    }

    /// Returns the newest places of a key, newest first, before `before`, at most `limit`.
    pub fn find(&self, key: u64, before: Option<Place>, limit: usize) -> io::Result<Vec<Place>> {
        let bound = match before {
            Some((block, entry)) => (key, block, entry),
            None => (key, u32::MAX, u32::MAX),
        };
        let opened = self.open_bytes()?;
        let low = self.rank(&opened, bound)?;
        let wanted = u32::try_from(limit).unwrap_or(u32::MAX).min(low);
        let mut bytes = vec![0; wanted as usize * PAIR_LEN];
        opened.read(&mut bytes, self.pairs_at() + u64::from(low - wanted) * PAIR_LEN as u64)?;
        let pairs = bytes.rchunks_exact(PAIR_LEN).map(pair);
        Ok(pairs.take_while(|pair| pair.0 == key).map(|(_, b, e)| (b, e)).collect())
    }

    /// Counts the places of a key from `from` up to `until`.
    pub fn count(&self, key: u64, from: Place, until: Place) -> io::Result<u64> {
        let opened = self.open_bytes()?;
        let low = self.rank(&opened, (key, from.0, from.1))?;
        let high = self.rank(&opened, (key, until.0, until.1))?;
        Ok(u64::from(high.saturating_sub(low)))
    }

    /// Returns how many pairs stand before `bound`.
    fn rank(&self, opened: &Opened<'_>, bound: (u64, u32, u32)) -> io::Result<u32> {
        let mut read = [0; PAIR_LEN];
        let (mut low, mut high) = (0, self.keys);
        while low < high {
            let middle = low + (high - low) / 2;
            opened.read(&mut read, self.pairs_at() + u64::from(middle) * PAIR_LEN as u64)?;
            if pair(&read) < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn open_bytes(&self) -> io::Result<Opened<'_>> {
        Ok(match &self.bytes {
            Bytes::Path(path) => Opened::File(File::open(path)?),
            Bytes::Memory(bytes) => Opened::Memory(bytes),
        })
    }
}

impl Opened<'_> {
    fn read(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Opened::File(file) => file.read_exact_at(out, at),
            Opened::Memory(bytes) => {
                let at = at as usize;
                let found = bytes.get(at..at + out.len());
                out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

fn pair(bytes: &[u8]) -> (u64, u32, u32) {
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
    (u64::from(word(0)) | u64::from(word(4)) << 32, word(8), word(12))
}

/// Returns the CRC-32 of all that follows the header.
fn checksum(file: &File, length: u64) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    let mut at = HEADER_LEN as u64;
    while at < length {
        let wanted = buffer.len().min((length - at) as usize);
        file.read_exact_at(&mut buffer[..wanted], at)?;
        hasher.update(&buffer[..wanted]);
        at += wanted as u64;
    }
    Ok(hasher.finalize())
}
