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
        // Rules of a source that nothing delivers are not in force, and not missing either.
        if let Some(source) = absent(control, facts) {
            let reason =
                format!("no instance of {source} ever reported, so its rules judge nothing");
            return Judgement::new(Outcome::NotTested, reason);
        }
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

/// Returns a source that the control needs and no instance of which ever reported.
fn absent<'c>(control: &'c Control, facts: &Facts) -> Option<&'c str> {
    let reports = |name: &str| facts.sources.iter().any(|one| one.source == name);
    control.sources.iter().map(|needed| needed.source.as_str()).find(|name| !reports(name))
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
            match silence(instance, facts, shortly, within) {
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
fn silence(
    instance: &SourceFacts,
    facts: &Facts,
    shortly: Period,
    within: Limit,
) -> Option<Judgement> {
    let name = format!("{}/{}", instance.source, instance.instance);
    let shortly_spans = Spans::from(shortly);
    if !instance.observed().and(&shortly_spans).is_empty() {
        return None;
    }
    if !instance.healthy.and(&shortly_spans).is_empty()
        && let Some(missing) = instance.missing.last()
    {
        let reason = format!("{name} reported, and {}", missing.reason());
        return Some(Judgement::new(Outcome::NotTested, reason));
    }
    let begun = begun(instance, facts.period);
    let down = instance.down.iter().rev().find(|down| {
        let whole = Spans::from(down.period).without(&begun);
        !whole.and(&shortly_spans).is_empty()
    });
    if let Some(down) = down {
        let reason = format!("{name} was not connected: {}", down.reason);
        return Some(Judgement::new(Outcome::Fail, reason));
    }
    let latest = begun.and(&shortly_spans).iter().last().copied();
    let reason = match latest {
        Some(minute) => format!(
            "{name} began to report in the minute of {}, and no whole minute of it was over at {}",
            minute.from, shortly.until
        ),
        None => format!("{name} sent no status within {within} before {}", shortly.until),
    };
    Some(Judgement::new(Outcome::NotTested, reason))
}

/// Returns the minutes in which an instance began to report, for the first time or after silence.
/// Such a minute is a part of one at best: it shows neither that the source was well nor that it
/// was not.
fn begun(instance: &SourceFacts, period: Period) -> Spans {
    let down = Spans::of(instance.down.iter().map(|down| down.period));
    let reported = instance.healthy.or(&down);
    // What reported before the period did not begin with it.
    let begins = reported.iter().map(|run| run.from);
    let begins = begins.filter(|from| *from > period.from || instance.first >= period.from);
    Spans::of(begins.map(|from| Period { from, until: from.plus(Time::MINUTE) }))
}

fn graver(one: Option<Judgement>, two: Judgement) -> Judgement {
    match one {
        Some(one) if one.result.weight() <= two.result.weight() => one,
        _ => two,
    }
}
