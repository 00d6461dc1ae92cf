//! Reading a trail, from any thread, while it grows.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use crate::block::{Block, Flaw};
use crate::index::{self, Growing, Place};
use crate::merkle::{self, Hash};
use crate::note::{Checkpoint, Verifier};
use crate::segment::{self, Found};
use crate::tile::Tiles;
use crate::{Position, Proof};

/// Bytes of unpacked blocks that are kept for the next reader.
const CACHE_BYTES_MAX: usize = 8 << 20;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ReadError {
    #[error("cannot read `{path}`")]
    Io { path: String, source: io::Error },
    #[error("there is no entry {0} in the trail")]
    Missing(Position),
    #[error("block {block} of the trail is damaged: {flaw}; run `sockeye verify`")]
    Damaged { block: u64, flaw: Flaw },
    #[error("the trail has no signed checkpoint yet")]
    Unsigned,
    #[error("the trail cannot be read: {0}")]
    Form(String),
}

/// A handle for readers; cheap to clone, safe to share.
#[derive(Clone, Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub dir: PathBuf,
    pub verifier: Verifier,
    pub tiles: Tiles,
    state: RwLock<State>,
    cache: Mutex<Cache>,
}

/// What exists. Changed only by the writer, after the disk has it.
#[derive(Debug)]
pub(crate) struct State {
    pub sealed: Vec<Arc<Segment>>,
    pub open: Growing,
    pub open_bytes: u64,
    pub sealed_bytes: u64,
    pub checkpoint: Option<(Checkpoint, String)>,
}

/// A sealed segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub first: u64,
    /// First block after it.
    pub until: u64,
    index: OnceLock<index::Sealed>,
}

#[derive(Debug, Default)]
struct Cache {
    blocks: VecDeque<Arc<Block>>,
    bytes: usize,
}

impl Segment {
    pub fn new(first: u64, until: u64) -> Segment {
        Segment { first, until, index: OnceLock::new() }
    }

    /// Returns the segment's index; makes it in memory if the file is missing or not sound.
    pub fn index(&self, dir: &Path) -> io::Result<&index::Sealed> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = match index::Sealed::open(dir, self.first, self.until, index::Check::Whole)? {
            Some(index) => index,
            None => index::Sealed::in_memory(&index::Sealed::rebuild(dir, self.first)?),
        };
        Ok(self.index.get_or_init(|| index))
    }
}

impl State {
    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.open.first() + self.open.blocks() as u64
    }
}

impl Shared {
    pub fn new(dir: &Path, verifier: Verifier, state: State) -> Shared {
        let (state, cache) = (RwLock::new(state), Mutex::default());
        Shared { dir: dir.to_owned(), verifier, tiles: Tiles::new(dir), state, cache }
    }

    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn io(&self, path: &Path) -> impl FnOnce(io::Error) -> ReadError + use<> {
        let path = path.display().to_string();
        move |source| ReadError::Io { path, source }
    }
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Reader {
        Reader { shared }
    }

    /// Opens a trail to read what it holds now, whether or not someone writes to it. What is added
    /// later is not seen.
    pub fn open(dir: &Path) -> Result<Reader, ReadError> {
        let path = dir.join("vkey");
        let io = |source| ReadError::Io { path: path.display().to_string(), source };
        let text = fs::read_to_string(&path).map_err(io)?;
        let verifier: Verifier = text
            .trim_end()
            .parse()
            .map_err(|_| ReadError::Form(format!("`{}` holds no verifier key", path.display())))?;
        let note = fs::read_to_string(dir.join("checkpoint")).ok();
        let io = |source| ReadError::Io { path: dir.display().to_string(), source };
        let mut found = load(dir).map_err(io)?;
        found.state.checkpoint = note.and_then(|note| Some((verifier.open(&note).ok()?, note)));
        Ok(Reader { shared: Arc::new(Shared::new(dir, verifier, found.state)) })
    }

    /// Number of blocks that are durable.
    pub fn blocks(&self) -> u64 {
        self.shared.state().blocks()
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        let state = self.shared.state();
        state.sealed_bytes + state.open_bytes
    }

    /// Returns the newest signed checkpoint, as a C2SP note.
    pub fn checkpoint(&self) -> Option<String> {
        self.shared.state().checkpoint.as_ref().map(|(_, note)| note.clone())
    }

    /// Returns what checks this trail's signatures.
    pub fn verifier(&self) -> &Verifier {
        &self.shared.verifier
    }

    /// Returns a block, unpacked.
    pub fn block(&self, number: u64) -> Result<Arc<Block>, ReadError> {
        if let Some(block) = self.cached(number) {
            return Ok(block);
        }
        let (first, offset) = self.locate(number)?;
        let path = segment::path(&self.shared.dir, first);
        let file = File::open(&path).map_err(self.shared.io(&path))?;
        let length = file.metadata().map_err(self.shared.io(&path))?.len();
        let found = segment::read(&file, offset, length).map_err(self.shared.io(&path))?;
        let flaw = match found {
            Found::Block(block) if block.head.number == number => {
                let block = Arc::new(*block);
                self.keep(&block);
                return Ok(block);
            }
            Found::Block(block) => Flaw::Number(block.head.number),
            Found::End => Flaw::Short,
            Found::Bad(flaw) => flaw,
        };
        Err(ReadError::Damaged { block: number, flaw })
    }

