//! Tests of design and implementation, as of a date.

use event::{Period, Time};

use super::{Judgement, Outcome, manual};
use crate::catalogue::{Check, Control, Limit, Test};
use crate::facts::{Facts, SourceFacts};
use crate::spans::Spans;

pub(super) fn judge(control: &Control, test: &Test, facts: &Facts, date: Time) -> Judgement {
    match &test.check {
        Check::RulesInForce => rules_in_force(control, facts, date),
        Check::SourcesReporting { within } => sources_reporting(control, facts, date, *within),
        _ => manual(test)
            .unwrap_or_else(|| Judgement::new(Outcome::Error, "this check does not test design")),
    }
}

fn rules_in_force(control: &Control, facts: &Facts, date: Time) -> Judgement {
    let Some(set) = facts.rules_at(date) else {
        let reason = format!("the trail knows of no rule set in force at {date}");
        return Judgement::new(Outcome::NotTested, reason);
    };
    let short = set.hash.get(..12).unwrap_or(&set.hash);
    let lacking = set.lacks(control);
    if !lacking.is_empty() {
        let reason =
            format!("rule set {short}, in force at {date}, has no {}", lacking.join(", no "));
        return Judgement::new(Outcome::Fail, reason);
    }
    let same = facts.rule_sets.iter().filter(|one| one.hash == set.hash && one.time <= date);
    let approver = same.filter_map(|one| one.approver()).next();
    match approver {
        Some(name) => {
            let count = control.rules.len();
            let reason = format!("rule set {short}, approved by {name}, has all {count} rules");
            Judgement::new(Outcome::Pass, reason)
        }
        None => {
            let reason = format!("rule set {short}, in force at {date}, has no named approver");
            Judgement::new(Outcome::NotTested, reason)
        }
    }
}

fn sources_reporting(control: &Control, facts: &Facts, date: Time, within: Limit) -> Judgement {
    let shortly = Period { from: date.plus(-within.seconds() * Time::SECOND), until: date };
    let mut reporting = Vec::new();
    let mut worst: Option<Judgement> = None;
    for needed in &control.sources {
        let in_service = |one: &&SourceFacts| {
            one.source == needed.source && one.retired.is_none_or(|retired| retired > date)
        };
        let mut any = false;
        for instance in facts.sources.iter().filter(in_service) {
            any = true;
            match silence(instance, shortly, within) {
                None => reporting.push(format!("{}/{}", instance.source, instance.instance)),
                Some(found) => worst = Some(graver(worst, found)),
            }
        }
        if !any {
            let reason = format!("no instance of {} reported before {date}", needed.source);
            worst = Some(graver(worst, Judgement::new(Outcome::NotTested, reason)));
        }
    }
    worst.unwrap_or_else(|| {
        let reason = format!("{} reported within {within} before {date}", reporting.join(", "));
        Judgement::new(Outcome::Pass, reason)
    })
}

/// Returns why an instance does not count as reporting.
fn silence(instance: &SourceFacts, shortly: Period, within: Limit) -> Option<Judgement> {
    let name = format!("{}/{}", instance.source, instance.instance);
    let shortly_spans = Spans::from(shortly);
    if !instance.healthy.and(&shortly_spans).is_empty() {
        return None;
    }
    let down = instance.down.iter().rev().find(|down| down.period.overlap(&shortly).is_some());
    Some(match down {
        Some(down) => {
            let reason = format!("{name} was not connected: {}", down.reason);
            Judgement::new(Outcome::Fail, reason)
        }
        None => {
            let reason = format!("{name} sent no status within {within} before {}", shortly.until);
            Judgement::new(Outcome::NotTested, reason)
        }
    })
}

fn graver(one: Option<Judgement>, two: Judgement) -> Judgement {
    match one {
        Some(one) if one.result.weight() <= two.result.weight() => one,
        _ => two,
    }
}
