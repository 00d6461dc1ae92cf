//! The attributes each item of a population is tested for.

use std::collections::BTreeMap;

use event::{Severity, Time};
use finding::FindingId;

use super::{Item, ItemResult, List};
use crate::catalogue::{Check, Confirmed, Handling, Limit};
use crate::facts::{Case, Decided, Facts};

/// Tests every item of a population.
pub(super) fn test(list: &mut List, check: &Check, facts: &Facts) {
    match check {
        Check::Handled { within, confirmed, .. } => {
            let key = |case: &'_ Case| (case.position.clone(), case.finding.clone());
            let cases: BTreeMap<(String, FindingId), &Case> =
                facts.cases.iter().map(|case| (key(case), case)).collect();
            for item in &mut list.items {
                let (position, finding) = (item.evidence.first(), item.finding.as_ref());
                let Some(key) = position.cloned().zip(finding.cloned()) else { continue };
                let Some(case) = cases.get(&key) else { continue };
                (item.result, item.reason) = handled(case, within, *confirmed, facts.as_of);
            }
        }
        Check::Continuous { gap, .. } => {
            for item in &mut list.items {
                (item.result, item.reason) = continuous(item, *gap);
            }
        }
        Check::Approved { .. } => {
            for item in &mut list.items {
                let approver = item.cells.get(3).map_or("", String::as_str);
                (item.result, item.reason) = if finding::is_person(approver) {
                    (ItemResult::Pass, format!("approved by {approver}"))
                } else {
                    (ItemResult::Deviate, "no named approver".to_owned())
                };
            }
        }
        Check::Named { .. } => {
            for item in &mut list.items {
                let actor = item.cells.get(1).map_or("", String::as_str);
                (item.result, item.reason) = if finding::is_person(actor) {
                    (ItemResult::Pass, format!("done by {actor}"))
                } else {
                    (ItemResult::Deviate, format!("`{actor}` is no named person"))
                };
            }
        }
        Check::RulesInForce
        | Check::SourcesReporting { .. }
        | Check::Watched { .. }
        | Check::Manual { .. } => (),
    }
}

/// Returns the limits for a severity: its own, or those of the next more severe one named.
fn limits(within: &BTreeMap<Severity, Handling>, severity: Severity) -> Option<&Handling> {
    let least = within.keys().next_back()?;
    if !severity.at_least(*least) {
        return None;
    }
    within.range(..=severity).next_back().or_else(|| within.iter().next()).map(|(_, one)| one)
}

fn handled(
    case: &Case,
    within: &BTreeMap<Severity, Handling>,
    confirmed: Confirmed,
    as_of: Time,
) -> (ItemResult, String) {
    let Some(limits) = limits(within, case.severity) else {
        return (ItemResult::Untested, format!("{} is below the threshold", case.severity));
    };
    if confirmed == Confirmed::Deviates && case.verdict() == Some(finding::Verdict::TruePositive) {
        let reason = "it turned out to be real: the preventive control was breached";
        return (ItemResult::Deviate, reason.to_owned());
    }
    let taken_on = case.acknowledged();
    let first = in_time("taken on", case.opened, taken_on, limits.acknowledge, as_of);
    let stretches = case.stretches();
    let steps = stretches.iter().map(|stretch| {
        in_time("concluded", stretch.from, stretch.concluded, limits.conclude, as_of)
    });
    let steps: Vec<(ItemResult, String)> = std::iter::once(first).chain(steps).collect();
    for wanted in [ItemResult::Deviate, ItemResult::Pending] {
        if let Some(step) = steps.iter().find(|(result, _)| *result == wanted) {
            return step.clone();
        }
    }
    steps.into_iter().next_back().unwrap_or((ItemResult::Untested, String::new()))
}

/// Judges one step of handling that was due `limit` after `from`.
fn in_time(
    step: &str,
    from: Time,
    decided: Option<&Decided>,
    limit: Limit,
    as_of: Time,
) -> (ItemResult, String) {
    let due = limit.after(from);
    match decided.map(|one| &one.decision) {
        Some(one) if one.time <= due => {
            (ItemResult::Pass, format!("{} by {} in time", one.action.done(), one.actor))
        }
        Some(one) => (ItemResult::Deviate, format!("{step} at {}, due {due}", one.time)),
        None if as_of <= due => (ItemResult::Pending, format!("not {step}; due {due}")),
        None => {
            let reason = format!("not {step} by a named person with a reason; due {due}");
            (ItemResult::Deviate, reason)
        }
    }
}

fn continuous(item: &Item, gap: Limit) -> (ItemResult, String) {
    let seconds = |column: usize| {
        item.cells.get(column).and_then(|cell| cell.parse::<i64>().ok()).unwrap_or(0)
    };
    let (longest, absent) = (seconds(5), seconds(6));
    if longest > gap.seconds() {
        let reason = format!("a gap of {longest} s, longer than {gap}");
        return (ItemResult::Deviate, reason);
    }
    if absent > gap.seconds() {
        let reason = format!("the source had not reported yet for {absent} s");
        return (ItemResult::Untested, reason);
    }
    (ItemResult::Pass, format!("longest gap {longest} s"))
}
