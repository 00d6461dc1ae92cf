//! Scenarios of design right after a start: a part of a minute shows nothing of a source.

use super::*;

/// A minute in which the source was not able to receive all the time.
fn unable(minute: i64, reason: &str) -> Entry {
    let reason = Some(reason.to_owned());
    Entry::Status(SourceStatus { connected: false, reason, ..status(minute) })
}

fn begin(minute: i64) -> Entry {
    unable(minute, "started")
}

fn able(minutes: std::ops::Range<i64>) -> impl Iterator<Item = Entry> {
    minutes.map(|minute| Entry::Status(status(minute)))
}

/// Judges design `minutes` after the start of the story, of a period that began a day before.
fn check(entries: Vec<Entry>, minutes: i64, expected: Expect) {
    let question = Question::Type2 { period: Period { from: at(-DAY), until: at(2 * DAY) } };
    let mut gather = Gather::new(question.period());
    let rules = rules(-DAY, Some("grace@example.org"), &["Shell"]);
    for (index, entry) in std::iter::once(&rules).chain(&entries).enumerate() {
        gather.see(&format!("{index}.0"), entry);
    }
    // Statuses of the last minute and a half may be on their way.
    let facts = gather.finish(at(minutes + 1));
    let result = judge_one(&control(), &facts, question, ServiceModel::Iaas);
    let reporting = result.tests.iter().find(|test| test.name == "reporting").unwrap();
    expected.assert_eq(&wrapped(&told(&reporting.judgement)));
}

#[test]
fn the_first_part_of_a_minute_is_no_failure() {
    check(
        vec![begin(0)],
        1,
        expect![[r#"
            not-tested: k8s_audit/webhook began to report in the minute of
              1970-01-01T00:00:00Z, and no whole minute of it was over at
              1970-01-01T00:01:00Z
        "#]],
    );
}

#[test]
fn the_first_whole_minute_decides() {
    check(
        std::iter::once(begin(0)).chain(able(1..2)).collect(),
        2,
        expect![[r#"
            pass: k8s_audit/webhook reported within 5m before 1970-01-01T00:02:00Z
        "#]],
    );
}

#[test]
fn a_source_that_was_down_for_a_whole_minute_fails() {
    check(
        vec![begin(0), unable(1, "no such file")],
        2,
        expect![[r#"
            fail: k8s_audit/webhook was not connected: no such file
        "#]],
    );
}

#[test]
fn a_start_after_long_silence_is_no_failure() {
    check(
        able(-60..-30).chain([begin(0)]).collect(),
        1,
        expect![[r#"
            not-tested: k8s_audit/webhook began to report in the minute of
              1970-01-01T00:00:00Z, and no whole minute of it was over at
              1970-01-01T00:01:00Z
        "#]],
    );
}

#[test]
fn a_break_without_silence_fails_once_nothing_was_whole_for_long_enough() {
    let broken = (0..6).map(|minute| unable(minute, "connection refused"));
    check(
        able(-30..0).chain(broken).collect(),
        6,
        expect![[r#"
            fail: k8s_audit/webhook was not connected: connection refused
        "#]],
    );
}

#[test]
fn rules_of_a_source_that_nothing_delivers_are_not_tested() {
    let mut control = control();
    control.sources[0].source = "syscall".into();
    control.rules[0].rule = "Shell on a node".into();
    let result = judge_of(&control, &quiet_day());
    assert_eq!(result.design.result, Outcome::NotTested);
    assert_eq!(
        result.design.reasons[0],
        "no instance of syscall ever reported, so its rules judge nothing"
    );
    assert_eq!(result.operation.map(|operation| operation.result), Some(Outcome::NotTested));
}
