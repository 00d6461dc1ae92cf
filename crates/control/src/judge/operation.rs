//! Tests of operation throughout a period.

use super::{ControlResult, ItemResult, Judgement, List, Outcome, attribute, manual};
use crate::catalogue::{Check, Test};
use crate::facts::Facts;

/// Most deviations named in a result; all of them stand in the population.
const NAMED_MAX: usize = 5;

pub(super) fn judge(test: &Test, facts: &Facts, result: &mut ControlResult) -> Judgement {
    if let Some(judgement) = manual(test) {
        return judgement;
    }
    if let Check::Watched { share } = test.check {
        return watched(result, share);
    }
    let watched_volume = volume(result, facts);
    let Some(wanted) = test.check.population() else {
        return Judgement::new(Outcome::Error, "this check does not test operation");
    };
    let Some(list) = result.populations.iter_mut().find(|list| list.name == wanted) else {
        return Judgement::new(Outcome::Error, format!("population `{wanted}` is not there"));
    };
    attribute::test(list, &test.check, facts);
    if facts.left_out > 0 {
        let reason = format!("{} items did not fit; the population is incomplete", facts.left_out);
        return Judgement::new(Outcome::Error, reason);
    }
    conclude(list, &watched_volume)
}

fn watched(result: &ControlResult, share: f64) -> Judgement {
    let Some(coverage) = &result.coverage else {
        return Judgement::new(Outcome::Error, "the control needs no source");
    };
    let (observed, expected) = (coverage.observed_seconds, coverage.expected_seconds);
    let said = format!(
        "operated {} of {} seconds ({} %)",
        grouped(observed),
        grouped(expected),
        coverage.share()
    );
    if expected <= 0 {
        return Judgement::new(Outcome::NotTested, "no time of the period can be judged yet");
    }
    if coverage.reaches(share) {
        return Judgement::new(Outcome::Pass, said);
    }
    let mut reasons = vec![format!("{said}, less than {share} %")];
    let mut longest: Vec<_> = coverage.gaps.iter().collect();
    longest.sort_by_key(|gap| (std::cmp::Reverse(gap.period.seconds()), *gap));
    reasons.extend(longest.iter().take(NAMED_MAX).map(|gap| {
        let name = if gap.instance.is_empty() { "" } else { "/" };
        format!(
            "{}{name}{} from {} until {}: {}: {}",
            gap.source,
            gap.instance,
            gap.period.from,
            gap.period.until,
            gap.kind.name(),
            gap.reason
        )
    }));
    if longest.len() > NAMED_MAX {
        reasons.push(format!("and {} more gaps", longest.len() - NAMED_MAX));
    }
    Judgement { result: Outcome::NotTested, reasons }
}

/// Says how much was watched, for results that rest on nothing having happened.
fn volume(result: &ControlResult, facts: &Facts) -> String {
    let Some(coverage) = &result.coverage else {
        return "no source is needed".to_owned();
    };
    let records: u64 = facts.sources.iter().map(|source| source.totals.records).sum();
    format!(
        "{} records were watched over {} of {} seconds",
        grouped(records),
        grouped(coverage.observed_seconds),
        grouped(coverage.expected_seconds)
    )
}

fn grouped(number: impl ToString) -> String {
    crate::figure::grouped(&number.to_string())
}

/// Turns the items of a tested population into a result.
fn conclude(list: &List, watched_volume: &str) -> Judgement {
    let count = |result| list.items.iter().filter(|item| item.result == result).count();
    let (passed, deviated) = (count(ItemResult::Pass), count(ItemResult::Deviate));
    let (pending, untested) = (count(ItemResult::Pending), count(ItemResult::Untested));
    let all = list.items.len();
    if deviated > 0 {
        let mut reasons = vec![format!("{deviated} of {} items deviate", passed + deviated)];
        let deviations = list.items.iter().filter(|item| item.result == ItemResult::Deviate);
        let named = deviations.take(NAMED_MAX);
        reasons.extend(named.map(|item| format!("{}: {}", item.title, item.reason)));
        if deviated > NAMED_MAX {
            reasons.push(format!("and {} more", deviated - NAMED_MAX));
        }
        return Judgement { result: Outcome::Fail, reasons };
    }
    if all == 0 {
        let reason = format!("no occurrence: 0 items; {watched_volume}");
        return Judgement::new(Outcome::NotTested, reason);
    }
    if passed == 0 {
        let reason =
            format!("no conclusion on {all} items: {pending} not due yet, {untested} not tested");
        return Judgement::new(Outcome::NotTested, reason);
    }
    let days = list.query == crate::catalogue::Query::SourceDays;
    if days && untested > 0 {
        let reason = format!("{untested} of {all} days could not be tested");
        return Judgement::new(Outcome::NotTested, reason);
    }
    let mut reasons = vec![format!("{passed} of {passed} tested items passed")];
    if pending + untested > 0 {
        reasons.push(format!("{pending} not due yet, {untested} below the threshold"));
    }
    Judgement { result: Outcome::Pass, reasons }
}
