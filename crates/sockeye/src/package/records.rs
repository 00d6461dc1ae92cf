//! Raw records of a package: each with its proof from its bytes to the signed checkpoint.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use control::evidence::Line;
use control::facts::Kind;
use control::package::{self, Evidence, FileNote};
use data_encoding::HEXLOWER;
use event::{Period, Time};
use report::RecordNote;
use serde::Serialize;
use trail::merkle::{self, Hash};
use trail::{Block, Position, Proof, Reader};

use super::Order;
use crate::evidence::Gathered;

/// A line of an evidence file. The checkpoint of the proof stands once in the package.
#[derive(Serialize)]
struct Record<'a> {
    position: Position,
    entry: &'a str,
    proof: serde_json::Value,
}

/// Writes the raw records that the facts rest on, and says where each stands.
pub fn write(
    out: &Path,
    gathered: &Gathered,
    order: &Order<'_>,
    records: &mut BTreeMap<String, RecordNote>,
    notes: &mut Vec<FileNote>,
) -> anyhow::Result<Vec<Evidence>> {
    fs::create_dir_all(out.join("evidence"))?;
    let mut evidence = Vec::new();
    for kind in Kind::ALL {
        let mut positions: Vec<Position> = Vec::new();
        for text in gathered.support.of(kind) {
            positions.push(text.parse()?);
        }
        positions.sort_unstable();
        positions.dedup();
        let path = package::evidence_file(kind);
        let picked = (positions.len() > order.records_max).then_some(order.hours);
        let mut file = Sink::new(out, &path)?;
        let mut prover = Prover::new(gathered);
        for position in &positions {
            let (block, proof) = prover.prove(*position)?;
            let bytes = block.entry(position.entry).context("the block ends before the entry")?;
            if !picked.is_none_or(|hours| is_within(bytes, hours)) {
                continue;
            }
            file.put(&Record { position: *position, entry: std::str::from_utf8(bytes)?, proof })?;
            let note = RecordNote {
                kind,
                sha256: package::sha256(bytes),
                bytes: bytes.len() as u64,
                line: file.lines,
            };
            records.insert(position.to_string(), note);
        }
        let (needed, included) = (positions.len() as u64, file.lines);
        notes.push(file.finish(&path)?);
        evidence.push(Evidence { kind, path, needed, included });
    }
    Ok(evidence)
}

/// Tells whether an entry belongs to one of the hours.
fn is_within(bytes: &[u8], hours: &[Time]) -> bool {
    let Ok(line) = serde_json::from_slice::<Line>(bytes) else { return false };
    let time = line.entry.time();
    hours
        .iter()
        .any(|hour| Period { from: *hour, until: hour.plus(60 * Time::MINUTE) }.contains(time))
}

/// Proves entries of one block after the other without hashing the block anew for each.
struct Prover<'a> {
    reader: &'a Reader,
    at: Option<Proved>,
}

struct Proved {
    block: Arc<Block>,
    leaves: Vec<Hash>,
    first: Proof,
}

impl<'a> Prover<'a> {
    fn new(gathered: &'a Gathered) -> Prover<'a> {
        Prover { reader: &gathered.reader, at: None }
    }

    fn prove(&mut self, position: Position) -> anyhow::Result<(Arc<Block>, serde_json::Value)> {
        if self.at.as_ref().is_none_or(|at| at.first.position.block != position.block) {
            let block = self.reader.block(position.block)?;
            let first = self.reader.prove(position)?;
            self.at = Some(Proved { leaves: block.leaves(), block, first });
        }
        let at = self.at.as_ref().context("the block was just read")?;
        let leaves = at.leaves.as_slice();
        let Ok(path) = merkle::inclusion(leaves, position.entry.into(), leaves.len() as u64);
        let proof = Proof { position, path, ..at.first.clone() };
        let mut value = serde_json::to_value(&proof)?;
        if let Some(fields) = value.as_object_mut() {
            fields.shift_remove("checkpoint");
            fields.shift_remove("position");
        }
        Ok((Arc::clone(&at.block), value))
    }
}

/// A file of lines that is hashed while it is written.
struct Sink {
    file: BufWriter<File>,
    hash: sha2::Sha256,
    lines: u64,
    bytes: u64,
}

impl Sink {
    fn new(out: &Path, path: &str) -> anyhow::Result<Sink> {
        let path = out.join(path);
        let file =
            File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        let hash = <sha2::Sha256 as sha2::Digest>::new();
        Ok(Sink { file: BufWriter::new(file), hash, lines: 0, bytes: 0 })
    }

    fn put(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        sha2::Digest::update(&mut self.hash, &line);
        self.file.write_all(&line)?;
        self.lines += 1;
        self.bytes += line.len() as u64;
        Ok(())
    }

    fn finish(mut self, path: &str) -> anyhow::Result<FileNote> {
        self.file.flush()?;
        let digest = sha2::Digest::finalize(self.hash);
        let sha256 = HEXLOWER.encode(&digest);
        Ok(FileNote { path: path.to_owned(), sha256, bytes: self.bytes })
    }
}
