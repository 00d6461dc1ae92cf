//! What judging needs to know about a period. [`Gather`] reads it from the trail's entries; the
//! store answers the same from its tables.

mod gather;
mod planted;
mod support;
mod watch;

use std::collections::BTreeSet;

use event::{Period, Severity, Subject, Time};
use finding::{Decision, FindingId, Verdict};
use serde::Serialize;

use crate::spans::Spans;

pub use gather::{CASES_MAX, Gather, ROWS_MAX};
pub use planted::{Canaries, Planted};
pub use support::{Kind, Support};
pub use watch::{Watch, retired_object};

/// What is known about a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// The period asked for.
    pub period: Period,
    /// Until when is known: the time of asking, or of the last entry. Later decisions are not in.
    pub as_of: Time,
    /// Every source instance that ever reported before the period's end.
    pub sources: Vec<SourceFacts>,
    /// Every rule set that came into force before the period's end, also before its start.
    pub rule_sets: Vec<RuleSet>,
    /// Cases opened in the period, or before it and not concluded at its start.
    pub cases: Vec<Case>,
    /// Acts of administration in the period.
    pub acts: Vec<Act>,
    /// Alerts received in the period, by source and rule, counted from the events themselves.
    pub alerts: Vec<AlertCount>,
    /// Canaries planted before the period's end that changed how a family of rules stands.
    pub canaries: Vec<Planted>,
    /// Items that a bound of this program left out. Not zero: populations are incomplete.
    pub left_out: u64,
}

/// What one instance of a source did in the period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceFacts {
    /// `k8s_audit`.
    pub source: String,
    /// Listener, file or node.
    pub instance: String,
    /// Start of the first minute it ever reported.
    pub first: Time,
    /// When it was taken out of service for good by a named act, if it was.
    pub retired: Option<Time>,
    /// Minutes in which it was connected all the time, merged, within the period.
    pub healthy: Spans,
    /// Spans for which it reported that it was not connected, and why.
    pub down: Vec<Down>,
    /// Minutes in which records were lost or refused.
    pub losses: Vec<Loss>,
    /// Entries that it numbered and that never came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What it said that it cannot see from where it stands, whatever happens.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unseen: BTreeSet<String>,
    /// Which rule set judged, as spans in order.
    pub rules: Vec<Judging>,
    /// Sums by hour (UTC), for hours with a status.
    pub hours: Vec<Hour>,
    /// Sums over the period.
    pub totals: Totals,
}

/// A span for which a source said that it was not connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Down {
    /// When.
    pub period: Period,
    /// Why, as reported.
    pub reason: String,
}

/// A minute in which records were lost or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Start of the minute.
    pub minute: Time,
    /// Records taken in.
    pub records: u64,
    /// Records known to be lost.
    pub lost: u64,
    /// Records that could not be read.
    pub rejected: u64,
}

/// Entries that a node numbered and that never came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// When they may have been made.
    pub period: Period,
    /// Stream of the node.
    pub stream: String,
    /// Number of the first.
    pub first: u64,
    /// Number of the last.
    pub last: u64,
    /// Where the trail says so.
    pub position: String,
}

/// A span in which one rule set judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judging {
    /// When.
    pub period: Period,
    /// Hash of the rule set.
    pub hash: String,
}

/// Sums over the minutes of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// Start of the hour.
    pub start: Time,
    /// The sums.
    pub totals: Totals,
}

/// Sums over the minutes of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Minutes with a status.
    pub minutes: u64,
    /// Records taken in.
    pub records: u64,
    /// Of these, refused.
    pub rejected: u64,
    /// Of these, duplicates.
    pub duplicates: u64,
    /// Known to be lost.
    pub lost: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Alerts raised, by the source's own count.
    pub alerts: u64,
}

/// A rule set that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleSet {
    /// When.
    pub time: Time,
    /// SHA-256 over its files, hex.
    pub hash: String,
    /// Its enabled rules: source and name.
    pub rules: Vec<(String, String)>,
    /// The named person who approved it, if one did.
    pub approved_by: Option<String>,
    /// Where the trail says so.
    pub position: String,
}

/// One time a finding stood open: from the alert that opened it until it was concluded and a new
/// alert came. A person who reopens it carries the same case on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The finding.
    pub finding: FindingId,
    /// Its rule.
    pub rule: String,
    /// Its source.
    pub source: String,
    /// Most severe alert of the case.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// When it was opened, by our clock.
    pub opened: Time,
    /// Event time of the alert that opened it, by the sender's clock.
    pub happened: Time,
    /// Where the trail has what opened it.
    pub position: String,
    /// Its alerts received in the period.
    pub alerts: u64,
    /// Decisions about it, in order.
    pub decisions: Vec<Decided>,
}

