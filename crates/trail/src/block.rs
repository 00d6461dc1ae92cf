//! One block: what one group commit wrote.
//!
//! ```text
//! head, 128 bytes, little endian          payload, zstd unless it would not shrink
//!   0 magic "SKB1"                           length of each entry     u32 × entries
//!   4 CRC-32 of all that follows             entry, key               (u32, u64) × keys
//!   8 number                       u64       entries, one after another
//!  16 payload as stored, in full   u32 u32
//!  24 entries, keys                u32 u32
//!  32 root                         32
//!  64 signature of the checkpoint  64
//! ```
//!
//! The root is that of an RFC 6962 tree whose leaves are the entries and, last, the *label*:
//! number, counts and keys. So the signature covers them too, and a proof of an entry needs only
//! its bytes.

use crate::merkle::{self, Frontier, Hash};

/// Largest entry.
pub const ENTRY_BYTES_MAX: usize = 32 << 20;
/// Most bytes in a block before compression, keys and lengths included.
pub const BLOCK_BYTES_MAX: usize = 64 << 20;
/// Most entries in a block.
pub const BLOCK_ENTRIES_MAX: usize = 1 << 16;
/// Most keys in a block.
pub const BLOCK_KEYS_MAX: usize = 1 << 20;

/// Length of a block's head.
pub const HEAD_LEN: usize = 128;
pub(crate) const MAGIC: [u8; 4] = *b"SKB1";
/// Below this, a payload is stored as it is.
const COMPRESS_BYTES_MIN: usize = 256;
const COMPRESS_LEVEL: i32 = 1;
const KEY_LEN: usize = 12;
/// Buffers grown beyond this by an unusual batch are given back.
const BUFFER_BYTES_KEPT: usize = 4 << 20;

/// What a block says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the block, from zero.
    pub number: u64,
    /// Bytes of the payload on disk.
    pub stored: u32,
    /// Bytes of the payload in full.
    pub plain: u32,
    /// Number of entries.
    pub entries: u32,
    /// Number of keys.
    pub keys: u32,
    /// Root over entries and label.
    pub root: Hash,
    /// Signature over the checkpoint that this block led to.
    pub signature: [u8; 64],
}

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum Flaw {
    #[error("it breaks off")]
    Short,
    #[error("no block begins here")]
    Magic,
    #[error("its lengths are impossible")]
    Length,
    #[error("its checksum differs")]
    Checksum,
    #[error("it cannot be decompressed")]
    Compression,
    #[error("its root differs from its entries")]
    Root,
    #[error("it says it is block {0}")]
    Number(u64),
    #[error("its signature does not match the log up to it")]
    Signature,
}

/// A block in memory.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it says of itself.
    pub head: Head,
    plain: Vec<u8>,
    /// Where each entry ends in `plain`.
    ends: Vec<u32>,
}

impl Head {
    pub(crate) fn read(bytes: &[u8; HEAD_LEN]) -> Result<Head, Flaw> {
        if bytes[..4] != MAGIC {
            return Err(Flaw::Magic);
        }
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        let head = Head {
            number: u64::from(word(8)) | u64::from(word(12)) << 32,
            stored: word(16),
            plain: word(20),
            entries: word(24),
            keys: word(28),
            root: std::array::from_fn(|i| bytes[32 + i]),
            signature: std::array::from_fn(|i| bytes[64 + i]),
        };
        let labels = head.entries as usize * 4 + head.keys as usize * KEY_LEN;
        let possible = head.entries > 0
            && head.entries as usize <= BLOCK_ENTRIES_MAX
            && head.keys as usize <= BLOCK_KEYS_MAX
            && head.plain as usize <= BLOCK_BYTES_MAX
            && head.stored <= head.plain
            && labels <= head.plain as usize;
        if possible { Ok(head) } else { Err(Flaw::Length) }
    }

