//! A canary that was missed ends the time in which the controls of its family count as operating.

mod harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use control::evidence::{Canary, Entry, Outcome, SourceStatus};
use event::Time;
use harness::{NOW, Server};
use serde_json::Value;
use server::{Clock, SourceSetting};

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
