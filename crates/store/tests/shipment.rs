//! Entries that nodes shipped: each counts once, however often it comes, and one that never comes
//! is known.

mod shared;

use control::evidence::{Entry, Line, Origin, SourceStatus};
use event::{Period, Time};
use shared::*;
use store::{Draft, FindingFilter, View};

/// Shipped lines as version 1 writes them.
const V1: &str = include_str!("frozen/shipped-v1.jsonl");

fn from(stream: &str, number: u64) -> Origin {
    Origin { node: "n1".into(), stream: stream.into(), number }
}

fn shipped(stream: &str, number: u64) -> Draft {
    let id = format!("{stream}/{number}");
    Draft::shipped(alerting(&id, number as i64, "Shell", "web"), from(stream, number))
}

fn count(view: &View) -> u64 {
    let findings = view.findings(&FindingFilter::default(), 10, None).unwrap().items;
    findings.first().map_or(0, |finding| finding.count)
}

#[test]
fn a_batch_that_comes_twice_counts_once_also_after_a_replay() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let batch = || (1..=3).map(|number| shipped("a", number)).collect::<Vec<_>>();
    assert_eq!(journal.commit(batch()).unwrap().duplicates, 0);
    assert_eq!(journal.commit(batch()).unwrap().duplicates, 3);
    let mut longer = batch();
    longer.push(shipped("a", 4));
    longer.push(shipped("b", 1));
    assert_eq!(journal.commit(longer).unwrap().duplicates, 3);
    let before = dump(dir.path());
    drop(journal);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let (mut journal, _) = open(dir.path());
    let of = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.starts_with("shipment")).collect::<Vec<_>>()
    };
    assert_eq!(of(before), of(dump(dir.path())));
    assert_eq!(journal.commit(batch()).unwrap().duplicates, 3);
    assert_eq!(count(&journal.view()), 5);
    assert!(journal.view().shipments().unwrap().iter().all(|node| node.missing == 0));
}

#[test]
fn numbers_that_never_came_are_kept_as_holes() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    journal.commit(vec![shipped("a", 1), shipped("a", 2), shipped("a", 5)]).unwrap();
    journal.commit(vec![shipped("a", 6), shipped("b", 3)]).unwrap();
    let nodes = journal.view().shipments().unwrap();
    let holes: Vec<String> = nodes[0]
        .holes
        .iter()
        .map(|hole| {
            format!("{} {}..={} before block {}", hole.stream, hole.first, hole.last, hole.block)
        })
        .collect();
    assert_eq!((nodes.len(), nodes[0].missing), (1, 4));
    assert_eq!(holes, ["b 1..=2 before block 2", "a 3..=4 before block 1"]);
    // What comes after all is not taken any more: the hole stands.
    assert_eq!(journal.commit(vec![shipped("a", 3)]).unwrap().duplicates, 1);
}

#[test]
fn an_entry_that_was_not_kept_may_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let mut large = shipped("a", 2);
    if let Entry::Event(event) = alerting("x", 2, "Shell", "web") {
        let raw = format!("\"{}\"", "x".repeat(trail::ENTRY_BYTES_MAX));
        let raw = serde_json::value::RawValue::from_string(raw).unwrap();
        large =
            Draft::shipped(Entry::Event(control::evidence::Event { raw, ..event }), from("a", 2));
    }
    assert!(journal.commit(vec![shipped("a", 1), large]).is_err());
    assert_eq!(journal.commit(vec![shipped("a", 1)]).unwrap().duplicates, 0);
    assert_eq!(count(&journal.view()), 1);
}

#[test]
fn shipped_lines_of_version_1_are_read_and_written_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let drafts = V1.lines().map(|text| {
        let line: Line = serde_json::from_str(text).unwrap();
        Draft::shipped(line.entry, line.from.unwrap())
    });
    journal.commit(drafts.collect()).unwrap();
    let block = journal.view().trail().block(1).unwrap();
    let written: Vec<_> =
        block.entries().map(|bytes| std::str::from_utf8(bytes).unwrap()).collect();
    assert_eq!(written, V1.lines().collect::<Vec<_>>());
}

#[test]
fn a_hole_stands_in_the_trail_with_the_time_in_which_its_entries_were_made() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let status =
        |minute| SourceStatus { source: "syscall".into(), instance: "n1".into(), ..up(minute) };
    let shipped = |minute, stream: &str, number| {
        Draft::shipped(Entry::Status(status(minute)), from(stream, number))
    };
    journal.commit(vec![shipped(0, "1-status", 1), shipped(1, "1-status", 2)]).unwrap();
    // The next run: its first entry never came, and one in the middle.
    journal.commit(vec![shipped(4, "2-status", 2), shipped(5, "2-status", 3)]).unwrap();
    journal.commit(vec![shipped(8, "2-status", 6), shipped(9, "2-status", 7)]).unwrap();
    let start = up(0).minute;
    let period = Period { from: start, until: start.plus(10 * Time::MINUTE) };
    let missing = |view: &View| {
        let facts = view.facts(period, at(1000)).unwrap();
        let told = facts.sources[0].missing.iter().map(|one| {
            let Period { from, until } = one.period;
            let minute = |time: Time| (time.0 - start.0) / Time::MINUTE;
            format!("{}-{}: {}", minute(from), minute(until), one.reason())
        });
        told.collect::<Vec<_>>()
    };
    let told = missing(&journal.view());
    let wanted = [
        "1-5: entry 1 of its stream 2-status never came (entry 2.2 of the trail)",
        "5-9: entries 4 to 5 of its stream 2-status never came (entry 3.2 of the trail)",
    ];
    assert_eq!(told, wanted);
    drop(journal);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let (journal, _) = open(dir.path());
    assert_eq!(missing(&journal.view()), wanted, "also after a replay");
}