    /// Returns an entry's bytes.
    pub fn entry(&self, position: Position) -> Result<Vec<u8>, ReadError> {
        let block = self.block(position.block)?;
        block.entry(position.entry).map(<[u8]>::to_vec).ok_or(ReadError::Missing(position))
    }

    /// Returns the newest entries under any of the keys, newest first, before `before`, at most
    /// `limit`. Looks into the index of each segment from the newest back until it has enough.
    pub fn find(
        &self,
        keys: &[u64],
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Position>, ReadError> {
        let (mut found, sealed) = self.find_open(keys, before, limit);
        for segment in sealed.iter().rev() {
            if found.len() >= limit {
                break;
            }
            if before.is_some_and(|before| before.block < segment.first) {
                continue;
            }
            let before = before.filter(|before| before.block < segment.until);
            let before = before.map(|before| place(segment.first, before));
            let path = index::path(&self.shared.dir, segment.first);
            let index = segment.index(&self.shared.dir).map_err(self.shared.io(&path))?;
            let mut places = Vec::new();
            for key in keys {
                let wanted = limit - found.len();
                places.extend(index.find(*key, before, wanted).map_err(self.shared.io(&path))?);
            }
            add(&mut found, segment.first, places, limit);
        }
        Ok(found)
    }

    /// Counts the entries under a key from `from` up to `until`, by the indexes alone.
    pub fn count(&self, key: u64, from: Position, until: Position) -> Result<u64, ReadError> {
        let (mut count, sealed) = {
            let state = self.shared.state();
            let first = state.open.first();
            let place = |position| place(first, position);
            (state.open.count(key, place(from), place(until)), state.sealed.clone())
        };
        let start = sealed.partition_point(|segment| segment.until <= from.block);
        for segment in sealed[start..].iter().take_while(|segment| segment.first <= until.block) {
            let path = index::path(&self.shared.dir, segment.first);
            let index = segment.index(&self.shared.dir).map_err(self.shared.io(&path))?;
            let (from, until) = (place(segment.first, from), place(segment.first, until));
            count += index.count(key, from, until).map_err(self.shared.io(&path))?;
        }
        Ok(count)
    }

    /// Returns what the open segment has, and the sealed ones of that moment.
    fn find_open(
        &self,
        keys: &[u64],
        before: Option<Position>,
        limit: usize,
    ) -> (Vec<Position>, Vec<Arc<Segment>>) {
        let mut found = Vec::new();
        let state = self.shared.state();
        let first = state.open.first();
        if before.is_none_or(|before| before.block >= first) {
            let before = before.map(|before| {
                (u32::try_from(before.block - first).unwrap_or(u32::MAX), before.entry)
            });
            let places = keys.iter().flat_map(|key| state.open.find(*key, before, limit));
            add(&mut found, first, places.collect(), limit);
        }
        (found, state.sealed.clone())
    }

    /// Proves that an entry stands in the log under the newest checkpoint.
    pub fn prove(&self, position: Position) -> Result<Proof, ReadError> {
        let signed = self.shared.state().checkpoint.clone();
        let (checkpoint, note) = signed.ok_or(ReadError::Unsigned)?;
        if position.block >= checkpoint.size {
            return Err(ReadError::Missing(position));
        }
        let block = self.block(position.block)?;
        if position.entry >= block.len() {
            return Err(ReadError::Missing(position));
        }
        let leaves = block.leaves();
        let entry = u64::from(position.entry);
        let Ok(path) = merkle::inclusion(&leaves[..], entry, leaves.len() as u64);
        let tiles = self.shared.dir.join("tile");
        let nodes = self.shared.tiles.at(checkpoint.size);
        let log_path = merkle::inclusion(&nodes, position.block, checkpoint.size)
            .map_err(self.shared.io(&tiles))?;
        Ok(Proof {
            position,
            entries: block.len(),
            path,
            block_root: block.head.root,
            log_path,
            checkpoint: note,
        })
    }

    /// Proves that the log at `size` blocks continues the log at `old` blocks.
    pub fn consistency(&self, old: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        if size > self.blocks() {
            return Err(ReadError::Missing(Position { block: size, entry: 0 }));
        }
        let tiles = self.shared.dir.join("tile");
        merkle::consistency(&self.shared.tiles.at(size), old, size).map_err(self.shared.io(&tiles))
    }

    /// Returns the signed checkpoint of the commit that wrote a block, as a C2SP note.
    pub fn checkpoint_at(&self, block: u64) -> Result<String, ReadError> {
        let head = self.block(block)?.head.clone();
        let tiles = self.shared.dir.join("tile");
        let frontier = self.shared.tiles.frontier(block + 1).map_err(self.shared.io(&tiles))?;
        let origin = self.shared.verifier.name().to_owned();
        let checkpoint = Checkpoint { origin, size: block + 1, root: frontier.root() };
        Ok(self.shared.verifier.note(&checkpoint, &head.signature))
    }

    fn locate(&self, number: u64) -> Result<(u64, u64), ReadError> {
        let missing = ReadError::Missing(Position { block: number, entry: 0 });
        let segment = {
            let state = self.shared.state();
            if let Some(offset) = state.open.offset(number) {
                return Ok((state.open.first(), offset));
            }
            let at = state.sealed.partition_point(|segment| segment.until <= number);
            state.sealed.get(at).filter(|segment| segment.first <= number).cloned()
        };
        let segment = segment.ok_or(missing)?;
        let path = index::path(&self.shared.dir, segment.first);
        let index = segment.index(&self.shared.dir).map_err(self.shared.io(&path))?;
        let offset = index
            .offset((number - segment.first) as u32)
            .map_err(self.shared.io(&path))?
            .ok_or(ReadError::Damaged { block: number, flaw: Flaw::Short })?;
        Ok((segment.first, offset))
    }

    fn cached(&self, number: u64) -> Option<Arc<Block>> {
        let cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.blocks.iter().find(|block| block.head.number == number).cloned()
    }

    fn keep(&self, block: &Arc<Block>) {
        let mut cache = self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.bytes += block.weight();
        cache.blocks.push_back(Arc::clone(block));
        while cache.bytes > CACHE_BYTES_MAX {
            let Some(oldest) = cache.blocks.pop_front() else { break };
            cache.bytes -= oldest.weight();
        }
    }
}

/// Returns a position as a place of the segment that starts with block `first`, or as the nearest
/// bound of that segment.
fn place(first: u64, position: Position) -> Place {
    match position.block.checked_sub(first) {
        Some(block) => (u32::try_from(block).unwrap_or(u32::MAX), position.entry),
        None => (0, 0),
    }
}

/// Adds places of one segment to what newer segments gave, newest first, each once.
fn add(found: &mut Vec<Position>, first: u64, mut places: Vec<Place>, limit: usize) {
    places.sort_unstable_by(|left, right| right.cmp(left));
    places.dedup();
    let wanted = limit - found.len();
    found.extend(
        places
            .into_iter()
            .take(wanted)
            .map(|(block, entry)| Position { block: first + u64::from(block), entry }),
    );
}

/// What a look at the segments gave.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub state: State,
    /// Roots and signatures of the open segment's sound blocks.
    pub open_heads: Vec<(Hash, [u8; 64])>,
    /// Where the sound blocks of the last segment end, and what stands there instead of the end.
    pub flaw: Option<String>,
    /// Whether the last segment's header is sound.
    pub header_sound: bool,
}

