//! The one door: what is taken, what is left out, and what happens when the directory is opened
//! again.

mod shared;

use std::fs;

use control::evidence::{Entry, Phase};
use event::Severity;
use finding::{Action, Status};
use shared::*;
use store::{
    ActivityFilter, AlertFilter, Draft, FindingFilter, Identity, Intake, Journal, OpenError, Order,
    SessionFilter, View,
};
use trail::Position;

#[test]
fn an_event_delivered_twice_counts_once_within_a_batch_and_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let receipt = commit(
        &mut journal,
        vec![
            alerting("a", 1, "Shell", "web"),
            alerting("b", 1, "Shell", "web"),
            alerting("a", 1, "Shell", "web"),
        ],
    );
    let block = 1;
    let place = |entry| Some(Position { block, entry });
    assert_eq!(receipt.positions, [place(0), place(1), None]);
    assert_eq!(receipt.duplicates, 1);
    drop(journal);
    let (mut journal, recovery) = open(dir.path());
    assert_eq!((recovery.blocks_applied, &recovery.rebuilt), (0, &None));
    let again = commit(&mut journal, vec![alerting("a", 1, "Shell", "web")]);
    assert_eq!((again.positions, again.duplicates), (vec![None], 1));
    assert!(journal.seen(&Identity::of("k8s_audit", at(1), "b")));
    assert!(!journal.seen(&Identity::of("k8s_audit", at(2), "b")));
    let (finding, _) = journal.view().finding(&finding("Shell", "web")).unwrap().unwrap();
    assert_eq!(finding.count, 2);
}

#[test]
fn a_batch_of_duplicates_writes_no_block() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("a", 1, "Shell", "web")]);
    let blocks = journal.view().trail().blocks();
    commit(&mut journal, vec![alerting("a", 1, "Shell", "web")]);
    assert_eq!(journal.view().trail().blocks(), blocks);
    assert_eq!(journal.intake(), Intake::Open);
}

#[test]
fn each_start_is_in_the_trail_with_the_silence_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, recovery) = open(dir.path());
    assert_eq!(recovery.silent_since, None);
    commit(&mut journal, vec![alerting("a", 100, "Shell", "web")]);
    drop(journal);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.silent_since, Some(at(101)));
    let starts = journal.view().starts(10).unwrap();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0].entry.silent_since, Some(at(101)));
}

#[test]
fn two_servers_cannot_hold_one_directory_and_a_reader_can() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("a", 1, "Shell", "web")]);
    assert!(matches!(try_open(dir.path()), Err(OpenError::Held(_))));
    let view = View::open(dir.path()).unwrap();
    assert_eq!(view.alerts(&AlertFilter::default(), None, 10).unwrap().items.len(), 1);
}

/// A session of three rounds, and commands outside of any.
fn acts(round: i64, pod: &str) -> Entry {
    let leader = 20 + (round / 3) as u32;
    let within = round % 2 == 0;
    let mut acts = vec![command(&format!("ls /srv/{}", round % 5), None)];
    match round % 3 {
        0 => acts.push(session(Phase::Began)),
        2 => acts.push(session(Phase::Ended)),
        _ => {}
    }
    let session = (within || acts.len() > 1).then_some(leader);
    let node = ["n1", "n2"][(round % 2) as usize];
    activity(node, round as u64, round * 60, (pod, session), acts)
}

/// Makes a directory with some of everything.
fn lively(dir: &std::path::Path) {
    let (mut journal, _) = open(dir);
    commit(&mut journal, vec![rules_loaded(0, "aa")]);
    for round in 0..40_i64 {
        let pods = ["web", "db", "queue"];
        let pod = pods[(round % 3) as usize];
        let rule = if round % 2 == 0 { "Shell" } else { "Secret read" };
        commit(
            &mut journal,
            vec![
                alerting(&format!("a{round}"), round * 60, rule, pod),
                event(&format!("b{round}"), round * 60, vec![]),
                mostly_up(round, 10),
                rejected(round * 60),
                acts(round, pod),
            ],
        );
        if round % 5 == 0 {
            commit(&mut journal, vec![decision(finding(rule, pod), round * 60 + 30, RESOLVE)]);
        }
        if round % 7 == 0 {
            let action = Action::Accept { until: at(round * 60 + 600) };
            commit(&mut journal, vec![decision(finding(rule, pod), round * 60 + 40, action)]);
        }
        if round % 11 == 0 {
            let until = finding(rule, pod);
            commit(&mut journal, vec![decision(until, round * 60 + 50, Action::Reopen)]);
        }
    }
    commit(&mut journal, vec![act(2000, "sign_in", ""), rules_loaded(2100, "bb")]);
}

#[test]
fn deleting_the_projection_and_replaying_gives_the_same_tables() {
    let dir = tempfile::tempdir().unwrap();
    lively(dir.path());
    let (journal, _) = open(dir.path());
    let before = dump(dir.path());
    let answers = |view: &View| {
        let findings = view.findings(&FindingFilter::default(), 100, None).unwrap();
        let alerts = view.alerts(&AlertFilter::default(), None, 100).unwrap();
        let activity = ActivityFilter { text: Some("ls /srv/3".into()), ..Default::default() };
        let activity = view.activity(&activity, Order::NewestFirst, None, 100).unwrap();
        let sessions = view.sessions(&SessionFilter::default(), None, 100).unwrap();
        assert_eq!((activity.items.len(), sessions.items.len()), (8, 14));
        (findings, alerts, view.sources(at(9000)).unwrap(), activity, sessions)
    };
    let answered = answers(&journal.view());
    drop(journal);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    // A reader without any tables replays in memory.
    assert_eq!(answers(&View::open(dir.path()).unwrap()), answered);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.blocks_applied, journal.view().trail().blocks() - 1);
    let after = dump(dir.path());
    let old = |line: &&String| !line.starts_with("cursor") && !line.starts_with("start");
    let (before, after): (Vec<_>, Vec<_>) =
        (before.iter().filter(old).collect(), after.iter().filter(old).collect());
    assert!(before.len() > 100);
    assert_eq!(before, after);
    assert_eq!(answers(&journal.view()), answered);
}