    fn write(&self, out: &mut [u8]) {
        out[..4].copy_from_slice(&MAGIC);
        out[8..16].copy_from_slice(&self.number.to_le_bytes());
        out[16..20].copy_from_slice(&self.stored.to_le_bytes());
        out[20..24].copy_from_slice(&self.plain.to_le_bytes());
        out[24..28].copy_from_slice(&self.entries.to_le_bytes());
        out[28..32].copy_from_slice(&self.keys.to_le_bytes());
        out[32..64].copy_from_slice(&self.root);
        out[64..128].copy_from_slice(&self.signature);
    }

    /// Returns the length of the whole block on disk.
    pub fn disk_len(&self) -> u64 {
        HEAD_LEN as u64 + u64::from(self.stored)
    }
}

/// Returns the checksum of a block, given all its bytes.
fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(&bytes[8..])
}

/// Returns the last leaf: what the block is besides its entries.
fn label(number: u64, entries: u32, keys: u32, pairs: &[u8]) -> Hash {
    let (number, entries, keys) = (number.to_le_bytes(), entries.to_le_bytes(), keys.to_le_bytes());
    merkle::leaf(&[b"sockeye block v1\n", &number, &entries, &keys, pairs])
}

impl Block {
    /// Reads a block from exactly its bytes. Checks lengths and checksum, not the root.
    pub fn decode(bytes: &[u8]) -> Result<Block, Flaw> {
        let head: &[u8; HEAD_LEN] = bytes.first_chunk().ok_or(Flaw::Short)?;
        let crc = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let head = Head::read(head)?;
        if bytes.len() as u64 != head.disk_len() {
            return Err(Flaw::Short);
        }
        if checksum(bytes) != crc {
            return Err(Flaw::Checksum);
        }
        let stored = &bytes[HEAD_LEN..];
        let plain = if head.stored == head.plain {
            stored.to_vec()
        } else {
            zstd::bulk::decompress(stored, head.plain as usize).map_err(|_| Flaw::Compression)?
        };
        if plain.len() != head.plain as usize {
            return Err(Flaw::Compression);
        }
        let ends = ends(&head, &plain).ok_or(Flaw::Length)?;
        Ok(Block { head, plain, ends })
    }

    /// Number of entries.
    pub fn len(&self) -> u32 {
        self.head.entries
    }

    /// A block is never empty.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns an entry.
    pub fn entry(&self, index: u32) -> Option<&[u8]> {
        let index = index as usize;
        let until = *self.ends.get(index)? as usize;
        let from = match index.checked_sub(1) {
            Some(before) => self.ends[before] as usize,
            None => self.labels_end(),
        };
        Some(&self.plain[from..until])
    }

    /// Returns the entries in order.
    pub fn entries(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map_while(|index| self.entry(index))
    }

    /// Returns each key with its entry, in entry order.
    pub fn keys(&self) -> impl Iterator<Item = (u64, u32)> {
        self.pairs().chunks_exact(KEY_LEN).map(|pair| {
            let entry = u32::from_le_bytes([0, 1, 2, 3].map(|i| pair[i]));
            let key = u64::from_le_bytes([4, 5, 6, 7, 8, 9, 10, 11].map(|i| pair[i]));
            (key, entry)
        })
    }

    /// Returns the hashes of entries and label: the leaves of the block's tree.
    pub fn leaves(&self) -> Vec<Hash> {
        let mut leaves: Vec<Hash> = self.entries().map(|entry| merkle::leaf(&[entry])).collect();
        leaves.push(label(self.head.number, self.head.entries, self.head.keys, self.pairs()));
        leaves
    }

    /// Returns the bytes held in memory.
    pub(crate) fn weight(&self) -> usize {
        self.plain.len() + self.ends.len() * 4
    }

    fn labels_end(&self) -> usize {
        self.ends.len() * 4 + self.head.keys as usize * KEY_LEN
    }

    fn pairs(&self) -> &[u8] {
        &self.plain[self.ends.len() * 4..self.labels_end()]
    }
}

