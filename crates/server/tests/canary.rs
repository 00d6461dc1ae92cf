//! Canaries of the webhook are sent as kube-apiserver would send them, and are no findings. One
//! that was missed ends the time in which the controls of its family count as operating.

mod harness;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use control::evidence::{Canary, Entry, Line, Outcome, SourceStatus};
use event::Time;
use harness::{NOW, Server, settings, still, until};
use serde_json::Value;
use server::{Clock, Settings, SourceSetting, Tls};

fn start() -> (Server, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(NOW.parse::<Time>().unwrap().0));
    let read = now.clone();
    let clock = Clock::of(move || Time(read.load(Ordering::Relaxed)));
    (Server::start_with(vec![SourceSetting::K8sAuditWebhook], clock), now)
}

/// A minute in which the server's own node was watched.
fn healthy(minute: Time, rules: &str) -> Entry {
    Entry::Status(SourceStatus {
        source: "syscall".into(),
        instance: "host-1".into(),
        minute,
        records: 100,
        rejected: 0,
        duplicates: 0,
        lost: 0,
        bytes: 1000,
        alerts: 0,
        newest: None,
        connected: true,
        rules: rules.into(),
        reason: None,
        sensor: None,
    })
}

fn canary(time: &str, outcome: Outcome) -> Entry {
    let rule = "Known crypto miner started";
    Entry::Canary(Canary {
        time: time.parse().unwrap(),
        source: "syscall".into(),
        instance: "host-1".into(),
        family: "miners".into(),
        rule: rule.into(),
        rules: vec![rule.into()],
        outcome,
    })
}

fn control(server: &Server, id: &str) -> Value {
    let span = "from=2026-11-22T12:31:00Z&until=2026-11-22T12:41:00Z";
    let reply = server.person("GET", &format!("/v1/controls/{id}?{span}"), "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[test]
fn from_a_missed_canary_on_the_familys_controls_are_not_tested_and_say_why() {
    let (server, now) = start();
    let (first, rules) = ("2026-11-22T12:31:00Z".parse::<Time>().unwrap(), server.rules());
    let minute = |number: i64| healthy(first.plus(number * Time::MINUTE), &rules);
    server.tell((0..10).map(minute).collect());
    now.store(first.plus(12 * Time::MINUTE).0, Ordering::Relaxed);
    let before = control(&server, "K-42");
    assert_eq!((&before["observed_s"], &before["expected_s"]), (&"600".into(), &"600".into()));

    let missed = Outcome::Missed { reason: "no alert within 20 s".into() };
    server.tell(vec![canary("2026-11-22T12:36:10Z", missed)]);
    let after = control(&server, "K-42");
    assert_eq!(after["observed_s"], "310");
    let gap = &after["gaps"][0];
    assert_eq!(gap["from"], "2026-11-22T12:36:10Z");
    assert_eq!(gap["until"], "2026-11-22T12:41:00Z");
    assert_eq!(after["operation"]["result"], "not-tested");
    let why = after["operation"]["reasons"].to_string();
    assert!(why.contains("canary missed: the canary for the rules of `miners`"), "{why}");
    // A control that rests on other rules of the same source operated on.
    assert_eq!(control(&server, "K-45")["observed_s"], "600");

    let unable = Outcome::NotTested { reason: "nothing could be started".into() };
    server.tell(vec![canary("2026-11-22T12:37:00Z", unable)]);
    assert_eq!(control(&server, "K-42")["observed_s"], "310", "what is not tested shows nothing");
}

/// Families of rules for audit events.
const FAMILIES: usize = 10;

fn entries(data: &Path) -> Vec<Entry> {
    let reader = trail::Reader::open(&data.join("trail")).unwrap();
    let blocks = (0..reader.blocks()).map(|number| reader.block(number).unwrap());
    let read = |block: Arc<trail::Block>| {
        let lines = block.entries().map(|bytes| serde_json::from_slice::<Line>(bytes).unwrap());
        lines.map(|line| line.entry).collect::<Vec<_>>()
    };
    blocks.flat_map(read).collect()
}

/// Starts a server that plants, and returns what the trail has of each family.
fn planted(with: impl FnOnce(&Path, &mut Settings)) -> (Server, Vec<Canary>) {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    settings.canaries = true;
    with(dir.path(), &mut settings);
    let server = Server::launch(dir, settings);
    let canaries = until("a canary of each family", || {
        let canary = |entry| match entry {
            Entry::Canary(canary) => Some(canary),
            _ => None,
        };
        let canaries: Vec<Canary> =
            entries(server.dir.path()).into_iter().filter_map(canary).collect();
        (canaries.len() >= FAMILIES).then_some(canaries)
    });
    (server, canaries)
}

fn missed(canaries: &[Canary]) -> Vec<&str> {
    let missed = canaries.iter().filter(|canary| canary.outcome.missed() != Some(false));
    missed.map(|canary| &*canary.family).collect()
}

/// Ends a server; returns its records and the rules that alerted. Its minutes count as many alerts.
fn stopped(server: Server) -> (u64, Vec<String>) {
    let dir = server.stop();
    let (mut records, mut alerts, mut rules) = (0, 0, Vec::new());
    for entry in entries(dir.path()) {
        match entry {
            Entry::Status(status) => {
                records += status.records;
                alerts += status.alerts;
            }
            Entry::Event(event) => {
                rules.extend(event.alerts.iter().map(|alert| alert.rule.to_string()));
            }
            _ => {}
        }
    }
    assert_eq!(alerts, rules.len() as u64, "{rules:?}");
    (records, rules)
}

#[test]
fn canaries_of_the_webhook_are_seen_and_are_neither_records_nor_findings() {
    let (server, canaries) = planted(|_, _| {});
    assert!(missed(&canaries).is_empty(), "{canaries:?}");
    assert!(canaries.iter().all(|canary| canary.instance == "webhook"));
    assert_eq!(stopped(server), (0, Vec::new()));
}

#[test]
fn canaries_of_the_webhook_go_over_tls_as_the_api_server_does() {
    let (server, canaries) = planted(|folder, settings| {
        let made = rcgen::generate_simple_self_signed(["sockeye.example.org".to_owned()]).unwrap();
        let tls = Tls { certificate: folder.join("tls.crt"), key: folder.join("tls.key") };
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        settings.tls = Some(tls);
        settings.hosts = vec!["sockeye.example.org".to_owned()];
    });
    assert!(missed(&canaries).is_empty(), "{canaries:?}");
    assert_eq!(stopped(server), (0, Vec::new()));
}

#[test]
fn a_canary_of_the_webhook_whose_rule_is_switched_off_opens_a_finding() {
    let (server, canaries) = planted(|folder, settings| {
        let off = folder.join("off.yaml");
        let text = "- rule: Secret read\n  enabled: false\n  override: {enabled: replace}\n";
        std::fs::write(&off, text).unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/k8s_audit");
        settings.rules = vec![rules, off];
    });
    assert_eq!(missed(&canaries), ["secret-read"]);
    assert_eq!(stopped(server), (0, vec!["Canary missed: secret-read".to_owned()]));
}
