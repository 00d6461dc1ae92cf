//! Reads facts from the trail's entries, one after the other, in the order of the trail.

use std::collections::{BTreeMap, HashMap};

use event::{Period, Time};
use finding::{Alert, Decision, Finding, FindingId, Seen};

use super::{Act, AlertCount, Case, Decided, Facts, RuleSet, Watch, concludes, retired_object};
use crate::evidence::{Entry, RulesLoaded};

/// Most cases kept; more are counted in [`Facts::left_out`].
pub const CASES_MAX: usize = 1_000_000;

/// Most acts or rule sets kept; more are counted in [`Facts::left_out`].
pub const ROWS_MAX: usize = 1_000_000;

/// Follows the trail from its first entry and keeps what bears on a period.
#[derive(Debug)]
pub struct Gather {
    period: Period,
    watch: Watch,
    findings: HashMap<FindingId, Standing>,
    closed: Vec<Case>,
    rule_sets: Vec<RuleSet>,
    acts: Vec<Act>,
    alerts: BTreeMap<(String, String), u64>,
    left_out: u64,
}

#[derive(Debug)]
struct Standing {
    finding: Finding,
    case: Case,
}

impl Gather {
    /// Starts at the beginning of the trail.
    pub fn new(period: Period) -> Gather {
        Gather {
            period,
            watch: Watch::new(period),
            findings: HashMap::new(),
            closed: Vec::new(),
            rule_sets: Vec::new(),
            acts: Vec::new(),
            alerts: BTreeMap::new(),
            left_out: 0,
        }
    }

    /// Takes in the entry at `position`.
    pub fn see(&mut self, position: &str, entry: &Entry) {
        match entry {
            Entry::Event(event) => {
                for alert in &event.alerts {
                    self.alert(position, alert, event.received);
                }
            }
            Entry::Status(status) => self.watch.see(status),
            Entry::Decision(decision) => self.decision(position, decision),
            Entry::Rules(loaded) => self.rules(position, loaded),
            Entry::Administration(act) => {
                if act.act == "source_retired"
                    && let Some((source, instance)) = retired_object(&act.object)
                {
                    self.watch.retire(source, instance, act.time);
                }
                if self.period.contains(act.time) {
                    let act = Act {
                        time: act.time,
                        actor: act.actor.clone(),
                        act: act.act.clone(),
                        object: act.object.clone(),
                        detail: act.detail.clone(),
                        position: position.to_owned(),
                    };
                    keep(&mut self.acts, act, ROWS_MAX, &mut self.left_out);
                }
            }
            Entry::Rejected(_) | Entry::Start(_) => (),
        }
    }

    /// Returns the facts, as known at `as_of`.
    pub fn finish(mut self, as_of: Time) -> Facts {
        let standing = std::mem::take(&mut self.findings);
        for (_, one) in standing {
            self.close(one.case);
        }
        let counts = self.alerts.into_iter();
        let mut facts = Facts {
            period: self.period,
            as_of,
            sources: self.watch.finish(),
            rule_sets: self.rule_sets,
            cases: self.closed,
            acts: self.acts,
            alerts: counts
                .map(|((source, rule), count)| AlertCount { source, rule, count })
                .collect(),
            left_out: self.left_out,
        };
        facts.sort();
        facts
    }

    fn alert(&mut self, position: &str, alert: &Alert, received: Time) {
        if self.period.contains(received) {
            let key = (alert.source.clone(), alert.rule.clone());
            *self.alerts.entry(key).or_default() += 1;
        }
        if received >= self.period.until {
            return;
        }
        let id = FindingId::of(alert);
        let Some(standing) = self.findings.get_mut(&id) else {
            let finding = Finding::first(alert, received);
            let case = Case::opened_by(&finding, alert.time, position);
            self.findings.insert(id, Standing { finding, case });
            return;
        };
        match standing.finding.see(alert, received) {
            Seen::Repeated => {
                standing.case.alerts = standing.case.alerts.saturating_add(1);
                if alert.priority.at_least(standing.case.severity) {
                    standing.case.severity = alert.priority;
                }
            }
            Seen::Opened => {
                let mut case = Case::opened_by(&standing.finding, alert.time, position);
                case.severity = alert.priority;
                let before = std::mem::replace(&mut standing.case, case);
                self.close(before);
            }
        }
    }

    fn decision(&mut self, position: &str, decision: &Decision) {
        let Some(standing) = self.findings.get_mut(&decision.finding) else { return };
        let concluded = standing.case.decisions.iter().any(|one| concludes(&one.decision));
        if standing.finding.decide(decision).is_err() {
            return;
        }
        let decided = Decided { decision: decision.clone(), position: position.to_owned() };
        let reopened = matches!(decision.action, finding::Action::Reopen);
        if !(reopened && concluded) {
            standing.case.decisions.push(decided);
            return;
        }
        if decision.time >= self.period.until {
            return;
        }
        let mut case = Case::opened_by(&standing.finding, standing.case.happened, position);
        case.severity = standing.case.severity;
        case.alerts = 0;
        let before = std::mem::replace(&mut standing.case, case);
        self.close(before);
    }

    fn rules(&mut self, position: &str, loaded: &RulesLoaded) {
        if loaded.time >= self.period.until {
            return;
        }
        let set = RuleSet {
            time: loaded.time,
            hash: loaded.hash.clone(),
            rules: loaded.rules.clone(),
            approved_by: loaded.approved_by.clone(),
            position: position.to_owned(),
        };
        keep(&mut self.rule_sets, set, ROWS_MAX, &mut self.left_out);
    }

    /// Keeps a case if it bears on the period.
    fn close(&mut self, case: Case) {
        if case.bears_on(self.period) {
            keep(&mut self.closed, case, CASES_MAX, &mut self.left_out);
        }
    }
}

fn keep<T>(kept: &mut Vec<T>, one: T, max: usize, left_out: &mut u64) {
    if kept.len() < max {
        kept.push(one);
    } else {
        *left_out = left_out.saturating_add(1);
    }
}

impl Case {
    /// Returns the case that a finding's present opening starts.
    pub fn opened_by(finding: &Finding, happened: Time, position: &str) -> Case {
        Case {
            finding: finding.id.clone(),
            rule: finding.rule.clone(),
            source: finding.source.clone(),
            severity: finding.severity,
            subject: finding.subject.clone(),
            opened: finding.opened,
            happened,
            position: position.to_owned(),
            alerts: 1,
            decisions: Vec::new(),
        }
    }

    /// Tells whether the case was opened in the period, or before and not concluded at its start.
    pub fn bears_on(&self, period: Period) -> bool {
        if self.opened >= period.until {
            return false;
        }
        let concluded = self.decisions.iter().find(|one| concludes(&one.decision));
        self.opened >= period.from || concluded.is_none_or(|one| one.decision.time >= period.from)
    }
}
