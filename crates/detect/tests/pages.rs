//! Every rule's page is its test: its events raise what it says, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use detect::{Detector, page};
use rule::RuleFile;

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn every_rule_alerts_and_keeps_silent_as_its_page_says() {
    let mut found = Vec::new();
    pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules"), &mut found);
    assert!(!found.is_empty(), "there are pages");
    let mut told = Vec::new();
    for path in found {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rules = RuleFile::new(&name, fs::read(path.with_extension("yaml")).unwrap());
        let (rules, diagnostics) = rule::load(&[rules], source::sources());
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let (mut detector, diagnostics) = Detector::new(&rules, |_| Arc::default());
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        let (cases, mut faults) = page::cases(&fs::read_to_string(&path).unwrap());
        faults.extend(page::judge(&rules, &mut detector, &cases));
        told.extend(faults.iter().map(|fault| format!("{name}:{}: {}", fault.line, fault.message)));
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
