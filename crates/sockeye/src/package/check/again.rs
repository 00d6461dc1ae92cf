//! Raw records proved one by one, and every result judged again from them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use control::catalogue::ServiceModel;
use control::evidence::{Line, VERSION};
use control::facts::{Facts, Gather, Kind};
use control::package::{self, Manifest};
use control::{Catalogue, CatalogueFile, ControlResult, Question};
use event::Time;
use serde::Deserialize;
use trail::{Checkpoint, Position, Proof, Verifier};

use super::files::text;
use super::{Again, Checked, Noted};

/// Longest line of an evidence file.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// An entry that was proved.
pub struct Proved {
    position: Position,
    line: Line,
    noted: Noted,
}

#[derive(Deserialize)]
struct Record {
    position: Position,
    entry: String,
    proof: serde_json::Map<String, serde_json::Value>,
}

/// What `package.json` says of the question and its answers.
#[derive(Deserialize)]
struct Package {
    question: Question,
    service_model: ServiceModel,
    as_of: Time,
    controls: serde_json::Value,
    criteria: serde_json::Value,
    sources: serde_json::Value,
}

/// Proves every raw record; returns the entries in the order of the trail if all are sound.
pub fn records(
    dir: &Path,
    manifest: &Manifest,
    verifier: &Verifier,
    checkpoint: &Checkpoint,
    checked: &mut Checked,
) -> Option<Vec<Proved>> {
    let note = text(dir, package::CHECKPOINT, checked)?;
    let mut entries = Vec::new();
    let before = checked.faults.len();
    for one in &manifest.evidence {
        let file = match File::open(dir.join(&one.path)) {
            Ok(file) => file,
            Err(error) => {
                checked.fault(&one.path, format!("it cannot be read: {error}"));
                continue;
            }
        };
        let mut lines = BufReader::new(file);
        let mut number = 0_u64;
        let mut bytes = Vec::new();
        while next_line(&mut lines, &mut bytes) {
            number += 1;
            match prove(&bytes, one.kind, number, &note, verifier) {
                Ok(proved) => entries.push(proved),
                Err(what) => checked.fault(&one.path, format!("line {number}: {what}")),
            }
        }
        if number != one.included {
            let what = format!("it has {number} records, the manifest says {}", one.included);
            checked.fault(&one.path, what);
        }
    }
    if checked.faults.len() > before {
        return None;
    }
    checked.proved.push(format!(
        "{count} of {count} raw records stand in the trail under that checkpoint ({} blocks); 0 \
         altered.",
        checkpoint.size,
        count = entries.len(),
    ));
    entries.sort_by_key(|one| one.position);
    Some(entries)
}

fn next_line(lines: &mut BufReader<File>, bytes: &mut Vec<u8>) -> bool {
    bytes.clear();
    let read = lines.take(LINE_BYTES_MAX).read_until(b'\n', bytes);
    read.is_ok_and(|count| count > 0)
}

fn prove(
    bytes: &[u8],
    kind: Kind,
    number: u64,
    note: &str,
    verifier: &Verifier,
) -> Result<Proved, String> {
    let record: Record =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no record: {error}"))?;
    let position = record.position;
    let mut proof = record.proof;
    proof.insert("position".to_owned(), position.to_string().into());
    proof.insert("checkpoint".to_owned(), note.into());
    let proof: Proof = serde_json::from_value(proof.into())
        .map_err(|error| format!("record {position} has no proof: {error}"))?;
    let entry = record.entry.as_bytes();
    proof
        .check(entry, verifier)
        .map_err(|error| format!("record {position} is not what the trail holds: {error}"))?;
    let line: Line = serde_json::from_slice(entry)
        .map_err(|error| format!("record {position} cannot be read: {error}"))?;
    if line.v != VERSION || Kind::of(&line.entry) != Some(kind) {
        return Err(format!("record {position} is of another kind or version"));
    }
    let noted = Noted {
        position: position.to_string(),
        kind,
        sha256: package::sha256(entry),
        bytes: entry.len() as u64,
        line: number,
    };
    Ok(Proved { position, line, noted })
}

