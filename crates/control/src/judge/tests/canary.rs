//! Canaries: what is planted for rules of a control and not told of.

use super::*;
use crate::evidence::{Canary, Outcome as Told};

fn canary(minute: i64, family: &str, rules: &[&str], outcome: Told) -> Entry {
    Entry::Canary(Canary {
        time: at(minute),
        source: "k8s_audit".into(),
        instance: "webhook".into(),
        family: family.into(),
        rule: rules[0].into(),
        rules: rules.iter().map(|rule| (*rule).into()).collect(),
        outcome,
    })
}

fn missed() -> Told {
    Told::Missed { reason: "no alert within 20 s".into() }
}

fn seen() -> Told {
    let Entry::Event(mut event) = alert(0, "web") else { unreachable!("it is an event") };
    Told::Seen { alert: Box::new(event.alerts.remove(0)), took_ms: 40 }
}

#[test]
fn from_a_missed_canary_until_the_next_seen_one_the_control_did_not_operate() {
    let mut entries = quiet_day();
    entries.push(canary(60, "shells", &["Other", "Shell"], seen()));
    entries.push(canary(600, "shells", &["Other", "Shell"], missed()));
    entries.push(canary(605, "shells", &["Other", "Shell"], missed()));
    let not_tested = Told::NotTested { reason: "no container".into() };
    entries.push(canary(610, "shells", &["Other", "Shell"], not_tested));
    entries.push(canary(660, "shells", &["Other", "Shell"], seen()));
    let coverage = judge_of(&control(), &entries).coverage.unwrap();
    assert_eq!(coverage.expected_seconds - coverage.observed_seconds, 3600);
    let [gap] = coverage.gaps.as_slice() else { panic!("{:?}", coverage.gaps) };
    assert_eq!(gap.kind, crate::coverage::GapKind::CanaryMissed);
    assert_eq!((gap.period.from, gap.period.until), (at(600), at(660)));
    assert!(gap.reason.starts_with("the canary for the rules of `shells` was not told of"));
}

#[test]
fn canaries_of_other_rules_or_instances_make_no_difference() {
    let mut entries = quiet_day();
    entries.push(canary(600, "miners", &["Miner"], missed()));
    let mut elsewhere = canary(600, "shells", &["Shell"], missed());
    if let Entry::Canary(canary) = &mut elsewhere {
        canary.instance = "log".into();
    }
    entries.push(elsewhere);
    assert_eq!(judge_of(&control(), &entries).coverage.unwrap().share(), 100.0);
}