/// Looks at the segments: the sealed ones by name, the last one block by block.
pub(crate) fn load(dir: &Path) -> io::Result<Loaded> {
    let firsts = segment::list(dir)?;
    let last = firsts.last().copied().unwrap_or(0);
    let mut sealed = Vec::new();
    let mut sealed_bytes = 0;
    for pair in firsts.windows(2) {
        sealed.push(Arc::new(Segment::new(pair[0], pair[1])));
        sealed_bytes += fs::metadata(segment::path(dir, pair[0]))?.len();
    }
    let open = Growing::new(last);
    let state = State { sealed, open, open_bytes: 0, sealed_bytes, checkpoint: None };
    let mut loaded = Loaded { state, open_heads: Vec::new(), flaw: None, header_sound: true };
    let Some(first) = firsts.first() else { return Ok(loaded) };
    if *first != 0 {
        loaded.flaw = Some(format!("the segments before block {first} are missing"));
    }
    scan_open(dir, last, &mut loaded)?;
    Ok(loaded)
}

fn scan_open(dir: &Path, first: u64, loaded: &mut Loaded) -> io::Result<()> {
    let file = File::open(segment::path(dir, first))?;
    let length = file.metadata()?.len();
    let mut header = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(&file, segment::HEADER_LEN), &mut header)?;
    if let Err(flaw) = segment::check_header(&header, first) {
        loaded.header_sound = false;
        loaded.flaw.get_or_insert(flaw.to_string());
        return Ok(());
    }
    let mut at = segment::HEADER_LEN;
    loop {
        let number = loaded.state.blocks();
        let flaw = match segment::read(&file, at, length)? {
            Found::End => break,
            Found::Bad(flaw) => flaw,
            Found::Block(block) if block.head.number != number => Flaw::Number(block.head.number),
            Found::Block(block) if merkle::root(&block.leaves()) != block.head.root => Flaw::Root,
            Found::Block(block) => {
                loaded.state.open.push_block(at, &block);
                loaded.open_heads.push((block.head.root, block.head.signature));
                at += block.head.disk_len();
                continue;
            }
        };
        loaded.flaw.get_or_insert(flaw.to_string());
        break;
    }
    loaded.state.open_bytes = at;
    Ok(())
}
