//! Following a log file: every line once, through rotations and restarts.

mod harness;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use event::Time;
use harness::{Server, exec, until};
use server::{Clock, SourceSetting};

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn lines(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("{}\n", exec(&id.to_string()))).collect()
}

fn start(data: tempfile::TempDir, log: &Path, second: i64) -> Server {
    let now: Time = harness::NOW.parse().unwrap();
    let clock = Clock::of(move || now.plus(second * Time::SECOND));
    Server::start_in(data, vec![SourceSetting::K8sAuditFile(log.to_owned())], clock)
}

fn total(server: &Server, name: &str) -> u64 {
    let status = server.person("GET", "/v1/status", "").json();
    status["intake"][name].as_str().unwrap().parse().unwrap()
}

fn wait_for(server: &Server, records: u64) {
    until(&format!("{records} records"), || (total(server, "records") >= records).then_some(()));
}

/// Alerts in the trail, all of them.
fn alerts(server: &Server) -> usize {
    let page = server.person("GET", "/v1/alerts?limit=500", "").json();
    page["items"].as_array().unwrap().len()
}

#[test]
fn lines_are_taken_as_they_are_written_and_through_a_rotation() {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("audit.log");
    append(&log, &lines(0..3));
    let server = start(tempfile::tempdir().unwrap(), &log, 0);
    wait_for(&server, 3);
    append(&log, &lines(3..5));
    wait_for(&server, 5);
    std::fs::rename(&log, logs.path().join("audit-2026-11-22T12-30-00.000.log")).unwrap();
    append(&log, &lines(5..7));
    wait_for(&server, 7);
    assert_eq!(alerts(&server), 7);
}

#[test]
fn a_restart_goes_on_where_it_stopped_and_tells_rejected_lines_once() {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("audit.log");
    append(&log, &lines(0..2));
    append(&log, "no json\n");
    let server = start(tempfile::tempdir().unwrap(), &log, 0);
    wait_for(&server, 3);
    let data = server.stop();
    append(&log, &lines(2..4));
    let server = start(data, &log, 60);
    wait_for(&server, 2);
    assert_eq!((total(&server, "rejected"), total(&server, "duplicates")), (0, 0));
    assert_eq!(alerts(&server), 4);
}

#[test]
fn a_place_that_was_lost_costs_no_doubles() {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("audit.log");
    append(&log, &lines(0..4));
    let server = start(tempfile::tempdir().unwrap(), &log, 0);
    wait_for(&server, 4);
    let data = server.stop();
    for name in ["private.db", "private.db-wal", "private.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(name));
    }
    let server = start(data, &log, 60);
    wait_for(&server, 4);
    assert_eq!(total(&server, "duplicates"), 4);
    assert_eq!(alerts(&server), 4);
}

#[test]
fn a_missing_file_is_told_and_taken_once_it_is_there() {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("audit.log");
    let began = std::time::Instant::now();
    let now: Time = harness::NOW.parse().unwrap();
    // A minute passes in a second here.
    let clock =
        Clock::of(move || now.plus(i64::try_from(began.elapsed().as_nanos()).unwrap_or(0) * 60));
    let sources = vec![SourceSetting::K8sAuditFile(log.clone())];
    let server = Server::start_with(sources, clock);
    let state = || {
        let sources = server.person("GET", "/v1/sources", "").json();
        sources["items"][0]["state"].as_str().unwrap_or_default().to_owned()
    };
    until("disconnected", || (state() == "disconnected").then_some(()));
    append(&log, &lines(0..1));
    wait_for(&server, 1);
    until("receiving", || (state() == "receiving").then_some(()));
}