#[test]
fn a_damaged_projection_is_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    lively(dir.path());
    let findings = |view: &View| view.findings(&FindingFilter::default(), 100, None).unwrap();
    let before = findings(&View::open(dir.path()).unwrap());
    assert!(before.items.len() > 3);
    for damage in [b"not a database, whatever it was".to_vec(), vec![0; 4096]] {
        let _ = fs::remove_file(dir.path().join("state.db-wal"));
        fs::write(dir.path().join("state.db"), damage).unwrap();
        assert_eq!(findings(&View::open(dir.path()).unwrap()), before);
        let (journal, recovery) = open(dir.path());
        assert!(recovery.rebuilt.is_some());
        assert_eq!(findings(&journal.view()), before);
    }
}

#[test]
fn tables_of_another_version_are_built_anew() {
    let dir = tempfile::tempdir().unwrap();
    lively(dir.path());
    let connection = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    connection.execute("UPDATE cursor SET schema = 99", []).unwrap();
    drop(connection);
    let (_journal, recovery) = open(dir.path());
    assert_eq!(recovery.rebuilt.as_deref(), Some("its tables are of another version"));
}

#[test]
fn a_trail_that_was_rolled_back_or_replaced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("a", 1, "Shell", "web")]);
    drop(journal);
    let old = dir.path().join("old");
    copy(&dir.path().join("trail"), &old);
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("b", 2, "Shell", "web")]);
    drop(journal);
    let newer = dir.path().join("newer");
    fs::rename(dir.path().join("trail"), &newer).unwrap();
    copy(&old, &dir.path().join("trail"));
    let refused = try_open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::RolledBack { cursor: 4, blocks: 2 }), "{refused:?}");
    // The same length, another history: made without the projection.
    let aside = dir.path().join("state.aside");
    fs::rename(dir.path().join("state.db"), &aside).unwrap();
    for name in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("other", 2, "Shell", "web")]);
    drop(journal);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    fs::rename(&aside, dir.path().join("state.db")).unwrap();
    let refused = try_open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Replaced(3)), "{refused:?}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

#[test]
fn a_damaged_trail_is_read_and_takes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    lively(dir.path());
    let segment = dir.path().join("trail/segments/00000000000000000000.seg");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (mut journal, _) = open(dir.path());
    let Intake::ReadOnly(why) = journal.intake() else { panic!("{:?}", journal.intake()) };
    assert!(why.contains("checksum differs") && why.contains("segments/"), "{why}");
    assert!(journal.commit(vec![Draft::new(rejected(1))]).is_err());
    let view = journal.view();
    assert!(view.findings(&FindingFilter::default(), 10, None).unwrap().items.len() > 3);
}

#[test]
fn a_finding_goes_through_its_life_as_the_trail_says() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let id = finding("Shell", "web");
    let view = journal.view();
    let standing = || {
        let (finding, decisions) = view.finding(&id).unwrap().unwrap();
        (finding.status, finding.severity, finding.count, decisions.len())
    };
    commit(&mut journal, vec![alerting("a", 10, "Shell", "web")]);
    assert_eq!(standing(), (Status::Open, Severity::Warning, 1, 0));
    commit(&mut journal, vec![decision(id.clone(), 20, Action::Acknowledge)]);
    assert_eq!(standing(), (Status::Acknowledged, Severity::Warning, 1, 1));
    commit(&mut journal, vec![decision(id.clone(), 30, RESOLVE)]);
    assert_eq!(standing(), (Status::Resolved, Severity::Warning, 1, 2));
    // Whoever resolved it had not seen this one, whenever it happened: it opens again.
    let late = alert("Shell", "web", Severity::Critical, at(5));
    commit(&mut journal, vec![event("late", 5, vec![late])]);
    assert_eq!(standing(), (Status::Open, Severity::Critical, 2, 2));
    commit(&mut journal, vec![decision(id.clone(), 40, Action::Accept { until: at(100) })]);
    commit(&mut journal, vec![alerting("c", 90, "Shell", "web")]);
    assert_eq!(standing(), (Status::Accepted, Severity::Critical, 3, 3));
    commit(&mut journal, vec![alerting("d", 100, "Shell", "web")]);
    assert_eq!(standing(), (Status::Open, Severity::Critical, 4, 3));
}

#[test]
fn an_act_is_written_down_between_two_runs_without_a_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let (mut journal, _) = Journal::take(dir.path(), "example.org/test").unwrap();
    let receipt = commit(&mut journal, vec![act(1, "report_exported", "")]);
    assert_eq!(receipt.positions, [Some(Position { block: 1, entry: 0 })]);
    assert!(matches!(try_open(dir.path()), Err(OpenError::Held(_))));
    drop(journal);
    let (journal, _) = open(dir.path());
    assert_eq!(journal.view().starts(9).unwrap().len(), 2);
}
