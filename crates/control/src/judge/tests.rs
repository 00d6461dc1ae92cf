//! Scenarios: entries of a trail in, results out.

mod canary;
mod missing;
mod property;
mod reporting;
mod unseen;

use std::sync::Arc;

use event::{Period, Severity, Subject, Time};
use expect_test::{Expect, expect};
use finding::{Action, Alert, Decision, FindingId, Verdict};

use super::*;
use crate::evidence::{Administration, Entry, Event, RulesLoaded, SourceStatus};
use crate::facts::Gather;
use crate::{Catalogue, CatalogueFile};

const DAY: i64 = 24 * 60;

/// Minutes since the start of the story.
fn at(minute: i64) -> Time {
    Time(minute * Time::MINUTE)
}

fn control() -> Control {
    let text = r"
id: K-1
version: 1
title: Shells are noticed and handled
statement: Every shell in a pod is noticed, and handled in time.
owner: on-call
responsibility: { iaas: ours, paas: ours, saas: provider }
nature: manual_with_report
frequency: per_event
criteria: [CC7.2]
sources: [{ source: k8s_audit }]
loss_per_million_max: 1000
populations:
  - { name: alerts, version: 1, query: cases, unit: a case }
  - { name: days, version: 1, query: source_days, unit: a day of a source }
  - { name: rule-sets, version: 1, query: rule_sets, unit: a rule set }
  - { name: acts, version: 1, query: administration, unit: an act }
tests:
  - { name: rules, of: design, method: inspection, procedure: look, check: rules_in_force }
  - name: reporting
    of: design
    method: inspection
    procedure: look
    check: { sources_reporting: { within: 5m } }
  - name: watched
    of: operation
    method: reperformance
    procedure: add up
    check: { watched: { share: 99 } }
  - name: handled
    of: operation
    method: reperformance
    procedure: compare
    check:
      handled:
        population: alerts
        within: { Warning: { acknowledge: 1h, conclude: 1d } }
rules:
  - { rule: Shell, relation: implements, reason: it is the detection }
";
    let file = CatalogueFile { path: "controls/K-1.yaml".into(), text: text.into() };
    let (catalogue, diagnostics) = Catalogue::load(&[file]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    catalogue.controls[0].clone()
}

/// A control that tests something else in operation.
fn control_checking(name: &str, check: Check) -> Control {
    let mut control = control();
    control.tests.retain(|test| test.of == Aspect::Design);
    control.tests.push(Test {
        name: name.into(),
        of: Aspect::Operation,
        method: Method::Inspection,
        procedure: String::new(),
        check,
    });
    control
}

fn status(minute: i64) -> SourceStatus {
    SourceStatus {
        source: "k8s_audit".into(),
        instance: "webhook".into(),
        minute: at(minute),
        records: 10,
        rejected: 0,
        duplicates: 0,
        lost: 0,
        bytes: 1000,
        alerts: 0,
        newest: None,
        connected: true,
        rules: "hash-one".into(),
        reason: None,
        sensor: None,
    }
}

fn rules(minute: i64, approved_by: Option<&str>, names: &[&str]) -> Entry {
    Entry::Rules(RulesLoaded {
        time: at(minute),
        hash: "hash-one".into(),
        files: Vec::new(),
        rules: names.iter().map(|name| ("k8s_audit".into(), (*name).into())).collect(),
        approved_by: approved_by.map(str::to_owned),
    })
}

fn alert(minute: i64, pod: &str) -> Entry {
    let alert = Alert {
        uuid: String::new(),
        time: at(minute),
        rule: "Shell".into(),
        priority: Severity::Warning,
        source: "k8s_audit".into(),
        tags: [].into(),
        hostname: "".into(),
        output: String::new(),
        output_fields: Default::default(),
        soc2: [].into(),
        reliability: Default::default(),
        subject: Arc::new(Subject { pod: Some(pod.into()), ..Subject::default() }),
    };
    Entry::Event(Event {
        source: "k8s_audit".into(),
        time: at(minute),
        received: at(minute),
        id: format!("{minute}/{pod}"),
        alerts: vec![alert],
        raw: serde_json::value::RawValue::from_string("{}".into()).unwrap(),
    })
}

fn finding_of(pod: &str) -> FindingId {
    match alert(0, pod) {
        Entry::Event(event) => FindingId::of(&event.alerts[0]),
        _ => unreachable!(),
    }
}

fn decision(minute: i64, pod: &str, action: Action) -> Entry {
    Entry::Decision(Decision {
        finding: finding_of(pod),
        actor: "ada@example.org".into(),
        time: at(minute),
        action,
        reason: "looked at it".into(),
    })
}

fn act(minute: i64, actor: &str) -> Entry {
    Entry::Administration(Administration {
        time: at(minute),
        actor: actor.into(),
        act: "token_created".into(),
        object: "ci".into(),
        detail: String::new(),
        subject: Subject::default(),
    })
}

const RESOLVE: Action = Action::Resolve { verdict: Verdict::Benign };

/// A day with a status each minute and approved rules.
fn quiet_day() -> Vec<Entry> {
    let mut entries = vec![rules(0, Some("grace@example.org"), &["Shell"])];
    entries.extend((0..DAY + 10).map(|minute| Entry::Status(status(minute))));
    entries
}

fn question() -> Question {
    Question::Type2 { period: Period { from: at(0), until: at(DAY) } }
}

fn facts(entries: &[Entry], question: Question) -> Facts {
    let mut gather = Gather::new(question.period());
    for (index, entry) in entries.iter().enumerate() {
        gather.see(&format!("{index}.0"), entry);
    }
    gather.finish(at(10 * DAY))
}

fn judge_of(control: &Control, entries: &[Entry]) -> ControlResult {
    judge_one(control, &facts(entries, question()), question(), ServiceModel::Iaas)
}

fn told(judgement: &Judgement) -> String {
    format!("{}: {}", judgement.result.name(), judgement.reasons.join("; "))
}

fn check(entries: &[Entry], expected: Expect) {
    let result = judge_of(&control(), entries);
    let operation = result.operation.as_ref().map(told).unwrap_or_default();
    let design = wrapped(&format!("design {}", told(&result.design)));
    expected.assert_eq(&format!("{design}{}", wrapped(&format!("operation {operation}"))));
}

/// Breaks a long line between words.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        if width + word.len() > 76 {
            lines.push_str("\n  ");
            width = 2;
        }
        lines.push_str(word);
        lines.push(' ');
        width += word.len() + 1;
    }
    format!("{}\n", lines.replace(" \n", "\n").trim_end())
}

