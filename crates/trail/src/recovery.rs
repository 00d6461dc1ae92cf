//! Opening a trail for writing: what a crash left is put in order, and what only damage can explain
//! is named and left alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::block::{Encoder, Flaw};
use crate::disk;
use crate::index::{self, Check, Sealed};
use crate::merkle::{self, Frontier, Hash};
use crate::note::{Checkpoint, KeyError, Make, NoteError, Signer};
use crate::reader::{Loaded, Shared, load};
use crate::segment::{self, Found};
use crate::tile::Edge;
use crate::trail::{Condition, Trail};

/// What is needed to open a trail.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Name of the log, which its checkpoints carry: no spaces, no `+`.
    pub origin: &'a str,
    /// File with the signing key; made if the trail is new.
    pub key: &'a Path,
    /// Blocks that others already rely on: never cut, whatever their state.
    pub keep: u64,
    /// Bytes after which a segment is sealed; [`SEGMENT_BYTES_MAX`](crate::SEGMENT_BYTES_MAX) but
    /// in tests.
    pub segment_bytes_max: u64,
}

/// What was found and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of a torn final block that were cut.
    pub bytes_cut: u64,
    /// What else was put right, a sentence each.
    pub notes: Vec<String>,
}

/// Why a trail could not be opened at all.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum OpenError {
    #[error("another process writes to the trail `{0}`")]
    Held(String),
    #[error("cannot open the trail `{path}`")]
    Io { path: String, source: io::Error },
    #[error("cannot use the signing key")]
    Key(#[from] KeyError),
    #[error("the trail belongs to the log and key `{found}`, not to `{wanted}`")]
    Foreign { found: String, wanted: String },
}

impl Trail {
    /// Opens a trail, or makes one. After a crash it goes on where the last durable block ended.
    /// If a block is damaged that a crash cannot have damaged, the trail is only read.
    pub fn open(dir: &Path, options: &Options<'_>) -> Result<(Trail, Recovery), OpenError> {
        let io = |source| OpenError::Io { path: dir.display().to_string(), source };
        fs::create_dir_all(segment::dir(dir)).map_err(io)?;
        let lock = File::open(dir).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(fs::TryLockError::WouldBlock) => {
                return Err(OpenError::Held(dir.display().to_string()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        let signer = open_signer(dir, options)?;
        let loaded = load(dir).map_err(io)?;
        let mut recovery = Recovery::default();
        let mut opening =
            Opening { dir, signer: &signer, keep: options.keep, loaded, damage: None };
        let (frontier, edge) = opening.recover(&mut recovery).map_err(io)?;
        let Opening { loaded, damage, .. } = opening;
        let last = loaded.open_heads.last().map(|(_, signature)| *signature);
        let first = loaded.state.open.first();
        let file = match fs::exists(segment::path(dir, first)).map_err(io)? {
            true => {
                let path = segment::path(dir, first);
                let writable = damage.is_none();
                let file = OpenOptions::new().read(true).write(writable).open(path);
                Some(file.map_err(io)?)
            }
            false => None,
        };
        let shared = Arc::new(Shared::new(dir, signer.verifier().clone(), loaded.state));
        let mut trail = Trail {
            shared,
            signer,
            frontier,
            edge,
            encoder: Encoder::new().map_err(io)?,
            file,
            condition: damage.map_or(Condition::Writable, Condition::ReadOnly),
            unpublished: last,
            segment_bytes_max: options.segment_bytes_max.min(segment::SEGMENT_BYTES_MAX),
            _lock: lock,
        };
        trail.finish(&mut recovery).map_err(io)?;
        Ok((trail, recovery))
    }

    /// Writes tiles and checkpoint as they should be, or, damaged, only reads the checkpoint.
    fn finish(&mut self, recovery: &mut Recovery) -> io::Result<()> {
        if self.condition != Condition::Writable {
            let note = fs::read_to_string(self.shared.dir.join("checkpoint")).unwrap_or_default();
            if let Ok(checkpoint) = self.shared.verifier.open(&note) {
                self.shared.change(|state| state.checkpoint = Some((checkpoint, note)));
            }
            return Ok(());
        }
        disk::remove(&self.shared.dir.join("checkpoint.tmp"))?;
        for leftover in fs::read_dir(segment::dir(&self.shared.dir))? {
            let path = leftover?.path();
            if path.extension().is_some_and(|extension| extension == "tmp") {
                disk::remove(&path)?;
            }
        }
        self.edge.renew(&self.shared.dir)?;
        if self.unpublished.is_none() && self.frontier.size() > 0 {
            // The newest block lies in a sealed segment: the open one is new and empty.
            let block = self.reader().block(self.frontier.size() - 1);
            self.unpublished = Some(block.map_err(io::Error::other)?.head.signature);
        }
        if let Err(error) = self.publish() {
            // A full disk is no reason not to open: the next append publishes first.
            recovery.notes.push(format!("the checkpoint could not be written: {error}"));
        }
        Ok(())
    }
}

fn open_signer(dir: &Path, options: &Options<'_>) -> Result<Signer, OpenError> {
    let path = dir.join("vkey");
    let io = |source| OpenError::Io { path: path.display().to_string(), source };
    let found = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io(error)),
    };
    // Without any block the trail is new, even if a first start was interrupted.
    let blocks = !segment::list(dir).map_err(io)?.is_empty();
    let make = if blocks { Make::Never } else { Make::Missing };
    let signer = Signer::open(options.key, options.origin, make)?;
    let wanted = format!("{}\n", signer.verifier());
    match found {
        Some(found) if found == wanted => Ok(signer),
        Some(found) if blocks => Err(OpenError::Foreign {
            found: found.trim_end().to_owned(),
            wanted: wanted.trim_end().to_owned(),
        }),
        _ => {
            disk::write_synced(&path, wanted.as_bytes()).map_err(io)?;
            disk::sync_dir(dir).map_err(io)?;
            Ok(signer)
        }
    }
}

struct Opening<'a> {
    dir: &'a Path,
    signer: &'a Signer,
    keep: u64,
    loaded: Loaded,
    /// What a crash cannot explain.
    damage: Option<String>,
}

