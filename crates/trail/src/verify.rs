//! Checking a trail offline: everything is recomputed from the blocks, and whatever differs is
//! named. Needs nothing but the folder; a trail that is being written to can be checked too, up to
//! its checkpoint.

mod files;
mod walk;
mod words;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::note::{Checkpoint, Verifier};
use walk::Walk;

/// Faults that are named; further ones are counted.
pub const FAULTS_LEN_MAX: usize = 1000;
/// Longest witness file that is read.
pub const WITNESS_BYTES_MAX: u64 = 64 << 20;

/// What is known from elsewhere, to check against.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    /// The verifier key as someone kept it outside; otherwise the trail's own is believed.
    pub key: Option<Verifier>,
    /// Files with checkpoints that were kept outside.
    pub witnesses: Vec<PathBuf>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// File, below the trail, and place in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What a witness file showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// The file.
    pub file: String,
    /// Checkpoints in it that this trail continues.
    pub checkpoints: u64,
    /// Size of the log at the newest of them.
    pub newest: u64,
}

/// Result of checking a trail.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// Name of the log.
    pub origin: String,
    /// The key that checked the signatures.
    pub verifier_key: String,
    /// Whether that key was given, rather than taken from the trail.
    pub key_given: bool,
    /// Whether someone was writing meanwhile; then only what the checkpoint covers was checked.
    pub live: bool,
    /// Segments read.
    pub segments: u64,
    /// Sound blocks.
    pub blocks: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes of the segments.
    pub bytes: u64,
    /// The signed checkpoint.
    pub checkpoint: Option<String>,
    /// Number of blocks that it covers.
    pub signed_blocks: u64,
    /// What is wrong, at most [`FAULTS_LEN_MAX`].
    pub faults: Vec<Fault>,
    /// Faults beyond that.
    pub faults_unnamed: u64,
    /// What witnesses showed.
    pub witnesses: Vec<Witness>,
}

/// Checks a trail. An error means that it could not be read, not that it is wrong.
pub fn verify(dir: &Path, known: &Verify) -> io::Result<Verification> {
    let folder = File::open(dir)?;
    // Held to the end, so that no one starts writing meanwhile.
    let reach = match folder.try_lock_shared() {
        Ok(()) => Reach::Whole,
        Err(fs::TryLockError::WouldBlock) => Reach::Signed,
        Err(fs::TryLockError::Error(error)) => return Err(error),
    };
    let mut faults = Faults::default();
    let verifier = key(dir, known, &mut faults)?;
    let (checkpoint, note) = checkpoint(dir, verifier.as_ref(), &mut faults)?;
    let mut walk = Walk::new(dir, verifier.as_ref(), checkpoint.as_ref(), reach, &mut faults);
    walk.witness(&known.witnesses)?;
    walk.segments()?;
    walk.end()?;
    let (totals, witnesses) = walk.into_parts();
    if reach == Reach::Whole {
        files::unexpected(dir, totals.size, &mut faults)?;
    }
    Ok(Verification {
        origin: verifier.as_ref().map(|key| key.name().to_owned()).unwrap_or_default(),
        verifier_key: verifier.as_ref().map(Verifier::to_string).unwrap_or_default(),
        key_given: known.key.is_some(),
        live: reach == Reach::Signed,
        segments: totals.segments,
        blocks: totals.blocks,
        entries: totals.entries,
        bytes: totals.bytes,
        checkpoint: note,
        signed_blocks: checkpoint.map_or(0, |checkpoint| checkpoint.size),
        faults: faults.named,
        faults_unnamed: faults.unnamed,
        witnesses,
    })
}

/// How far a trail is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// All of it: nobody writes to it.
    Whole,
    /// Up to its checkpoint: somebody does.
    Signed,
}

/// Faults found so far.
#[derive(Debug, Default)]
struct Faults {
    named: Vec<Fault>,
    unnamed: u64,
}

impl Faults {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.named.len() < FAULTS_LEN_MAX {
            self.named.push(Fault { place: place.into(), what: what.into() });
        } else {
            self.unnamed += 1;
        }
    }

    fn count(&self) -> u64 {
        self.named.len() as u64 + self.unnamed
    }
}

fn key(dir: &Path, known: &Verify, faults: &mut Faults) -> io::Result<Option<Verifier>> {
    let text = match fs::read(dir.join("vkey")) {
        Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            faults.add("vkey", "the verifier key is missing");
            return Ok(known.key.clone());
        }
        Err(error) => return Err(error),
    };
    let own: Option<Verifier> = text.strip_suffix('\n').and_then(|text| text.parse().ok());
    let own = own.filter(|own| format!("{own}\n") == text);
    if own.is_none() {
        faults.add("vkey", "it is no verifier key, or was altered");
    }
    match (&known.key, &own) {
        (Some(given), Some(own)) if given != own => {
            faults.add("vkey", "it is another key than the one given");
        }
        _ => (),
    }
    Ok(known.key.clone().or(own))
}

fn checkpoint(
    dir: &Path,
    verifier: Option<&Verifier>,
    faults: &mut Faults,
) -> io::Result<(Option<Checkpoint>, Option<String>)> {
    let note = match fs::read(dir.join("checkpoint")) {
        Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        Err(error) => return Err(error),
    };
    let Some(verifier) = verifier else { return Ok((None, Some(note))) };
    match verifier.open(&note) {
        Ok(checkpoint) => {
            let signatures = note.lines().filter(|line| line.starts_with("— ")).count();
            if signatures != 1 {
                faults.add("checkpoint", "it has signatures that this program did not write");
            }
            Ok((Some(checkpoint), Some(note)))
        }
        Err(error) => {
            faults.add("checkpoint", error.to_string());
            Ok((None, Some(note)))
        }
    }
}
