//! The Merkle log on disk, in the layout of C2SP tlog-tiles: `tile/<level>/<number>`, 256 hashes
//! each, and `tile/<level>/<number>.p/<width>` while it grows.
//!
//! The log's entries are the block roots, 32 bytes each. They stand in the blocks, so entry bundles
//! are not written. Tiles are made from segments and can be made again; the signed root tells
//! whether they are right.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::failpoint::reach;
use crate::merkle::{self, Frontier, Hash, Nodes};

/// Hashes in a full tile.
pub const TILE_LEN: u64 = 256;
/// Tiles that a reader keeps.
const CACHE_LEN_MAX: usize = 64;
const HASH_LEN: usize = 32;

/// Returns the path of a tile, below the trail; `width` is that of a partial one.
pub fn path(level: u32, number: u64, width: Option<u64>) -> PathBuf {
    let mut groups = vec![format!("{:03}", number % 1000)];
    let mut rest = number / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let name = format!("tile/{level}/{}", groups.join("/"));
    match width {
        Some(width) => PathBuf::from(format!("{name}.p/{width}")),
        None => PathBuf::from(name),
    }
}

/// The growing edge of the tiles: what a commit adds to.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    levels: Vec<Level>,
    /// Full tiles that are not on disk yet.
    full: Vec<(u32, u64, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    number: u64,
    hashes: Vec<Hash>,
    /// Width of the partial tile on disk.
    on_disk: u64,
}

impl Edge {
    /// Returns the edge of a log of `size` blocks, read from its partial tiles.
    pub fn open(tiles: &Tiles, size: u64) -> io::Result<Edge> {
        let mut levels = Vec::new();
        let mut count = size;
        while count > 0 {
            let (number, width) = (count / TILE_LEN, count % TILE_LEN);
            let hashes = match width {
                0 => Vec::new(),
                _ => tiles.load(levels.len() as u32, number, width)?,
            };
            levels.push(Level { number, hashes, on_disk: width });
            count /= TILE_LEN;
        }
        Ok(Edge { levels, full: Vec::new() })
    }

    /// Adds the hash of a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for at in 0.. {
            if self.levels.len() == at {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[at];
            level.hashes.push(hash);
            if (level.hashes.len() as u64) < TILE_LEN {
                return;
            }
            hash = merkle::root(&level.hashes);
            self.full.push((at as u32, level.number, level.hashes.concat()));
            level.hashes.clear();
            level.number += 1;
        }
    }

    /// Returns the tiles that grow: level, number, bytes.
    pub fn partial(&self) -> impl Iterator<Item = (u32, u64, Vec<u8>)> {
        let levels = (0_u32..).zip(&self.levels);
        levels
            .filter(|(_, level)| !level.hashes.is_empty())
            .map(|(at, level)| (at, level.number, level.hashes.concat()))
    }

    /// Takes the tiles that became full: level, number, bytes.
    pub fn take_full(&mut self) -> Vec<(u32, u64, Vec<u8>)> {
        std::mem::take(&mut self.full)
    }

    /// Writes what is not on disk yet. May be called again after an error.
    pub fn write(&mut self, trail: &Path) -> io::Result<()> {
        while let Some((level, number, bytes)) = self.full.last() {
            write(&trail.join(path(*level, *number, None)), bytes)?;
            let partial = trail.join(path(*level, *number, Some(1)));
            let partials = partial.parent().expect("a partial tile is in a folder");
            remove_dir(partials)?;
            self.levels[*level as usize].on_disk = 0;
            self.full.pop();
        }
        for (at, level) in (0_u32..).zip(&mut self.levels) {
            let width = level.hashes.len() as u64;
            if width == level.on_disk {
                continue;
            }
            write(&trail.join(path(at, level.number, Some(width))), &level.hashes.concat())?;
            let old = std::mem::replace(&mut level.on_disk, width);
            if old > 0 {
                crate::disk::remove(&trail.join(path(at, level.number, Some(old))))?;
            }
        }
        reach("tile.written")
    }

    /// Has the next [`write`](Edge::write) write every partial tile anew, and removes what an
    /// interrupted one may have left.
    pub fn renew(&mut self, trail: &Path) -> io::Result<()> {
        for (at, level) in (0_u32..).zip(&mut self.levels) {
            level.on_disk = 0;
            for number in [level.number.checked_sub(1), Some(level.number)].into_iter().flatten() {
                let partial = trail.join(path(at, number, Some(1)));
                remove_dir(partial.parent().expect("a partial tile is in a folder"))?;
            }
            // A full tile that the signed log does not have yet.
            crate::disk::remove(&trail.join(path(at, level.number, None)))?;
        }
        let above = trail.join("tile").join(self.levels.len().to_string());
        remove_dir(&above)
    }
}

