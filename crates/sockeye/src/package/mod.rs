//! Writes a report package.

pub mod check;
mod records;
pub mod render;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use control::catalogue::ServiceModel;
use control::package::{self, FileNote, Manifest};
use control::{Catalogue, CatalogueFile, Question};
use event::Time;
use report::{Input, Scope, TrailNote};

use crate::evidence::Gathered;

/// What a package is asked to say.
pub struct Order<'a> {
    /// What management says about the scope.
    pub scope: &'a Scope,
    /// Period or date.
    pub question: Question,
    /// How the clusters are bought.
    pub model: ServiceModel,
    /// The catalogue, and its files.
    pub catalogue: &'a (Catalogue, Vec<CatalogueFile>),
    /// Hours whose raw records are wanted where there are too many for all.
    pub hours: &'a [Time],
    /// Most raw records of one kind that are all written.
    pub records_max: usize,
}

/// What was written.
pub struct Written {
    /// The report for people.
    pub report: PathBuf,
    /// SHA-256 of the manifest, which pins everything else.
    pub manifest: String,
    /// Files in the package.
    pub files: usize,
    /// Whether all raw records are in it.
    pub complete: bool,
}

/// Writes a package into a new or empty folder.
pub fn write(out: &Path, gathered: &Gathered, order: &Order<'_>) -> anyhow::Result<Written> {
    fs::create_dir_all(out).with_context(|| format!("cannot make `{}`", out.display()))?;
    let empty = fs::read_dir(out)?.next().is_none();
    anyhow::ensure!(empty, "`{}` is not empty; name a new folder", out.display());
    let (catalogue, catalogue_files) = order.catalogue;
    let results = control::judge(catalogue, &gathered.facts, order.question, order.model);
    let figures = control::figure::figures(&gathered.facts, catalogue, &results, order.question);
    let mut notes: Vec<FileNote> = Vec::new();
    let mut records = BTreeMap::new();
    let evidence = records::write(out, gathered, order, &mut records, &mut notes)?;
    let trail = TrailNote {
        origin: gathered.reader.verifier().name().to_owned(),
        key: gathered.reader.verifier().to_string(),
        blocks: gathered.blocks,
        entries: gathered.entries,
        checkpoint: gathered.checkpoint.clone(),
    };
    let files = report::files(&Input {
        scope: order.scope,
        question: order.question,
        model: order.model,
        catalogue,
        catalogue_files,
        facts: &gathered.facts,
        results: &results,
        figures: &figures,
        trail: &trail,
        evidence: &evidence,
        records: &records,
        version: env!("CARGO_PKG_VERSION"),
    })?;
    for file in &files {
        put(out, &file.path, &file.bytes)?;
        notes.push(file.note());
    }
    notes.sort();
    let manifest = Manifest {
        format: package::FORMAT.to_owned(),
        version: package::VERSION,
        evidence,
        files: notes,
    };
    put(out, package::MANIFEST, manifest.text().as_bytes())?;
    put(out, package::SUMS, manifest.sums().as_bytes())?;
    Ok(Written {
        report: out.join(package::REPORT),
        manifest: package::sha256(manifest.text().as_bytes()),
        files: manifest.files.len() + 2,
        complete: manifest.complete(),
    })
}

fn put(out: &Path, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = out.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
