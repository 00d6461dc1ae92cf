//! A data directory in a temporary folder, and entries to put into it.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::Path;
use std::sync::Arc;

use control::evidence::{
    Activity, Actor, Administration, Canary, Command, Entry, Event, Exit, Item, Leader, Outcome,
    Phase, Rejected, RulesLoaded, Session, SourceStatus, What,
};
use event::{Severity, Subject, Time};
use finding::{Action, Alert, Decision, FindingId, Verdict};
use store::{Draft, Journal, Opening, Recovery};

pub const NOW: Time = Time(1_700_000_000 * Time::SECOND);

pub fn open(dir: &Path) -> (Journal, Recovery) {
    try_open(dir).unwrap()
}

pub fn try_open(dir: &Path) -> Result<(Journal, Recovery), store::OpenError> {
    Journal::open(dir, &Opening { origin: "example.org/test", version: "0", now: NOW })
}

/// The time `seconds` after the start.
pub fn at(seconds: i64) -> Time {
    NOW.plus(seconds * Time::SECOND)
}

pub fn alert(rule: &str, pod: &str, priority: Severity, time: Time) -> Alert {
    Alert {
        uuid: format!("{rule}-{pod}-{}", time.0),
        time,
        rule: rule.into(),
        priority,
        source: "k8s_audit".into(),
        tags: ["test".into()].into(),
        hostname: "here".into(),
        output: format!("{rule} in {pod}"),
        output_fields: Default::default(),
        soc2: ["CC6.1".into(), "CC7.2".into()].into(),
        reliability: Default::default(),
        subject: Arc::new(Subject {
            namespace: Some("shop".into()),
            pod: Some(pod.into()),
            ..Subject::default()
        }),
    }
}