fn ends(head: &Head, plain: &[u8]) -> Option<Vec<u32>> {
    let entries = head.entries as usize;
    let mut at = entries * 4 + head.keys as usize * KEY_LEN;
    let mut ends = Vec::with_capacity(entries);
    for length in plain[..entries * 4].chunks_exact(4) {
        let length = u32::from_le_bytes([0, 1, 2, 3].map(|i| length[i]));
        at = at.checked_add(length as usize).filter(|&at| at <= plain.len())?;
        ends.push(u32::try_from(at).ok()?);
    }
    (at == plain.len()).then_some(ends)
}

/// Turns entries into blocks; keeps its buffers between calls.
pub(crate) struct Encoder {
    plain: Vec<u8>,
    /// Room for a block; its length is kept, so that it is not cleared each time.
    disk: Vec<u8>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

/// A block but for its signature.
pub(crate) struct Unsigned<'a> {
    head: Head,
    disk: &'a mut [u8],
}

impl Encoder {
    pub fn new() -> std::io::Result<Encoder> {
        let zstd = zstd::bulk::Compressor::new(COMPRESS_LEVEL)?;
        Ok(Encoder { plain: Vec::new(), disk: Vec::new(), zstd })
    }

    /// Lays out a block. The caller has kept the bounds.
    pub fn encode(
        &mut self,
        number: u64,
        entries: &[(&[u8], &[u64])],
    ) -> std::io::Result<Unsigned<'_>> {
        self.plain.clear();
        self.plain.shrink_to(BUFFER_BYTES_KEPT);
        self.disk.truncate(BUFFER_BYTES_KEPT);
        self.disk.shrink_to(BUFFER_BYTES_KEPT);
        for (bytes, _) in entries {
            self.plain.extend((bytes.len() as u32).to_le_bytes());
        }
        let lengths_end = self.plain.len();
        let mut keys = 0_u32;
        for (index, (_, entry_keys)) in (0_u32..).zip(entries) {
            for key in *entry_keys {
                self.plain.extend(index.to_le_bytes());
                self.plain.extend(key.to_le_bytes());
                keys += 1;
            }
        }
        let labels_end = self.plain.len();
        let mut tree = Frontier::default();
        for (bytes, _) in entries {
            self.plain.extend_from_slice(bytes);
            tree.push(merkle::leaf(&[bytes]));
        }
        let count = entries.len() as u32;
        tree.push(label(number, count, keys, &self.plain[lengths_end..labels_end]));
        let stored = self.fill()?;
        let head = Head {
            number,
            stored: stored as u32,
            plain: self.plain.len() as u32,
            entries: count,
            keys,
            root: tree.root(),
            signature: [0; 64],
        };
        Ok(Unsigned { head, disk: &mut self.disk[..HEAD_LEN + stored] })
    }

    /// Lays the payload out behind the head, compressed if that is worth it; returns its length.
    fn fill(&mut self) -> std::io::Result<usize> {
        let room = HEAD_LEN + zstd::zstd_safe::compress_bound(self.plain.len());
        if self.disk.len() < room {
            self.disk.resize(room, 0);
        }
        let payload = &mut self.disk[HEAD_LEN..];
        if self.plain.len() >= COMPRESS_BYTES_MIN {
            let length = self.zstd.compress_to_buffer(&self.plain, payload)?;
            if length < self.plain.len() {
                return Ok(length);
            }
        }
        payload[..self.plain.len()].copy_from_slice(&self.plain);
        Ok(self.plain.len())
    }
}

impl<'a> Unsigned<'a> {
    /// Root over entries and label.
    pub fn root(&self) -> Hash {
        self.head.root
    }

    /// Adds signature and checksum; returns the head and the block as it goes to disk.
    pub fn sign(mut self, signature: [u8; 64]) -> (Head, &'a [u8]) {
        self.head.signature = signature;
        self.head.write(&mut self.disk[..HEAD_LEN]);
        let crc = checksum(self.disk);
        self.disk[4..8].copy_from_slice(&crc.to_le_bytes());
        (self.head, self.disk)
    }
}

/// Returns the length of a payload in full.
pub fn plain_len(entries: usize, keys: usize, bytes: usize) -> usize {
    entries * 4 + keys * KEY_LEN + bytes
}
