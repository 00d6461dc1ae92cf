//! Entries as the first version wrote them are read for ever, and written the same way until the
//! version is raised.

mod shared;

use control::evidence::{Entry, Line};
use finding::Status;
use shared::*;
use store::{Draft, FindingFilter};

const V1: &str = include_str!("frozen/entries-v1.jsonl");

#[test]
fn entries_of_version_1_are_read_and_written_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let mut drafts = Vec::new();
    for text in V1.lines() {
        let line: Line = serde_json::from_str(text).unwrap();
        assert_eq!(line.v, 1);
        drafts.push(Draft::new(line.entry));
    }
    assert_eq!(drafts.len(), 9, "one of each kind, and a refused record with its instance");
    journal.commit(drafts).unwrap();
    let view = journal.view();
    let block = view.trail().block(1).unwrap();
    for (bytes, text) in block.entries().zip(V1.lines()) {
        assert_eq!(std::str::from_utf8(bytes).unwrap(), text);
    }
    let findings = view.findings(&FindingFilter::default(), 10, None).unwrap().items;
    assert_eq!(findings.len(), 1);
    // The identity of a finding is part of the format: decisions name it.
    let (finding, decisions) = view.finding(&findings[0].id).unwrap().unwrap();
    assert_eq!((finding.status, decisions.len()), (Status::Resolved, 1));
}

/// Writes the file; run once a version, with `SOCKEYE_FREEZE=v1`.
#[test]
fn freeze() {
    let Ok(version) = std::env::var("SOCKEYE_FREEZE") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(
        &mut journal,
        vec![
            alerting("a", 1, "Shell", "web"),
            rejected(2),
            Entry::Status(down(3)),
            decision(finding("Shell", "web"), 4, RESOLVE),
            rules_loaded(5, "aa"),
            act(6, "sign_in", "console"),
        ],
    );
    let view = journal.view();
    let mut text = Vec::new();
    for number in [1, 0] {
        for entry in view.trail().block(number).unwrap().entries() {
            text.extend(entry);
            text.push(b'\n');
        }
    }
    let path = format!("{}/tests/frozen/entries-{version}.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(path, text).unwrap();
}
