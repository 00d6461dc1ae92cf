//! The process is killed while it takes entries in: at random with SIGKILL, and at each named
//! point. Every acknowledged event is there afterwards, exactly once, in trail and projection.
//!
//! The writer runs in a child: this very test program, told by the environment what to do.

mod shared;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use shared::*;
use store::{AlertFilter, CommitError, Draft, Identity, Intake, Journal, View};

const FOLDER: &str = "SOCKEYE_KILL_FOLDER";
const FROM: &str = "SOCKEYE_KILL_FROM";
const BATCHES: &str = "SOCKEYE_KILL_BATCHES";
/// How often a writer is killed with SIGKILL; more by `SOCKEYE_KILLS=100 cargo test -p store`.
const KILLS: u64 = 12;
const BATCH: u64 = 5;

fn id(number: u64) -> String {
    format!("event-{number}")
}

/// The events of a batch, and the last one of the batch before it, delivered again.
fn batch(from: u64) -> Vec<Draft> {
    let numbers = from.saturating_sub(1)..from + BATCH;
    let pods = ["web", "db", "queue"];
    numbers
        .map(|number| {
            let pod = pods[(number % 3) as usize];
            Draft::new(alerting(&id(number), number as i64, "Shell", pod))
        })
        .collect()
}

/// The writer. As a test of its own it does nothing.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let number = |name: &str| -> u64 { std::env::var(name).unwrap().parse().unwrap() };
    let mut from = number(FROM);
    let until = from.saturating_add(number(BATCHES).saturating_mul(BATCH));
    let mut out = std::io::stdout();
    let (mut journal, _) = open(Path::new(&folder));
    let mut refused = 0;
    while from < until && refused < 10 {
        let word = match journal.commit(batch(from)) {
            Ok(_) => {
                from += BATCH;
                "acknowledged"
            }
            Err(CommitError::Full) => "full",
            Err(CommitError::Broken(_)) => "broken",
            Err(error) => panic!("{error}"),
        };
        refused += u32::from(word != "acknowledged");
        writeln!(out, "\n{word} {from}").unwrap();
        out.flush().unwrap();
    }
    writeln!(out, "\nintake {:?}", journal.intake()).unwrap();
}

#[derive(Debug, Default)]
struct Said {
    /// Events below this number were acknowledged.
    acknowledged: u64,
    full: u32,
    broken: u32,
    intake: String,
    signal: Option<i32>,
}

/// Runs a writer; kills it after `kill_after` acknowledgements.
fn run(folder: &Path, from: u64, batches: u64, point: Option<&str>, kill_after: u64) -> Said {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writer", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(FROM, from.to_string()).env(BATCHES, batches.to_string());
    if let Some(point) = point {
        command.env("SOCKEYE_FAILPOINT", point);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = Said { acknowledged: from, ..Said::default() };
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((word, rest)) = line.split_once(' ') else { continue };
        match (word, rest.parse()) {
            ("acknowledged", Ok(number)) => {
                said.acknowledged = number;
                count += 1;
                if count == kill_after {
                    child.kill().unwrap();
                }
            }
            ("full", Ok(_)) => said.full += 1,
            ("broken", Ok(_)) => said.broken += 1,
            ("intake", _) => said.intake = rest.to_owned(),
            _ => (),
        }
    }
    said.signal = child.wait().unwrap().signal();
    said
}

/// Checks trail and projection. Returns the number of the first event that is not there.
fn check(folder: &Path, acknowledged: u64) -> u64 {
    let (journal, _) = open(folder);
    assert_eq!(journal.intake(), Intake::Open);
    let view = journal.view();
    let mut kept = 0;
    while journal.seen(&identity(kept)) {
        kept += 1;
    }
    assert!(kept >= acknowledged, "{kept} of {acknowledged} acknowledged");
    let mut ids = alert_ids(&view);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((count, ids.len() as u64), (ids.len(), kept), "each once");
    let findings = view.findings(&Default::default(), 100, None).unwrap().items;
    assert_eq!(findings.iter().map(|finding| finding.count).sum::<u64>(), kept);
    drop((journal, view));
    assert_eq!(trail::verify(&folder.join("trail"), &Default::default()).unwrap().faults, []);
    kept
}

fn identity(number: u64) -> Identity {
    Identity::of("k8s_audit", at(number as i64), &id(number))
}