/// What the checkpoint file holds.
enum Signed {
    /// Nothing: it is missing, or its bytes were lost with the power.
    Nothing,
    Checkpoint(Checkpoint),
    Bad(NoteError),
}

impl Opening<'_> {
    fn recover(&mut self, recovery: &mut Recovery) -> io::Result<(Frontier, Edge)> {
        let signed = self.checkpoint()?;
        let size = match &signed {
            Signed::Checkpoint(checkpoint) => checkpoint.size,
            Signed::Bad(error) => {
                self.damage = Some(format!("the checkpoint was altered: {error}"));
                0
            }
            Signed::Nothing => 0,
        };
        self.cut_torn_end(size.max(self.keep), recovery)?;
        let blocks = self.loaded.state.blocks();
        if size > blocks {
            self.damaged(format!("it ends after {blocks} blocks, and {size} were signed"));
        }
        self.index_sealed(recovery)?;
        let checkpoint = match signed {
            Signed::Checkpoint(checkpoint) if size <= blocks => Some(checkpoint),
            _ => None,
        };
        if checkpoint.is_none() && blocks > 0 && self.damage.is_none() {
            recovery.notes.push("the checkpoint was made again from the last block".into());
        }
        self.log(checkpoint, blocks, recovery)
    }

    fn damaged(&mut self, what: String) {
        self.damage.get_or_insert(what);
    }

    fn checkpoint(&self) -> io::Result<Signed> {
        let bytes = match fs::read(self.dir.join("checkpoint")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Signed::Nothing),
            Err(error) => return Err(error),
        };
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(Signed::Nothing);
        }
        let note = String::from_utf8(bytes).unwrap_or_default();
        Ok(match self.signer.verifier().open(&note) {
            Ok(checkpoint) => Signed::Checkpoint(checkpoint),
            Err(error) => Signed::Bad(error),
        })
    }

    /// Cuts what a write left that never ended: beyond all that was promised, and with nothing
    /// sound after it. Anything else that is wrong is damage.
    fn cut_torn_end(&mut self, promised: u64, recovery: &mut Recovery) -> io::Result<()> {
        let Some(flaw) = self.loaded.flaw.clone() else { return Ok(()) };
        let state = &mut self.loaded.state;
        let (first, block, at) = (state.open.first(), state.blocks(), state.open_bytes);
        let name = format!("segments/{first:020}.seg");
        let path = segment::path(self.dir, first);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let torn = block >= promised && segment::next_sound(&file, at, length)?.is_none();
        let known_version = !flaw.contains("version");
        if !torn || self.damage.is_some() || !known_version || first > 0 && state.sealed.is_empty()
        {
            self.damaged(format!("block {block}, at byte {at} of {name}: {flaw}"));
            return Ok(());
        }
        recovery.bytes_cut = length - at;
        if self.loaded.header_sound {
            file.set_len(at)?;
            return file.sync_all();
        }
        // The segment was being made. The one before it is the open one again.
        fs::remove_file(&path)?;
        disk::sync_dir(&segment::dir(self.dir))?;
        self.loaded = load(self.dir)?;
        if let Some(flaw) = self.loaded.flaw.clone() {
            self.damaged(format!("the last segment: {flaw}"));
        }
        Ok(())
    }

    /// Makes missing or damaged key indexes again.
    fn index_sealed(&mut self, recovery: &mut Recovery) -> io::Result<()> {
        for sealed in &self.loaded.state.sealed {
            if self.damage.is_some()
                || Sealed::open(self.dir, sealed.first, sealed.until, Check::Header)?.is_some()
            {
                continue;
            }
            let growing = Sealed::rebuild(self.dir, sealed.first)?;
            if growing.first() + growing.blocks() as u64 != sealed.until {
                let block = growing.first() + growing.blocks() as u64;
                self.damage = Some(format!("block {block} is missing or damaged"));
                break;
            }
            growing.write(self.dir)?;
            let first = sealed.first;
            recovery.notes.push(format!("the key index of segment {first} was made again"));
        }
        // An index of a segment that is open again would be out of date.
        if self.damage.is_none() {
            disk::remove(&index::path(self.dir, self.loaded.state.open.first()))?;
        }
        Ok(())
    }

    /// Brings the Merkle log to the last block, and compares it with what was signed.
    fn log(
        &mut self,
        checkpoint: Option<Checkpoint>,
        blocks: u64,
        recovery: &mut Recovery,
    ) -> io::Result<(Frontier, Edge)> {
        let tiles = crate::tile::Tiles::new(self.dir);
        let open_first = self.loaded.state.open.first();
        if let Some(signed) = checkpoint.as_ref().filter(|signed| signed.size >= open_first) {
            let from_tiles = tiles
                .frontier(signed.size)
                .and_then(|frontier| Ok((frontier, Edge::open(&tiles, signed.size)?)));
            if let Ok((mut frontier, mut edge)) = from_tiles
                && frontier.root() == signed.root
            {
                self.push_open(&mut frontier, &mut edge);
                return Ok((frontier, edge));
            }
        }
        if self.damage.is_some() {
            return Ok((Frontier::default(), Edge::default()));
        }
        let rebuilt = self.rebuild(checkpoint.as_ref(), blocks)?;
        if blocks > 0 && self.damage.is_none() {
            recovery.notes.push("the Merkle tiles were made again from the blocks".into());
        }
        Ok(rebuilt)
    }

    /// Adds the blocks that came after the checkpoint; each must be signed.
    fn push_open(&mut self, frontier: &mut Frontier, edge: &mut Edge) {
        let first = self.loaded.state.open.first();
        let heads = std::mem::take(&mut self.loaded.open_heads);
        for (root, signature) in &heads[(frontier.size() - first) as usize..] {
            let block = frontier.size();
            let leaf = merkle::leaf(&[root]);
            frontier.push(leaf);
            edge.push(leaf);
            if !self.signs(frontier, signature) {
                self.damaged(format!("block {block}: {}", Flaw::Signature));
                break;
            }
        }
        self.loaded.open_heads = heads;
    }

    fn signs(&self, frontier: &Frontier, signature: &[u8; 64]) -> bool {
        let verifier = self.signer.verifier();
        let origin = verifier.name().to_owned();
        let tip = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        verifier.accepts(&tip, signature)
    }

    /// Makes the whole log from the heads of all blocks.
    fn rebuild(
        &mut self,
        checkpoint: Option<&Checkpoint>,
        blocks: u64,
    ) -> io::Result<(Frontier, Edge)> {
        let (mut frontier, mut edge) = (Frontier::default(), Edge::default());
        let mut last = None;
        let spans = self.spans(blocks);
        for (first, until) in spans {
            for (root, signature) in heads(self.dir, first, until)? {
                let leaf = merkle::leaf(&[&root]);
                frontier.push(leaf);
                edge.push(leaf);
                last = Some(signature);
                let signed = checkpoint.filter(|signed| signed.size == frontier.size());
                if signed.is_some_and(|signed| signed.root != frontier.root()) {
                    self.damaged("its blocks are not those that were signed".into());
                }
            }
            edge.write(self.dir)?;
        }
        let signed = last.is_none_or(|signature| self.signs(&frontier, &signature));
        if frontier.size() != blocks || !signed {
            let block = frontier.size();
            self.damaged(format!("block {block}: {}", Flaw::Signature));
        }
        Ok((frontier, edge))
    }

    fn spans(&self, blocks: u64) -> Vec<(u64, u64)> {
        let state = &self.loaded.state;
        let mut spans: Vec<(u64, u64)> =
            state.sealed.iter().map(|segment| (segment.first, segment.until)).collect();
        if blocks > state.open.first() {
            spans.push((state.open.first(), blocks));
        }
        spans
    }
}

/// Returns root and signature of each block of a segment, as far as it goes.
fn heads(dir: &Path, first: u64, until: u64) -> io::Result<Vec<(Hash, [u8; 64])>> {
    let file = File::open(segment::path(dir, first))?;
    let length = file.metadata()?.len();
    let mut at = segment::HEADER_LEN;
    let mut heads = Vec::new();
    for number in first..until {
        match segment::read(&file, at, length)? {
            Found::Block(block) if block.head.number == number => {
                heads.push((block.head.root, block.head.signature));
                at += block.head.disk_len();
            }
            _ => break,
        }
    }
    Ok(heads)
}