/// A stretch for which a case stood open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch<'a> {
    /// When it was opened, or reopened by a person.
    pub from: Time,
    /// The decision that concluded it, if one did.
    pub concluded: Option<&'a Decided>,
}

/// A decision, and where the trail has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Where the trail has it.
    pub position: String,
}

/// An act of administration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// When.
    pub time: Time,
    /// Who.
    pub actor: String,
    /// What.
    pub act: String,
    /// To what.
    pub object: String,
    /// More, for a person.
    pub detail: String,
    /// Where the trail has it.
    pub position: String,
}

/// Alerts of one rule in the period.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AlertCount {
    /// Source of the rule.
    pub source: String,
    /// Rule.
    pub rule: String,
    /// How many.
    pub count: u64,
}

impl SourceFacts {
    /// Returns when it was connected and nothing of what it sent is missing.
    pub fn observed(&self) -> Spans {
        let holes = Spans::of(self.missing.iter().map(|missing| missing.period));
        self.healthy.without(&holes)
    }
}

impl Missing {
    /// Says what is missing.
    pub fn reason(&self) -> String {
        let Missing { stream, first, last, position, .. } = self;
        let which = match first == last {
            true => format!("entry {first}"),
            false => format!("entries {first} to {last}"),
        };
        format!("{which} of its stream {stream} never came (entry {position} of the trail)")
    }
}

impl Facts {
    /// Puts every list in one order, so that equal facts are equal whoever gathered them.
    pub fn sort(&mut self) {
        self.sources.sort_by(|a, b| (&a.source, &a.instance).cmp(&(&b.source, &b.instance)));
        self.rule_sets
            .sort_by(|a, b| (a.time, &a.hash, &a.position).cmp(&(b.time, &b.hash, &b.position)));
        self.cases.sort_by(|a, b| {
            (a.opened, &a.finding, &a.position).cmp(&(b.opened, &b.finding, &b.position))
        });
        for case in &mut self.cases {
            case.decisions.sort_by_key(|decided| decided.decision.time);
        }
        self.acts.sort_by(|a, b| (a.time, &a.position).cmp(&(b.time, &b.position)));
        self.alerts.sort();
        self.canaries.sort_by(|a, b| (a.time, &a.position).cmp(&(b.time, &b.position)));
        for source in &mut self.sources {
            source.down.sort_by_key(|down| down.period);
            source.losses.sort_by_key(|loss| loss.minute);
            source.rules.sort_by_key(|judging| judging.period);
        }
    }

    /// Returns the part of the period that can be judged: statuses are due a minute after theirs.
    pub fn judged(&self) -> Period {
        let due = self.as_of.minute().plus(-Time::MINUTE);
        Period { from: self.period.from, until: self.period.until.min(due.max(self.period.from)) }
    }

    /// Tells whether the period had not ended, or was not settled, when the facts were gathered.
    pub fn interim(&self) -> bool {
        self.judged().until < self.period.until
    }

    /// Returns the rule set in force at `date`.
    pub fn rules_at(&self, date: Time) -> Option<&RuleSet> {
        self.rule_sets.iter().filter(|set| set.time <= date).max_by_key(|set| set.time)
    }
}

impl Case {
    /// Returns the first decision by which a person took the case on or concluded it.
    pub fn acknowledged(&self) -> Option<&Decided> {
        self.decisions.iter().find(|decided| {
            !matches!(decided.decision.action, finding::Action::Reopen) && by_person(decided)
        })
    }

    /// Returns the decision by which a person concluded the case, if it stands concluded.
    pub fn concluded(&self) -> Option<&Decided> {
        self.stretches().last().and_then(|stretch| stretch.concluded)
    }

    /// Returns each stretch for which the case stood open: a person may reopen what was concluded.
    pub fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut stretches = vec![Stretch { from: self.opened, concluded: None }];
        for decided in &self.decisions {
            let decision = &decided.decision;
            let reopens = matches!(decision.action, finding::Action::Reopen);
            let Some(last) = stretches.last_mut() else { break };
            match last.concluded {
                None if concludes(decision) && by_person(decided) => last.concluded = Some(decided),
                Some(_) if reopens => {
                    stretches.push(Stretch { from: decision.time, concluded: None });
                }
                _ => (),
            }
        }
        stretches
    }

    /// Returns what the case turned out to be.
    pub fn verdict(&self) -> Option<Verdict> {
        match self.concluded()?.decision.action {
            finding::Action::Resolve { verdict } => Some(verdict),
            _ => None,
        }
    }
}

/// Tells whether a decision ends a case.
fn concludes(decision: &Decision) -> bool {
    matches!(decision.action, finding::Action::Accept { .. } | finding::Action::Resolve { .. })
}

fn by_person(decided: &Decided) -> bool {
    finding::is_person(&decided.decision.actor) && !decided.decision.reason.trim().is_empty()
}