/// An event `seconds` after the start, received a second later.
pub fn event(id: &str, seconds: i64, alerts: Vec<Alert>) -> Entry {
    let raw = format!(r#"{{"auditID":"{id}","stage":"ResponseComplete","verb":"get"}}"#);
    Entry::Event(Event {
        source: "k8s_audit".into(),
        time: at(seconds),
        received: at(seconds + 1),
        id: id.into(),
        alerts,
        raw: serde_json::value::RawValue::from_string(raw).unwrap(),
    })
}

pub fn alerting(id: &str, seconds: i64, rule: &str, pod: &str) -> Entry {
    event(id, seconds, vec![alert(rule, pod, Severity::Warning, at(seconds))])
}

pub fn finding(rule: &str, pod: &str) -> FindingId {
    FindingId::of(&alert(rule, pod, Severity::Warning, NOW))
}

pub fn decision(finding: FindingId, seconds: i64, action: Action) -> Entry {
    Entry::Decision(Decision {
        finding,
        actor: "ada@example.org".into(),
        time: at(seconds),
        action,
        reason: "looked at it".into(),
    })
}

pub const RESOLVE: Action = Action::Resolve { verdict: Verdict::Benign };

pub fn up(minute: i64) -> SourceStatus {
    SourceStatus {
        source: "k8s_audit".into(),
        instance: "webhook".into(),
        minute: at(minute * 60).minute(),
        records: 10,
        rejected: u64::from(minute % 7 == 0),
        duplicates: 1,
        lost: 0,
        bytes: 1000,
        alerts: 2,
        newest: Some(at(minute * 60)),
        connected: true,
        rules: "aa".into(),
        reason: None,
        sensor: None,
    }
}

pub fn down(minute: i64) -> SourceStatus {
    let reason = Some("listener closed".into());
    SourceStatus { connected: false, reason, ..up(minute) }
}

/// A status of that minute; down in every `nth` of them.
pub fn mostly_up(minute: i64, nth: i64) -> Entry {
    Entry::Status(if minute.rem_euclid(nth) == 0 { down(minute) } else { up(minute) })
}

pub fn rejected(seconds: i64) -> Entry {
    Entry::Rejected(Rejected {
        source: "k8s_audit".into(),
        instance: Some("webhook".into()),
        received: at(seconds),
        reason: "no JSON".into(),
        sha256: "00".into(),
        bytes: 17,
        excerpt: "{".into(),
    })
}

pub fn rules_loaded(seconds: i64, hash: &str) -> Entry {
    Entry::Rules(RulesLoaded {
        time: at(seconds),
        hash: hash.into(),
        files: vec![("rules.yaml".into(), hash.into())],
        rules: vec![("k8s_audit".into(), "Shell".into())],
        approved_by: Some("ada@example.org".into()),
    })
}

pub fn act(seconds: i64, act: &str, object: &str) -> Entry {
    Entry::Administration(Administration {
        time: at(seconds),
        actor: "ada@example.org".into(),
        act: act.into(),
        object: object.into(),
        detail: String::new(),
        subject: Subject::default(),
    })
}

/// A canary of the rule `Shell`; `nth` says what came of it.
pub fn canary(seconds: i64, nth: usize) -> Entry {
    let outcome = match nth % 3 {
        0 => {
            let alert = Box::new(alert("Shell", "web", Severity::Notice, at(seconds)));
            Outcome::Seen { alert, took_ms: 40 }
        }
        1 => Outcome::Missed { reason: "no alert".into() },
        _ => Outcome::NotTested { reason: "no container".into() },
    };
    Entry::Canary(Canary {
        time: at(seconds),
        source: "k8s_audit".into(),
        instance: "webhook".into(),
        family: ["shells", "secrets"][nth / 3 % 2].into(),
        rule: "Shell".into(),
        rules: vec!["Shell".into()],
        outcome,
    })
}

pub fn commit(journal: &mut Journal, entries: Vec<Entry>) -> store::Receipt {
    journal.commit(entries.into_iter().map(Draft::new).collect()).unwrap()
}

/// Every row of every table, in one order.
pub fn dump(dir: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(dir.join("state.db")).unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
        ORDER BY name";
    let tables: Vec<String> = connection
        .prepare(tables)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut lines = Vec::new();
    // The text index is compared by its rows, not by how its tree happened to grow.
    for table in tables.iter().filter(|table| !table.contains("_text")) {
        let mut read = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = read.column_count();
        let mut rows = read.query([]).unwrap();
        let mut own = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> =
                (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
            own.push(format!("{table}: {}", values.join(" ")));
        }
        own.sort();
        lines.extend(own);
    }
    lines
}

pub const BOOT: &str = "6f1c3a52-9c1e-4b7e-9d55-0a4c0c2f1b11";

/// A command of a pod's user `seconds` after the start; `session` is the pid of its leader.
pub fn command(text: &str, session: Option<u32>) -> What {
    let args: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let terminal = session.map(|_| "pts/0".to_owned());
    let exe = format!("/bin/{}", args[0]);
    let exit = Some(Exit::Code(0));
    What::Command(Command { exe, args, terminal, exit, ..Command::default() })
}

/// What a node saw: acts of a pod, each a second after the one before.
pub fn activity(
    node: &str,
    number: u64,
    seconds: i64,
    (pod, session): (&str, Option<u32>),
    acts: Vec<What>,
) -> Entry {
    let length = acts.len() as i64;
    let subject = Subject {
        namespace: Some("shop".into()),
        pod: Some(pod.into()),
        container: Some(format!("{pod:0<64}")),
        principal: Some("ada".into()),
        ..Subject::default()
    };
    let session = session.map(|pid| Leader { pid, start: 7 });
    let actor = Actor { subject, uid: 1000, login: None, session };
    let items = (0..).zip(acts).map(|(second, what)| Item {
        first: second * 1_000_000,
        last: None,
        count: 1,
        failed: 0,
        by: 0,
        pid: 100 + second as u32,
        process: "any".into(),
        what,
    });
    Entry::Activity(Activity {
        node: node.into(),
        boot: BOOT.into(),
        number,
        from: at(seconds),
        until: at(seconds + length - 1),
        actors: vec![actor],
        items: items.collect(),
        left_out: 0,
    })
}

/// A session's beginning or end.
pub fn session(phase: Phase) -> What {
    let exit = (phase == Phase::Ended).then_some(Exit::Code(0));
    What::Session(Session { phase, terminal: Some("pts/0".into()), via: vec!["sshd".into()], exit })
}
