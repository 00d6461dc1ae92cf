//! The walk over all blocks, from the first to the last.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Faults, Reach, WITNESS_BYTES_MAX, Witness};
use crate::block::{Block, Flaw};
use crate::index::{self, Growing};
use crate::merkle::{self, Frontier, Hash};
use crate::note::{Checkpoint, Verifier};
use crate::segment::{self, Found};
use crate::tile::{self, Edge, Tiles};

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub segments: u64,
    pub blocks: u64,
    pub entries: u64,
    pub bytes: u64,
    /// Blocks that the log should have.
    pub size: u64,
}

pub struct Walk<'a> {
    dir: &'a Path,
    verifier: Option<&'a Verifier>,
    checkpoint: Option<&'a Checkpoint>,
    reach: Reach,
    faults: &'a mut Faults,
    tiles: Tiles,
    frontier: Frontier,
    edge: Edge,
    totals: Totals,
    /// Number of the next block that was already named as damaged.
    named: Option<u64>,
    /// Roots that witnesses saw, by size.
    seen: BTreeMap<u64, Vec<(usize, Hash)>>,
    witnesses: Vec<Witness>,
}

impl<'a> Walk<'a> {
    pub fn new(
        dir: &'a Path,
        verifier: Option<&'a Verifier>,
        checkpoint: Option<&'a Checkpoint>,
        reach: Reach,
        faults: &'a mut Faults,
    ) -> Walk<'a> {
        Walk {
            dir,
            verifier,
            checkpoint,
            reach,
            faults,
            tiles: Tiles::new(dir),
            frontier: Frontier::default(),
            edge: Edge::default(),
            totals: Totals::default(),
            named: None,
            seen: BTreeMap::new(),
            witnesses: Vec::new(),
        }
    }

    pub fn into_parts(self) -> (Totals, Vec<Witness>) {
        (self.totals, self.witnesses)
    }

    /// Reads the checkpoints that were kept outside.
    pub fn witness(&mut self, files: &[PathBuf]) -> io::Result<()> {
        for path in files {
            let name = path.display().to_string();
            let mut text = String::new();
            File::open(path)?.take(WITNESS_BYTES_MAX).read_to_string(&mut text)?;
            let index = self.witnesses.len();
            self.witnesses.push(Witness { file: name.clone(), checkpoints: 0, newest: 0 });
            for note in notes(&text) {
                let opened = self.verifier.map(|verifier| verifier.open(&note));
                match opened {
                    Some(Ok(seen)) => {
                        self.seen.entry(seen.size).or_default().push((index, seen.root));
                    }
                    Some(Err(error)) => {
                        self.faults.add(&name, format!("a witnessed checkpoint: {error}"));
                    }
                    None => (),
                }
            }
        }
        self.meet_witnesses();
        Ok(())
    }

    /// Walks through all segments.
    pub fn segments(&mut self) -> io::Result<()> {
        let firsts = segment::list(self.dir)?;
        for (at, first) in firsts.iter().enumerate() {
            if self.complete() {
                break;
            }
            let found = self.segment(*first)?;
            let Some(growing) = found.filter(|_| self.reach == Reach::Whole) else { continue };
            let path = index::path(self.dir, *first);
            // The open segment need not have an index.
            if at + 1 < firsts.len() || fs::exists(&path)? {
                self.index(&path, &growing)?;
            }
        }
        Ok(())
    }

    /// Tells whether all that can be checked while someone writes was.
    fn complete(&self) -> bool {
        let signed = self.checkpoint.map_or(0, |checkpoint| checkpoint.size);
        self.reach == Reach::Signed && self.frontier.size() >= signed
    }

    /// Walks through one segment. Returns what its index should be, if all of it is sound.
    fn segment(&mut self, first: u64) -> io::Result<Option<Growing>> {
        let name = format!("segments/{first:020}.seg");
        let faults_before = self.faults.count();
        let file = File::open(segment::path(self.dir, first))?;
        let length = file.metadata()?.len();
        let mut header = Vec::new();
        (&file).take(segment::HEADER_LEN).read_to_end(&mut header)?;
        if let Err(flaw) = segment::check_header(&header, first) {
            self.faults.add(&name, flaw.to_string());
        }
        if first > self.frontier.size() {
            self.skip_to(first)?;
        }
        let mut growing = Growing::new(first);
        let mut at = segment::HEADER_LEN;
        while !self.complete() {
            match segment::read(&file, at, length)? {
                Found::End => break,
                Found::Block(block) => {
                    growing.push_block(at, &block);
                    self.block(&format!("{name} at byte {at}"), &block)?;
                    at += block.head.disk_len();
                }
                Found::Bad(flaw) => {
                    let block = self.frontier.size();
                    self.named = Some(block);
                    self.faults
                        .add(format!("{name} at byte {at}, block {block}"), flaw.to_string());
                    match segment::next_sound(&file, at, length)? {
                        Some(next) => at = next,
                        None => break,
                    }
                }
            }
        }
        self.totals.segments += 1;
        self.totals.bytes += length;
        Ok((self.faults.count() == faults_before).then_some(growing))
    }

    /// Compares a segment's key index with its blocks.
    fn index(&mut self, path: &Path, growing: &Growing) -> io::Result<()> {
        let name = format!("segments/{:020}.idx", growing.first());
        match fs::read(path) {
            Ok(bytes) if bytes == growing.encode() => (),
            Ok(_) => self.faults.add(name, "the key index differs from the blocks"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.faults.add(name, "the key index is missing");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Checks one sound-looking block against the log.
    fn block(&mut self, place: &str, block: &Block) -> io::Result<()> {
        let (number, expected) = (block.head.number, self.frontier.size());
        if number < expected {
            let what = format!("block {number} stands here, where {expected} should");
            self.faults.add(place, what);
            return Ok(());
        }
        if number > expected {
            self.skip_to(number)?;
        }
        self.named = None;
        if merkle::root(&block.leaves()) != block.head.root {
            self.faults.add(format!("{place}, block {number}"), Flaw::Root.to_string());
        }
        self.totals.blocks += 1;
        self.totals.entries += u64::from(block.len());
        let own = merkle::leaf(&[&block.head.root]);
        let mut tip = self.frontier.clone();
        tip.push(own);
        if self.signs(&tip, &block.head.signature) {
            return self.push(own);
        }
        self.faults.add(format!("{place}, block {number}"), Flaw::Signature.to_string());
        // The tiles tell what stood here, so that later blocks can still be checked.
        let leaf = self.tile_leaf(number).unwrap_or(own);
        self.push(leaf)
    }

    fn signs(&self, tip: &Frontier, signature: &[u8; 64]) -> bool {
        let Some(verifier) = self.verifier else { return true };
        let origin = verifier.name().to_owned();
        verifier.accepts(&Checkpoint { origin, size: tip.size(), root: tip.root() }, signature)
    }

    /// Goes on at block `number`: those before it are missing.
    fn skip_to(&mut self, number: u64) -> io::Result<()> {
        let from = self.frontier.size();
        // A single damaged block was named where it stands.
        if self.named != Some(from) || number - from > 1 {
            let what = match number - from {
                1 => format!("block {from} is missing"),
                _ => format!("blocks {from} to {} are missing", number - 1),
            };
            self.faults.add("segments", what);
        }
        self.named = None;
        for block in from..number {
            let Some(leaf) = self.tile_leaf(block) else { break };
            self.push(leaf)?;
        }
        // Without tiles the log cannot be followed across the hole; its end will not match.
        while self.frontier.size() < number {
            self.push(merkle::empty())?;
        }
        Ok(())
    }

    fn tile_leaf(&self, block: u64) -> Option<Hash> {
        let size =
            self.checkpoint.map(|checkpoint| checkpoint.size).filter(|&size| block < size)?;
        self.tiles.leaf(block, size).ok()
    }

    fn push(&mut self, leaf: Hash) -> io::Result<()> {
        self.frontier.push(leaf);
        self.edge.push(leaf);
        for (level, number, bytes) in self.edge.take_full() {
            self.tile(level, number, None, &bytes)?;
        }
        self.meet_witnesses();
        Ok(())
    }

    fn meet_witnesses(&mut self) {
        let size = self.frontier.size();
        let Some(roots) = self.seen.remove(&size) else { return };
        let root = self.frontier.root();
        for (index, seen) in roots {
            let witness = &mut self.witnesses[index];
            if seen == root {
                witness.checkpoints += 1;
                witness.newest = size;
            } else {
                let what = format!("the log of {size} blocks that it saw is not this one");
                self.faults.add(witness.file.clone(), what);
            }
        }
    }

    fn tile(
        &mut self,
        level: u32,
        number: u64,
        width: Option<u64>,
        bytes: &[u8],
    ) -> io::Result<()> {
        let path = tile::path(level, number, width);
        let place = path.display().to_string();
        match fs::read(self.dir.join(&path)) {
            Ok(found) if found == bytes => (),
            Ok(_) => self.faults.add(place, "it differs from the blocks"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.faults.add(place, "it is missing");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Compares the end of the log with what was signed.
    pub fn end(&mut self) -> io::Result<()> {
        let signed = self.checkpoint.map_or(0, |checkpoint| checkpoint.size);
        if self.frontier.size() < signed {
            self.skip_to(signed)?;
        }
        self.totals.size = self.frontier.size();
        if self.reach == Reach::Whole {
            let partial: Vec<_> = self.edge.partial().collect();
            for (level, number, bytes) in partial {
                self.tile(level, number, Some(bytes.len() as u64 / 32), &bytes)?;
            }
        }
        match self.checkpoint {
            Some(checkpoint) if checkpoint.size != self.frontier.size() => self.faults.add(
                "checkpoint",
                format!("it covers {signed} blocks of {}", self.frontier.size()),
            ),
            Some(checkpoint) if checkpoint.root != self.frontier.root() => {
                self.faults.add("checkpoint", "the blocks do not lead to its signed root");
            }
            None if self.frontier.size() > 0 && self.faults.count() == 0 => {
                self.faults.add("checkpoint", "the signed checkpoint is missing");
            }
            _ => (),
        }
        for (size, roots) in std::mem::take(&mut self.seen) {
            for (index, _) in roots {
                let what = format!(
                    "it saw {size} blocks, and the trail has {}: its end was cut off",
                    self.frontier.size()
                );
                self.faults.add(self.witnesses[index].file.clone(), what);
            }
        }
        Ok(())
    }
}

/// Splits a witness file into notes: each ends at the empty line after its signatures.
fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = String::new();
    let mut signed = false;
    for line in text.split_inclusive('\n') {
        if line == "\n" && signed {
            notes.push(std::mem::take(&mut note));
            signed = false;
            continue;
        }
        signed |= line.starts_with("— ");
        note.push_str(line);
    }
    if !note.is_empty() {
        notes.push(note);
    }
    notes
}