/// Judges every control again from the records, and compares with what the package says.
pub fn judge(
    dir: &Path,
    manifest: Manifest,
    entries: Vec<Proved>,
    checked: &mut Checked,
) -> Option<Again> {
    let before = checked.faults.len();
    let json = text(dir, package::PACKAGE, checked)?;
    let stated = match serde_json::from_str::<Package>(&json) {
        Ok(stated) => stated,
        Err(error) => {
            checked.fault(package::PACKAGE, format!("it cannot be read: {error}"));
            return None;
        }
    };
    let (catalogue, files) = catalogue(dir, &manifest, checked);
    let mut gather = Gather::new(stated.question.period());
    for one in &entries {
        gather.see(&one.noted.position, &one.line.entry);
    }
    let facts = gather.finish(stated.as_of);
    let results = control::judge(&catalogue, &facts, stated.question, stated.service_model);
    compare(dir, &stated, &catalogue, &facts, &results, checked);
    if checked.faults.len() == before {
        checked.proved.push(format!(
            "{} controls judged again from these records by the catalogue in the package: every \
             result, population, gap and figure is the same.",
            results.len()
        ));
    }
    let records = entries.into_iter().map(|one| one.noted).collect();
    Some(Again { manifest, facts, catalogue: (catalogue, files), results, records })
}

/// Compares what was judged again with what the package says.
fn compare(
    dir: &Path,
    stated: &Package,
    catalogue: &Catalogue,
    facts: &Facts,
    results: &[ControlResult],
    checked: &mut Checked,
) {
    let rows = control::matrix(catalogue, results);
    let sources = match stated.question {
        Question::Type1 { .. } => Vec::new(),
        Question::Type2 { .. } => control::coverage::of_sources(facts),
    };
    let same = |stated: &serde_json::Value, found: Result<serde_json::Value, _>| {
        found.is_ok_and(|found: serde_json::Value| found == *stated)
    };
    let parts = [
        ("controls", same(&stated.controls, serde_json::to_value(results))),
        ("criteria", same(&stated.criteria, serde_json::to_value(&rows))),
        ("sources", same(&stated.sources, serde_json::to_value(&sources))),
    ];
    for (part, _) in parts.iter().filter(|(_, same)| !same) {
        let what = format!("`{part}` is not what the raw records give");
        checked.fault(package::PACKAGE, what);
    }
    let mut compare = |path: &str, wanted: String| {
        if text(dir, path, checked).is_some_and(|found| found != wanted) {
            checked.fault(path, "it is not what the raw records give");
        }
    };
    for result in results {
        for list in &result.populations {
            compare(&package::population_file(&result.id, &list.name), list.tested().csv());
        }
    }
    for figure in control::figure::figures(facts, catalogue, results, stated.question) {
        let path = format!("{}/input.csv", package::figure_folder(&figure.id));
        compare(&path, figure.table.csv());
    }
}

fn catalogue(
    dir: &Path,
    manifest: &Manifest,
    checked: &mut Checked,
) -> (Catalogue, Vec<CatalogueFile>) {
    let prefix = format!("{}/", package::CATALOGUE);
    let mut files = Vec::new();
    for note in &manifest.files {
        let Some(path) = note.path.strip_prefix(&prefix) else { continue };
        if let Some(text) = text(dir, &note.path, checked) {
            files.push(CatalogueFile { path: path.to_owned(), text: text.into() });
        }
    }
    let (catalogue, diagnostics) = Catalogue::load(&files);
    for diagnostic in diagnostics {
        let path = format!("{prefix}{}", diagnostic.path);
        checked.fault(&path, diagnostic.message);
    }
    (catalogue, files)
}