#[test]
fn a_quiet_day_is_no_pass() {
    check(
        &quiet_day(),
        expect![[r#"
            design pass: rule set hash-one, approved by grace@example.org, has all 1
              rules; k8s_audit/webhook reported within 5m before 1970-01-02T00:00:00Z
            operation not-tested: no occurrence: 0 items; 14,400 records were watched
              over 86,400 of 86,400 seconds
        "#]],
    );
}

#[test]
fn an_alert_handled_in_time_passes() {
    let mut entries = quiet_day();
    entries.push(alert(60, "web"));
    entries.push(decision(90, "web", Action::Acknowledge));
    entries.push(decision(200, "web", RESOLVE));
    check(
        &entries,
        expect![[r#"
            design pass: rule set hash-one, approved by grace@example.org, has all 1
              rules; k8s_audit/webhook reported within 5m before 1970-01-02T00:00:00Z
            operation pass: operated 86,400 of 86,400 seconds (100 %); 1 of 1 tested
              items passed
        "#]],
    );
}

#[test]
fn an_alert_nobody_took_on_fails_and_is_named() {
    let mut entries = quiet_day();
    entries.push(alert(60, "web"));
    entries.push(alert(60, "db"));
    entries.push(decision(90, "db", Action::Acknowledge));
    entries.push(decision(60 + 2 * DAY, "db", RESOLVE));
    check(
        &entries,
        expect![[r#"
            design pass: rule set hash-one, approved by grace@example.org, has all 1
              rules; k8s_audit/webhook reported within 5m before 1970-01-02T00:00:00Z
            operation fail: 2 of 2 items deviate; Shell on web, opened
              1970-01-01T01:00:00Z: not taken on by a named person with a reason; due
              1970-01-01T02:00:00Z; Shell on db, opened 1970-01-01T01:00:00Z: concluded
              at 1970-01-03T01:00:00Z, due 1970-01-02T01:00:00Z
        "#]],
    );
}

#[test]
fn a_program_cannot_take_an_alert_on() {
    let mut entries = quiet_day();
    entries.push(alert(60, "web"));
    let mut by_token = decision(61, "web", RESOLVE);
    if let Entry::Decision(decision) = &mut by_token {
        decision.actor = "token:ci".into();
    }
    entries.push(by_token);
    let result = judge_of(&control(), &entries);
    assert_eq!(result.operation.unwrap().result, Outcome::Fail);
}

#[test]
fn an_hour_of_silence_is_a_gap_and_no_pass() {
    let mut entries = quiet_day();
    entries.push(alert(60, "web"));
    entries.push(decision(90, "web", RESOLVE));
    entries.retain(|entry| {
        !matches!(entry, Entry::Status(one) if one.minute >= at(600)
        && one.minute < at(660))
    });
    check(
        &entries,
        expect![[r#"
            design pass: rule set hash-one, approved by grace@example.org, has all 1
              rules; k8s_audit/webhook reported within 5m before 1970-01-02T00:00:00Z
            operation not-tested: operated 82,800 of 86,400 seconds (95.833 %), less
              than 99 %; k8s_audit/webhook from 1970-01-01T10:00:00Z until
              1970-01-01T11:00:00Z: no status: no status arrived
        "#]],
    );
}

#[test]
fn a_source_that_started_late_leaves_a_gap_before() {
    let mut entries = quiet_day();
    entries.retain(|entry| !matches!(entry, Entry::Status(one) if one.minute < at(300)));
    check(
        &entries,
        expect![[r#"
            design pass: rule set hash-one, approved by grace@example.org, has all 1
              rules; k8s_audit/webhook reported within 5m before 1970-01-02T00:00:00Z
            operation not-tested: operated 68,400 of 86,400 seconds (79.166 %), less
              than 99 %; k8s_audit/webhook from 1970-01-01T00:00:00Z until
              1970-01-01T05:00:00Z: not started: its first status ever is of
              1970-01-01T05:00:00Z; no occurrence: 0 items; 11,400 records were watched
              over 68,400 of 86,400 seconds
        "#]],
    );
}

#[test]
fn rules_without_an_approver_or_without_the_rule_make_nothing_operate() {
    let mut entries = quiet_day();
    entries[0] = rules(0, None, &["Shell"]);
    check(
        &entries,
        expect![[r#"
            design not-tested: rule set hash-one, in force at 1970-01-02T00:00:00Z, has
              no named approver
            operation not-tested: operated 0 of 86,400 seconds (0 %), less than 99 %;
              k8s_audit/webhook from 1970-01-01T00:00:00Z until 1970-01-02T00:00:00Z:
              rules not approved: rule set hash-one has no named approver; no
              occurrence: 0 items; 14,400 records were watched over 0 of 86,400 seconds
        "#]],
    );
    entries[0] = rules(0, Some("grace@example.org"), &["Other"]);
    check(
        &entries,
        expect![[r#"
            design fail: rule set hash-one, in force at 1970-01-02T00:00:00Z, has no
              `Shell`
            operation not-tested: operated 0 of 86,400 seconds (0 %), less than 99 %;
              k8s_audit/webhook from 1970-01-01T00:00:00Z until 1970-01-02T00:00:00Z:
              rules missing: rule set hash-one has no `Shell`; no occurrence: 0 items;
              14,400 records were watched over 0 of 86,400 seconds
        "#]],
    );
}

#[test]
fn an_approval_counts_from_when_it_was_given() {
    let mut entries = quiet_day();
    entries[0] = rules(0, None, &["Shell"]);
    entries.push(rules(720, Some("grace@example.org"), &["Shell"]));
    let coverage = judge_of(&control(), &entries).coverage.unwrap();
    assert_eq!((coverage.observed_seconds, coverage.expected_seconds), (720 * 60, 86_400));
}

#[test]
fn loss_beyond_the_bound_takes_its_minute_out() {
    let mut entries = quiet_day();
    for (minute, lost) in [(100, 1), (200, 0)] {
        let mut lossy = status(minute);
        lossy.lost = lost;
        lossy.records = 10_000_000;
        lossy.rejected = 10_001 * (1 - lost);
        entries.retain(|entry| !matches!(entry, Entry::Status(one) if one.minute == lossy.minute));
        entries.push(Entry::Status(lossy));
    }
    let coverage = judge_of(&control(), &entries).coverage.unwrap();
    assert_eq!(coverage.observed_seconds, 86_400 - 60);
    assert_eq!(coverage.gaps.len(), 1);
}

#[test]
fn nothing_at_all_is_not_tested() {
    check(
        &[],
        expect![[r#"
            design not-tested: the trail knows of no rule set in force at
              1970-01-02T00:00:00Z; no instance of k8s_audit reported before
              1970-01-02T00:00:00Z
            operation not-tested: operated 0 of 86,400 seconds (0 %), less than 99 %;
              k8s_audit from 1970-01-01T00:00:00Z until 1970-01-02T00:00:00Z: not
              started: no instance of this source ever reported; no occurrence: 0 items;
              0 records were watched over 0 of 86,400 seconds
        "#]],
    );
}

#[test]
fn a_second_instance_must_be_healthy_too_unless_declared_redundant() {
    let mut entries = quiet_day();
    for minute in 0..DAY {
        let mut other = status(minute);
        other.instance = "log".into();
        other.connected = minute < 600;
        other.reason = Some("file is gone".into());
        entries.push(Entry::Status(other));
    }
    let all = judge_of(&control(), &entries).coverage.unwrap();
    assert_eq!(all.observed_seconds, 600 * 60);
    assert_eq!(all.gaps[0].reason, "file is gone");
    let mut redundant = control();
    redundant.sources[0].instances = crate::catalogue::Instances::Any;
    assert_eq!(judge_of(&redundant, &entries).coverage.unwrap().share(), 100.0);
}

#[test]
fn a_retired_instance_owes_nothing_any_more() {
    let mut entries = quiet_day();
    entries.push(Entry::Status(SourceStatus { instance: "log".into(), ..status(-5) }));
    assert_eq!(judge_of(&control(), &entries).coverage.unwrap().observed_seconds, 0);
    let mut retired = act(-1, "ada@example.org");
    if let Entry::Administration(act) = &mut retired {
        act.act = "source_retired".into();
        act.object = "k8s_audit/log".into();
    }
    entries.push(retired);
    assert_eq!(judge_of(&control(), &entries).coverage.unwrap().share(), 100.0);
}

#[test]
fn a_date_judges_design_only() {
    let on = Question::Type1 { on: at(DAY) };
    let result = judge_one(&control(), &facts(&quiet_day(), on), on, ServiceModel::Iaas);
    assert_eq!((result.design.result, result.operation), (Outcome::Pass, None));
    assert!(result.populations.is_empty() && result.tests.len() == 2);
}

#[test]
fn what_the_provider_does_is_inherited_and_what_is_not_claimed_does_not_apply() {
    let facts = facts(&quiet_day(), question());
    let result = judge_one(&control(), &facts, question(), ServiceModel::Saas);
    assert_eq!(result.operation.unwrap().result, Outcome::Inherited);
    let mut later = control();
    later.effective_from = Some(at(DAY));
    let result = judge_one(&later, &facts, question(), ServiceModel::Iaas);
    assert_eq!(result.operation.unwrap().result, Outcome::NotApplicable);
}

#[test]
fn a_day_with_a_long_gap_deviates_and_a_day_before_the_first_status_is_not_tested() {
    let gap = crate::catalogue::Limit::of_seconds(900);
    let days = control_checking("days", Check::Continuous { population: "days".into(), gap });
    let mut entries = quiet_day();
    assert_eq!(judge_of(&days, &entries).operation.unwrap().result, Outcome::Pass);
    entries.retain(|entry| !matches!(entry, Entry::Status(one) if one.minute < at(30)));
    assert_eq!(judge_of(&days, &entries).operation.unwrap().result, Outcome::NotTested);
    entries.retain(|entry| {
        !matches!(entry, Entry::Status(one) if one.minute > at(1000)
        && one.minute < at(1020))
    });
    assert_eq!(
        told(&judge_of(&days, &entries).operation.unwrap()),
        "fail: 1 of 1 items deviate; k8s_audit/webhook on 1970-01-01: a gap of 1140 s, longer \
         than 15m"
    );
}

#[test]
fn acts_need_a_named_person_and_rule_sets_an_approver() {
    let named = control_checking("named", Check::Named { population: "acts".into() });
    let mut entries = quiet_day();
    entries.push(act(5, "ada@example.org"));
    assert_eq!(judge_of(&named, &entries).operation.unwrap().result, Outcome::Pass);
    entries.push(act(6, "token:ci"));
    assert_eq!(judge_of(&named, &entries).operation.unwrap().result, Outcome::Fail);
    let approved = control_checking("sets", Check::Approved { population: "rule-sets".into() });
    assert_eq!(judge_of(&approved, &entries).operation.unwrap().result, Outcome::Pass);
    entries.push(rules(7, None, &["Shell"]));
    assert_eq!(judge_of(&approved, &entries).operation.unwrap().result, Outcome::Fail);
}

#[test]
fn a_case_opened_before_the_period_and_still_open_is_carried_in() {
    let later = Question::Type2 { period: Period { from: at(500), until: at(DAY) } };
    let mut entries = quiet_day();
    entries.extend([alert(10, "web"), alert(20, "db"), decision(30, "db", RESOLVE)]);
    entries.push(alert(700, "db"));
    let facts = facts(&entries, later);
    let opened: Vec<Time> = facts.cases.iter().map(|case| case.opened).collect();
    assert_eq!(opened, [at(10), at(700)]);
}

#[test]
fn what_is_reopened_must_be_concluded_again() {
    let mut entries = quiet_day();
    entries.extend([alert(60, "web"), decision(70, "web", RESOLVE)]);
    entries.push(decision(100, "web", Action::Reopen));
    assert_eq!(judge_of(&control(), &entries).operation.unwrap().result, Outcome::Fail);
    entries.push(decision(200, "web", RESOLVE));
    assert_eq!(judge_of(&control(), &entries).operation.unwrap().result, Outcome::Pass);
}
