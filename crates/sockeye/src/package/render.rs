//! Renders a package again from what was worked out of its raw records, and compares every byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use control::Question;
use control::catalogue::ServiceModel;
use control::package;
use report::{Input, RecordNote, Scope, TrailNote};
use serde::Deserialize;

use super::check::{Again, Checked};

/// What only the package itself can say: words of management, and what was read.
#[derive(Deserialize)]
struct Package {
    program: String,
    scope: Scope,
    question: Question,
    service_model: ServiceModel,
    trail: TrailNote,
}

/// Checks a package, as [`super::check::check`] does, and renders it again.
pub fn check(dir: &Path, key: Option<&str>) -> Checked {
    let (mut checked, again) = super::check::check(dir, key);
    if let Some(again) = again {
        compare(dir, &again, &mut checked);
    }
    checked
}

fn compare(dir: &Path, again: &Again, checked: &mut Checked) {
    let text = fs::read(dir.join(package::PACKAGE)).unwrap_or_default();
    let Ok(stated) = serde_json::from_slice::<Package>(&text) else {
        checked.fault(package::PACKAGE, "it does not say what it was made of");
        return;
    };
    if stated.program != env!("CARGO_PKG_VERSION") {
        checked.rests.push(format!(
            "The page was made by version {} and not rendered again by this one ({}).",
            stated.program,
            env!("CARGO_PKG_VERSION")
        ));
        return;
    }
    let figures =
        control::figure::figures(&again.facts, &again.catalogue.0, &again.results, stated.question);
    let note = |record: &super::check::Noted| RecordNote {
        kind: record.kind,
        sha256: record.sha256.clone(),
        bytes: record.bytes,
        line: record.line,
    };
    let records: BTreeMap<String, RecordNote> =
        again.records.iter().map(|record| (record.position.clone(), note(record))).collect();
    let files = report::files(&Input {
        scope: &stated.scope,
        question: stated.question,
        model: stated.service_model,
        catalogue: &again.catalogue.0,
        catalogue_files: &again.catalogue.1,
        facts: &again.facts,
        results: &again.results,
        figures: &figures,
        trail: &stated.trail,
        evidence: &again.manifest.evidence,
        records: &records,
        version: &stated.program,
    });
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            checked.fault(package::REPORT, format!("it cannot be rendered again: {error}"));
            return;
        }
    };
    let same = |file: &&report::File| {
        fs::read(dir.join(&file.path)).is_ok_and(|bytes| bytes == file.bytes)
    };
    let other: Vec<&report::File> = files.iter().filter(|file| !same(file)).collect();
    let named: Vec<String> = checked.faults.iter().map(|fault| fault.file.clone()).collect();
    for file in other.iter().filter(|file| !named.contains(&file.path)) {
        checked.fault(&file.path, "rendered again from the raw records, it differs");
    }
    if other.is_empty() {
        checked.proved.push(format!(
            "{} files rendered again from the raw records, report.html among them, are the same to \
             the byte.",
            files.len()
        ));
    }
}
