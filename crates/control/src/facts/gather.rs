//! Reads facts from the trail's entries, one after the other, in the order of the trail.

use std::collections::{BTreeMap, HashMap, HashSet};

use event::{Period, Time};
use finding::{Alert, Decision, Finding, FindingId, Seen};

use super::{
    Act, AlertCount, Canaries, Case, Decided, Facts, Kind, Planted, RuleSet, Stretch, Support,
    Watch, retired_object,
};
use crate::evidence::{Entry, RulesLoaded, SourceStatus};

/// Most cases kept; more are counted in [`Facts::left_out`].
pub const CASES_MAX: usize = 1_000_000;

/// Most acts, rule sets, canaries or holes kept; more are counted in [`Facts::left_out`].
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
    planted: Canaries,
    canaries: Vec<Planted>,
    holes: usize,
    left_out: u64,
    support: Support,
    instances: HashSet<(String, String)>,
}

#[derive(Debug)]
struct Standing {
    finding: Finding,
    case: Case,
    /// Whether an alert after the period opened the finding again.
    moved_on: bool,
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
            planted: Canaries::default(),
            canaries: Vec::new(),
            holes: 0,
            left_out: 0,
            support: Support::default(),
            instances: HashSet::new(),
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
            Entry::Status(status) => self.status(position, status),
            Entry::Decision(decision) => self.decision(position, decision),
            Entry::Rules(loaded) => self.rules(position, loaded),
            Entry::Administration(act) => {
                if act.act == "source_retired"
                    && let Some((source, instance)) = retired_object(&act.object)
                {
                    self.support.note(Kind::Administration, position);
                    self.watch.retire(source, instance, act.time);
                }
                if self.period.contains(act.time) {
                    self.support.note(Kind::Administration, position);
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
            Entry::Rejected(rejected) if self.period.contains(rejected.received) => {
                self.support.note(Kind::Rejected, position);
            }
            Entry::Start(start) if self.period.contains(start.time) => {
                self.support.note(Kind::Starts, position);
            }
            Entry::Canary(canary) => {
                if let Some(planted) = self.planted.see(position, canary)
                    && planted.time < self.period.until
                {
                    self.support.note(Kind::Canaries, position);
                    keep(&mut self.canaries, planted, ROWS_MAX, &mut self.left_out);
                }
            }
            Entry::Hole(hole) if self.watch.concerns(hole) => {
                self.support.note(Kind::Holes, position);
                if self.holes < ROWS_MAX {
                    self.holes += 1;
                    self.watch.miss(hole, position);
                } else {
                    self.left_out = self.left_out.saturating_add(1);
                }
            }
            Entry::Rejected(_) | Entry::Start(_) | Entry::Activity(_) | Entry::Hole(_) => (),
        }
    }

    /// Returns the facts, as known at `as_of`.
    pub fn finish(self, as_of: Time) -> Facts {
        self.finish_with_support(as_of).0
    }

    /// Returns the facts, and which entries they rest on.
    pub fn finish_with_support(mut self, as_of: Time) -> (Facts, Support) {
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
            canaries: self.canaries,
            left_out: self.left_out,
        };
        facts.sort();
        (facts, self.support)
    }

    fn status(&mut self, position: &str, status: &SourceStatus) {
        let key = (status.source.clone(), status.instance.clone());
        let within = status.minute < self.period.until
            && status.minute.plus(Time::MINUTE) > self.period.from;
        // The first status of an instance tells since when it is known.
        if within || (status.minute < self.period.until && !self.instances.contains(&key)) {
            self.support.note(Kind::Statuses, position);
            self.instances.insert(key);
        }
        self.watch.see(status);
    }

    fn alert(&mut self, position: &str, alert: &Alert, received: Time) {
        if received >= self.period.until {
            self.later(alert, received);
            return;
        }
        let within = self.period.contains(received);
        if within {
            let key = (alert.source.to_string(), alert.rule.to_string());
            *self.alerts.entry(key).or_default() += 1;
            self.support.note(Kind::Events, position);
        }
        let id = FindingId::of(alert);
        let Some(standing) = self.findings.get_mut(&id) else {
            let finding = Finding::first(alert, received);
            let case =
                Case::opened_by(&finding, alert.time, position).with_alerts(u64::from(within));
            self.findings.insert(id, Standing { finding, case, moved_on: false });
            return;
        };
        match standing.finding.see(alert, received) {
            Seen::Repeated => {
                standing.case.alerts = standing.case.alerts.saturating_add(u64::from(within));
                if alert.priority.at_least(standing.case.severity) {
                    standing.case.severity = alert.priority;
                }
            }
            Seen::Opened => {
                let case = Case::opened_by(&standing.finding, alert.time, position);
                let case = Case { severity: alert.priority, ..case.with_alerts(u64::from(within)) };
                let before = std::mem::replace(&mut standing.case, case);
                self.close(before);
            }
        }
    }

    /// Takes in an alert from after the period: decisions that follow are about a case of its own.
    fn later(&mut self, alert: &Alert, received: Time) {
        if let Some(standing) = self.findings.get_mut(&FindingId::of(alert)) {
            standing.moved_on |= standing.finding.see(alert, received) == Seen::Opened;
        }
    }

    fn decision(&mut self, position: &str, decision: &Decision) {
        let Some(standing) = self.findings.get_mut(&decision.finding) else { return };
        if !standing.moved_on && standing.finding.decide(decision).is_ok() {
            let decided = Decided { decision: decision.clone(), position: position.to_owned() };
            standing.case.decisions.push(decided);
        }
    }

    fn rules(&mut self, position: &str, loaded: &RulesLoaded) {
        if loaded.time >= self.period.until {
            return;
        }
        self.support.note(Kind::Rules, position);
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
        let bears = case.bears_on(self.period);
        // Alerts of the period need what came before them, so that they open no case by mistake.
        if bears || case.alerts > 0 {
            case.support(&mut self.support);
        }
        if bears {
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

    fn with_alerts(mut self, count: u64) -> Case {
        self.alerts = count;
        self
    }

    /// Notes what the case rests on.
    fn support(&self, support: &mut Support) {
        support.note(Kind::Events, &self.position);
        for decided in &self.decisions {
            support.note(Kind::Decisions, &decided.position);
        }
    }

    /// Tells whether the case was opened in the period, or before and stood open in it.
    pub fn bears_on(&self, period: Period) -> bool {
        let stands = |stretch: &Stretch<'_>| {
            let until = stretch.concluded.map_or(Time(i64::MAX), |one| one.decision.time);
            stretch.from < period.until && until >= period.from
        };
        self.opened < period.until
            && (self.opened >= period.from || self.stretches().iter().any(stands))
    }
}