fn remove_dir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (head, _) = bytes.split_at(bytes.len() / 2);
    if cfg!(feature = "failpoint") {
        // Half a tile is there when the point is reached.
        let _ = fs::write(path, head);
        reach("tile.torn")?;
    }
    match fs::write(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().expect("a tile is in a folder"))?;
            fs::write(path, bytes)
        }
        done => done,
    }
}

/// Reads the tiles of a trail.
#[derive(Debug)]
pub struct Tiles {
    trail: PathBuf,
    /// Full tiles read lately.
    cache: Mutex<HashMap<(u32, u64), Vec<Hash>>>,
}

impl Tiles {
    /// Returns a reader for the tiles below a trail.
    pub fn new(trail: &Path) -> Tiles {
        Tiles { trail: trail.to_owned(), cache: Mutex::default() }
    }

    /// Returns the first `width` hashes of a tile.
    fn load(&self, level: u32, number: u64, width: u64) -> io::Result<Vec<Hash>> {
        let length = width as usize;
        let mut cache = self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(hashes) = cache.get(&(level, number)) {
            return Ok(hashes[..length].to_vec());
        }
        let full = read(&self.trail.join(path(level, number, None)))?;
        if let Some(hashes) = full.filter(|hashes| hashes.len() == TILE_LEN as usize) {
            if cache.len() >= CACHE_LEN_MAX {
                cache.clear();
            }
            let wanted = hashes[..length].to_vec();
            cache.insert((level, number), hashes);
            return Ok(wanted);
        }
        drop(cache);
        // A wider tile than the one asked for holds it: the log has grown meanwhile.
        for wider in width..TILE_LEN {
            let partial = read(&self.trail.join(path(level, number, Some(wider))))?;
            if let Some(hashes) = partial.filter(|hashes| hashes.len() as u64 == wider) {
                return Ok(hashes[..length].to_vec());
            }
        }
        let missing = path(level, number, Some(width)).display().to_string();
        Err(io::Error::new(io::ErrorKind::NotFound, format!("{missing} is missing or damaged")))
    }

    /// Returns the frontier of the log at `size`, as the tiles have it.
    pub fn frontier(&self, size: u64) -> io::Result<Frontier> {
        let mut peaks = Vec::new();
        let mut from = 0;
        for level in (0..64).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(self.at(size).complete(level, from >> level)?);
            from += 1 << level;
        }
        Frontier::new(size, peaks).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Returns the nodes of the log at `size`.
    pub fn at(&self, size: u64) -> At<'_> {
        At { tiles: self, size }
    }

    /// Returns the hash of one leaf of a log of `size` blocks.
    pub fn leaf(&self, index: u64, size: u64) -> io::Result<Hash> {
        self.at(size).complete(0, index)
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<Hash>>> {
    match fs::read(path) {
        Ok(bytes) if bytes.len().is_multiple_of(HASH_LEN) => {
            let hashes = bytes.chunks_exact(HASH_LEN);
            Ok(Some(hashes.map(|hash| std::array::from_fn(|i| hash[i])).collect()))
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The log at one size, as the tiles have it.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    tiles: &'a Tiles,
    size: u64,
}

impl Nodes for At<'_> {
    type Error = io::Error;

    fn complete(&self, level: u32, index: u64) -> io::Result<Hash> {
        let (tile_level, within) = (level / 8, level % 8);
        let first = index << within;
        let number = first / TILE_LEN;
        let hashes_at_level = self.size >> (8 * tile_level);
        let width = (hashes_at_level - number * TILE_LEN).min(TILE_LEN);
        let hashes = self.tiles.load(tile_level, number, width)?;
        let from = (first % TILE_LEN) as usize;
        let covered = hashes.get(from..from + (1 << within));
        covered.map(merkle::root).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_as_c2sp_says() {
        assert_eq!(path(0, 0, None), PathBuf::from("tile/0/000"));
        assert_eq!(path(1, 1_234_067, None), PathBuf::from("tile/1/x001/x234/067"));
        assert_eq!(path(0, 1000, Some(7)), PathBuf::from("tile/0/x001/000.p/7"));
    }
}
