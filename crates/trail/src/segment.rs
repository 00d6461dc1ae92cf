//! Segment files: a header, then blocks without a gap. `segments/<first block>.seg`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::block::{Block, Flaw, HEAD_LEN, Head, MAGIC};

/// A segment is sealed once it has this many bytes.
pub const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// A segment is sealed once it has this many blocks; bounds what the open one holds in memory.
pub const SEGMENT_BLOCKS_MAX: usize = 1 << 18;
/// A segment is sealed once it has this many keys, for the same reason.
pub const SEGMENT_KEYS_MAX: usize = 1 << 19;

/// Length of a segment's header: magic, version, first block, CRC-32.
pub const HEADER_LEN: u64 = 32;
const HEADER_MAGIC: [u8; 8] = *b"SKTRAIL\n";
/// Version of the segment format that is written.
pub const VERSION: u32 = 1;

/// What is wrong with a segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum HeaderFlaw {
    #[error("its header breaks off")]
    Short,
    #[error("its header is not that of a segment, or was altered")]
    Form,
    #[error("it is of format version {0}, which this program does not know")]
    Version(u32),
    #[error("its header names block {0} as its first")]
    First(u64),
}

/// Returns the header of the segment that starts with block `first`.
pub fn header(first: u64) -> [u8; HEADER_LEN as usize] {
    let mut bytes = [0; HEADER_LEN as usize];
    bytes[..8].copy_from_slice(&HEADER_MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..24].copy_from_slice(&first.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..28].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Checks a header against the segment's name.
pub fn check_header(bytes: &[u8], first: u64) -> Result<(), HeaderFlaw> {
    let Some(bytes) = bytes.first_chunk::<{ HEADER_LEN as usize }>() else {
        return Err(HeaderFlaw::Short);
    };
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
    if bytes[..8] != HEADER_MAGIC || word(24) != crc32fast::hash(&bytes[..24]) {
        return Err(HeaderFlaw::Form);
    }
    if word(8) != VERSION {
        return Err(HeaderFlaw::Version(word(8)));
    }
    let said = u64::from(word(16)) | u64::from(word(20)) << 32;
    if said != first {
        return Err(HeaderFlaw::First(said));
    }
    if *bytes == header(first) { Ok(()) } else { Err(HeaderFlaw::Form) }
}

/// Returns the folder of segments.
pub fn dir(trail: &Path) -> PathBuf {
    trail.join("segments")
}

/// Returns the path of the segment that starts with block `first`.
pub fn path(trail: &Path, first: u64) -> PathBuf {
    dir(trail).join(format!("{first:020}.seg"))
}

/// Lists the first blocks of all segments, in order.
pub fn list(trail: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for item in fs::read_dir(dir(trail))? {
        let name = item?.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(".seg")).and_then(number);
        firsts.extend(first);
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Reads the twenty digits of a segment's name.
pub fn number(digits: &str) -> Option<u64> {
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// What stands at one place of a segment.
#[derive(Debug)]
pub enum Found {
    /// A sound block.
    Block(Box<Block>),
    /// The end of the file.
    End,
    /// Something else.
    Bad(Flaw),
}

/// Reads what stands at `at` in a file of `length` bytes. Checks the checksum, not the root.
pub fn read(file: &File, at: u64, length: u64) -> io::Result<Found> {
    if at >= length {
        return Ok(Found::End);
    }
    let head = match read_head(file, at, length)? {
        Ok(head) => head,
        Err(flaw) => return Ok(Found::Bad(flaw)),
    };
    if head.disk_len() > length - at {
        return Ok(Found::Bad(Flaw::Short));
    }
    let mut bytes = vec![0; head.disk_len() as usize];
    file.read_exact_at(&mut bytes, at)?;
    Ok(match Block::decode(&bytes) {
        Ok(block) => Found::Block(Box::new(block)),
        Err(flaw) => Found::Bad(flaw),
    })
}

/// Reads a block's head only.
pub fn read_head(file: &File, at: u64, length: u64) -> io::Result<Result<Head, Flaw>> {
    let mut bytes = [0; HEAD_LEN];
    if length.saturating_sub(at) < HEAD_LEN as u64 {
        return Ok(Err(Flaw::Short));
    }
    file.read_exact_at(&mut bytes, at)?;
    Ok(Head::read(&bytes))
}

/// Returns where the next sound block after `at` begins, if there is one. A torn write has none
/// after it; damage in the middle does.
pub fn next_sound(file: &File, at: u64, length: u64) -> io::Result<Option<u64>> {
    const WINDOW: usize = 1 << 20;
    let mut window = Vec::new();
    let mut from = at + 1;
    while from + HEAD_LEN as u64 <= length {
        window.resize(WINDOW.min((length - from) as usize), 0);
        file.read_exact_at(&mut window, from)?;
        for (offset, bytes) in window.windows(MAGIC.len()).enumerate() {
            if bytes == MAGIC {
                let place = from + offset as u64;
                if matches!(read(file, place, length)?, Found::Block(_)) {
                    return Ok(Some(place));
                }
            }
        }
        // Windows overlap, so that a magic across their border is seen.
        from += (window.len() - (MAGIC.len() - 1)).max(1) as u64;
    }
    Ok(None)
}