fn alert_ids(view: &View) -> Vec<String> {
    let mut ids = Vec::new();
    let mut before = None;
    loop {
        let page = view.alerts(&AlertFilter::default(), before, 1000).unwrap();
        ids.extend(page.items.into_iter().map(|item| item.alert.uuid));
        match page.next {
            Some(next) => before = Some(next.parse().unwrap()),
            None => return ids,
        }
    }
}

#[test]
fn killed_during_intake_it_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let kills = std::env::var("SOCKEYE_KILLS").ok().and_then(|text| text.parse().ok());
    let mut from = 0;
    for kill in 0..kills.unwrap_or(KILLS) {
        let said = run(dir.path(), from, u64::MAX, None, 1 + kill * 7 % 13);
        assert_eq!(said.signal, Some(9));
        from = check(dir.path(), said.acknowledged);
    }
    same_after_replay(dir.path());
}

#[test]
fn killed_at_any_named_point_it_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let points = [
        "block.begin",
        "block.torn",
        "block.written",
        "block.synced",
        "tile.torn",
        "tile.written",
        "checkpoint.begin",
        "checkpoint.written",
        "checkpoint.renamed",
        "projection.begin",
        "projection.applied",
    ];
    let mut from = 0;
    for (nth, point) in (3..).zip(points) {
        let said = run(dir.path(), from, 40, Some(&format!("{point}:{nth}")), 0);
        assert_eq!(said.signal, Some(6), "{point}: {said:?}");
        from = check(dir.path(), said.acknowledged);
    }
    same_after_replay(dir.path());
}

#[test]
fn a_full_disk_stops_intake_and_it_goes_on_when_there_is_room() {
    for point in ["block.torn", "tile.torn", "checkpoint.begin", "projection.begin"] {
        let dir = tempfile::tempdir().unwrap();
        let said = run(dir.path(), 0, 10, Some(&format!("{point}:4:full")), 0);
        assert_eq!((said.full, said.intake.as_str()), (1, "Open"), "{point}: {said:?}");
        assert_eq!(check(dir.path(), said.acknowledged), 10 * BATCH, "{point}");
        let dir = tempfile::tempdir().unwrap();
        let said = run(dir.path(), 0, 10, Some(&format!("{point}:4:full+")), 0);
        assert_eq!((said.full, said.intake.as_str()), (10, "Full"), "{point}: {said:?}");
        check(dir.path(), said.acknowledged);
    }
}

#[test]
fn after_a_failed_fsync_intake_ends() {
    let dir = tempfile::tempdir().unwrap();
    let said = run(dir.path(), 0, 10, Some("block.synced:4:broken"), 0);
    assert_eq!(said.broken, 10);
    assert!(said.intake.starts_with("Broken"), "{said:?}");
    check(dir.path(), said.acknowledged);
}

/// A small file system, where one may be mounted.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Small> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1500k", "tmpfs"]).arg(dir.path());
        let done = mount.stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success()).then(|| Small(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_really_fills_up_loses_nothing_acknowledged() {
    let Some(small) = Small::mount() else {
        let _ = writeln!(std::io::stderr(), "skipped: no file system may be mounted here");
        return;
    };
    let folder = small.0.path();
    let said = run(folder, 0, 100_000, None, 0);
    assert_eq!((said.full, said.intake.as_str()), (10, "Full"), "{said:?}");
    assert!(said.acknowledged > 100, "{said:?}");
    let view = View::open(folder).unwrap();
    assert!(alert_ids(&view).len() as u64 >= said.acknowledged);
    drop(view);
    // With more room it goes on where it stopped.
    let mut remount = Command::new("mount");
    remount.args(["-o", "remount,size=8m"]).arg(folder);
    assert!(remount.status().unwrap().success());
    let said = run(folder, said.acknowledged, 5, None, 0);
    assert_eq!((said.full, said.intake.as_str()), (0, "Open"), "{said:?}");
    check(folder, said.acknowledged);
}

/// Builds the projection anew and compares what it says of findings and events.
fn same_after_replay(folder: &Path) {
    let tables = |folder: &Path| -> Vec<String> {
        let kept = ["finding", "handling", "decision", "seen", "tally", "quarter", "rule"];
        let of = |line: &String| kept.iter().any(|table| line.starts_with(&format!("{table}:")));
        dump(folder).into_iter().filter(of).collect()
    };
    let before = tables(folder);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    let (journal, _): (Journal, _) = open(folder);
    drop(journal);
    assert_eq!(tables(folder), before);
}
