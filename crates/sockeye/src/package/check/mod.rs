//! Checks a report package offline: hashes, signature, proofs, figures, and every result judged
//! again from the raw records. Needs the folder, `trail` and `control`; no server, no key of ours.

mod again;
mod files;
mod numbers;

use std::path::Path;

use control::facts::{Facts, Kind};
use control::package::{self, Manifest};
use control::{Catalogue, CatalogueFile, ControlResult};
use serde::Serialize;
use trail::{Checkpoint, Verifier};

/// Most faults that are named; further ones are counted.
const FAULTS_MAX: usize = 1000;

/// What checking a package showed.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// What was proved, in plain sentences.
    pub proved: Vec<String>,
    /// What rests on the organisation's own key alone, or on nothing in the package.
    pub rests: Vec<String>,
    /// What is wrong, each with its file.
    pub faults: Vec<Fault>,
    /// Faults beyond those named.
    pub faults_unnamed: u64,
}

/// What the package was made from, worked out again from its raw records.
pub struct Again {
    /// The manifest.
    pub manifest: Manifest,
    /// The facts.
    pub facts: Facts,
    /// The catalogue in the package, and its files.
    pub catalogue: (Catalogue, Vec<CatalogueFile>),
    /// The results.
    pub results: Vec<ControlResult>,
    /// The raw records.
    pub records: Vec<Noted>,
}

/// A raw record that was proved.
pub struct Noted {
    /// Where the trail has it.
    pub position: String,
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Line of its file, from 1.
    pub line: u64,
}

/// Something that is not as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// File, within the package.
    pub file: String,
    /// What is wrong.
    pub what: String,
}

impl Checked {
    /// Notes that something is wrong.
    pub fn fault(&mut self, file: &str, what: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { file: file.to_owned(), what: what.into() });
        } else {
            self.faults_unnamed += 1;
        }
    }

    /// Tells whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checks a package. `key` is the verifier key as it was given to the reader by another way. What
/// could be worked out again is returned, for whoever can compare more with it.
pub fn check(dir: &Path, key: Option<&str>) -> (Checked, Option<Again>) {
    let mut checked = Checked::default();
    let again = parts(dir, key, &mut checked);
    checked.rests.push(
        "That no record was left out of the package rests on whoever made it: a proof shows that a \
         record stands in the trail, not that there is no other. `sockeye verify` over the whole \
         trail, and the report made again from it, would show it."
            .to_owned(),
    );
    if key.is_none() {
        checked.rests.push(
            "The public key was taken from the package. Compare it with the one you were given by \
             another way, or name that with --key."
                .to_owned(),
        );
    }
    (checked, again)
}

fn parts(dir: &Path, key: Option<&str>, checked: &mut Checked) -> Option<Again> {
    let manifest = files::check(dir, checked)?;
    let (verifier, checkpoint) = signature(dir, key, checked)?;
    checked.rests.push(format!(
        "That the organisation itself did not rewrite its trail rests on its own key alone \
         ({verifier}), unless you hold an earlier checkpoint of it from another place.",
    ));
    let entries = again::records(dir, &manifest, &verifier, &checkpoint, checked);
    numbers::check(dir, checked);
    match entries {
        Some(entries) if manifest.complete() => again::judge(dir, manifest, entries, checked),
        Some(_) => {
            checked.rests.push(
                "Results were not judged again: not every raw record they rest on is in the \
                 package. Ask for the hours you want to see (`sockeye report --hour`)."
                    .to_owned(),
            );
            None
        }
        None => None,
    }
}

fn signature(
    dir: &Path,
    key: Option<&str>,
    checked: &mut Checked,
) -> Option<(Verifier, Checkpoint)> {
    let text = files::text(dir, package::KEY, checked)?;
    let note = files::text(dir, package::CHECKPOINT, checked)?;
    if key.is_some_and(|key| key.trim() != text.trim()) {
        checked.fault(package::KEY, "it is not the key that you gave");
    }
    let Ok(verifier) = key.unwrap_or(&text).trim().parse::<Verifier>() else {
        checked.fault(package::KEY, "it is no verifier key");
        return None;
    };
    match verifier.open(&note) {
        Ok(checkpoint) => {
            checked.proved.push(format!(
                "The checkpoint of the trail `{}` over {} blocks is signed by the key {verifier}.",
                checkpoint.origin, checkpoint.size
            ));
            Some((verifier, checkpoint))
        }
        Err(error) => {
            checked.fault(package::CHECKPOINT, format!("it is not believed: {error}"));
            None
        }
    }
}

/// Writes what was shown, for people.
pub fn print(checked: &Checked, out: &mut impl std::io::Write) -> std::io::Result<()> {
    if checked.is_sound() {
        writeln!(out, "The package is as it was made.\n\nProved:")?;
    } else {
        writeln!(out, "The package is NOT as it was made.\n\nWrong:")?;
        for fault in &checked.faults {
            writeln!(out, "  ✕ {}: {}", fault.file, fault.what)?;
        }
        if checked.faults_unnamed > 0 {
            writeln!(out, "  … and {} more", checked.faults_unnamed)?;
        }
        writeln!(out, "\nProved all the same:")?;
    }
    for sentence in &checked.proved {
        writeln!(out, "  ● {sentence}")?;
    }
    writeln!(out, "\nNot proved by the package:")?;
    for sentence in &checked.rests {
        writeln!(out, "  ○ {sentence}")?;
    }
    Ok(())
}

/// Returns a manifest read from its text, if it is one of ours.
fn read_manifest(text: &str) -> Result<Manifest, String> {
    let manifest: Manifest =
        serde_json::from_str(text).map_err(|error| format!("it is no manifest: {error}"))?;
    if manifest.format != package::FORMAT || manifest.version != package::VERSION {
        return Err(format!(
            "it is of form {} {}; this program reads {} {}",
            manifest.format,
            manifest.version,
            package::FORMAT,
            package::VERSION
        ));
    }
    Ok(manifest)
}
