//! A trail in a temporary folder, and entries to put into it.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use trail::{Committed, Options, Recovery, Trail, Verification, Verify};

pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn trail(&self) -> PathBuf {
        self.folder.path().join("trail")
    }

    pub fn open(&self) -> (Trail, Recovery) {
        self.open_keeping(0).unwrap()
    }

    pub fn open_keeping(&self, keep: u64) -> Result<(Trail, Recovery), trail::OpenError> {
        open(self.folder.path(), keep)
    }

    pub fn verify(&self) -> Verification {
        trail::verify(&self.trail(), &Verify::default()).unwrap()
    }

    /// Makes a trail of `blocks` blocks with a few entries each, closed cleanly.
    pub fn filled(blocks: u64) -> Place {
        let place = Place::new();
        let (mut trail, _) = place.open();
        for block in 0..blocks {
            append(&mut trail, block);
        }
        trail.close().unwrap();
        place
    }
}

pub fn open(folder: &Path, keep: u64) -> Result<(Trail, Recovery), trail::OpenError> {
    open_with_segments(folder, keep, trail::SEGMENT_BYTES_MAX)
}

/// Opens a trail whose segments are sealed after so many bytes.
pub fn open_with_segments(
    folder: &Path,
    keep: u64,
    segment_bytes_max: u64,
) -> Result<(Trail, Recovery), trail::OpenError> {
    let key = folder.join("keys/trail.key");
    let origin = "example.org/trail";
    Trail::open(&folder.join("trail"), &Options { origin, key: &key, keep, segment_bytes_max })
}

/// Appends one block: `block % 3 + 1` entries, with the keys 7 and 100 + block.
pub fn append(trail: &mut Trail, block: u64) -> Committed {
    let entries: Vec<Vec<u8>> = (0..=block % 3).map(|entry| text(block, entry)).collect();
    let keys = [7, 100 + block];
    let entries: Vec<(&[u8], &[u64])> =
        entries.iter().map(|entry| (entry.as_slice(), keys.as_slice())).collect();
    trail.append(&entries).unwrap()
}

pub fn text(block: u64, entry: u64) -> Vec<u8> {
    let mut text = format!("entry {entry} of block {block}: ").into_bytes();
    text.resize(60 + (block as usize * 37) % 400, b'.');
    text
}
