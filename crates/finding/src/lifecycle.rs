//! The lifecycle of a finding: what an alert does to it, and who may move what to what.
//!
//! | from | acknowledge | accept | resolve | reopen | a new alert |
//! |---|---|---|---|---|---|
//! | open | acknowledged | accepted | resolved | – | open |
//! | acknowledged | – | accepted | resolved | open | acknowledged |
//! | accepted | – | accepted (new end) | resolved | open | accepted, or open after its end |
//! | resolved | – | – | – | open | open |
//!
//! Only a named person moves a finding, always with a reason. A token decides nothing.

use event::Time;

use crate::{Action, Alert, Decision, Finding, FindingId, Severity, Status};

/// Longest time for which a risk may be accepted at once.
pub const ACCEPTANCE_DAYS_MAX: i64 = 366;

/// Longest reason of a decision.
pub const REASON_BYTES_MAX: usize = 4096;

/// Longest name of an actor.
const ACTOR_BYTES_MAX: usize = 256;

/// Why a decision was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum Refusal {
    #[error("the decision is about finding {0}, not this one")]
    OtherFinding(FindingId),
    #[error("`{0}` is no named person; sign in as yourself to decide")]
    NoPerson(String),
    #[error("a reason is required; say why in your own words")]
    NoReason,
    #[error("the reason is longer than {REASON_BYTES_MAX} bytes; shorten it")]
    LongReason,
    #[error("the finding is {} and cannot be {} from there", .from.name(), .action)]
    NotFrom { from: Status, action: &'static str },
    #[error("an acceptance until {until} would be over by {now}")]
    EndsBeforeItStarts { until: Time, now: Time },
    #[error("an acceptance lasts at most {ACCEPTANCE_DAYS_MAX} days; accept it again later")]
    TooLong,
}

/// What an alert meant for its finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is the first of its kind, or it opened the finding again.
    Opened,
    /// The finding was already being handled, or waits to be.
    Repeated,
}

impl Status {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Acknowledged => "acknowledged",
            Status::Accepted => "accepted",
            Status::Resolved => "resolved",
        }
    }
}

impl Action {
    /// Returns the past participle, as in "cannot be resolved".
    pub fn done(&self) -> &'static str {
        match self {
            Action::Acknowledge => "acknowledged",
            Action::Accept { .. } => "accepted",
            Action::Resolve { .. } => "resolved",
            Action::Reopen => "reopened",
        }
    }
}

/// Tells whether an actor's name stands for a person. Names that start with `token:` or `system:`
/// stand for programs.
pub fn is_person(actor: &str) -> bool {
    let name = actor.trim();
    !name.is_empty()
        && name.len() <= ACTOR_BYTES_MAX
        && !name.starts_with("token:")
        && !name.starts_with("system:")
}

impl Finding {
    /// Returns the finding that its first alert, received at `received`, opens.
    pub fn first(alert: &Alert, received: Time) -> Finding {
        Finding {
            id: FindingId::of(alert),
            rule: alert.rule.to_string(),
            source: alert.source.to_string(),
            severity: alert.priority,
            subject: (*alert.subject).clone(),
            soc2: alert.soc2.to_vec(),
            status: Status::Open,
            verdict: None,
            accepted_until: None,
            first_seen: alert.time,
            last_seen: alert.time,
            opened: received,
            count: 1,
            output: alert.output.clone(),
        }
    }

    /// Takes in one more alert of the same fingerprint, received at `received`.
    pub fn see(&mut self, alert: &Alert, received: Time) -> Seen {
        self.count = self.count.saturating_add(1);
        self.first_seen = self.first_seen.min(alert.time);
        self.last_seen = self.last_seen.max(alert.time);
        self.severity = worse(self.severity, alert.priority);
        self.soc2 = alert.soc2.to_vec();
        self.output.clone_from(&alert.output);
        match self.standing(received) {
            Status::Resolved => self.open(received),
            Status::Open if self.status == Status::Accepted => self.open(received),
            _ => Seen::Repeated,
        }
    }

    /// Returns where the finding stands at `now`: an acceptance whose end has passed is open again.
    pub fn standing(&self, now: Time) -> Status {
        match (self.status, self.accepted_until) {
            (Status::Accepted, Some(until)) if until <= now => Status::Open,
            (status, _) => status,
        }
    }

    /// Takes a decision, or says why not and leaves the finding as it was.
    pub fn decide(&mut self, decision: &Decision) -> Result<(), Refusal> {
        if decision.finding != self.id {
            return Err(Refusal::OtherFinding(decision.finding.clone()));
        }
        decision.check()?;
        let from = self.standing(decision.time);
        let status = next(from, &decision.action)
            .ok_or(Refusal::NotFrom { from, action: decision.action.done() })?;
        self.status = status;
        self.verdict = match decision.action {
            Action::Resolve { verdict } => Some(verdict),
            _ => None,
        };
        self.accepted_until = match decision.action {
            Action::Accept { until } => Some(until),
            _ => None,
        };
        // Giving back what one took on does not stop the clock; undoing a conclusion starts it.
        if status == Status::Open && from != Status::Acknowledged {
            self.opened = decision.time;
        }
        Ok(())
    }

    fn open(&mut self, received: Time) -> Seen {
        self.status = Status::Open;
        self.verdict = None;
        self.accepted_until = None;
        self.opened = received;
        Seen::Opened
    }
}

impl Decision {
    /// Checks what can be checked without the finding: a person, a reason, an end that makes sense.
    pub fn check(&self) -> Result<(), Refusal> {
        if !is_person(&self.actor) {
            return Err(Refusal::NoPerson(self.actor.clone()));
        }
        if self.reason.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        if self.reason.len() > REASON_BYTES_MAX {
            return Err(Refusal::LongReason);
        }
        if let Action::Accept { until } = self.action {
            if until <= self.time {
                return Err(Refusal::EndsBeforeItStarts { until, now: self.time });
            }
            if until > self.time.plus(ACCEPTANCE_DAYS_MAX * 24 * 60 * Time::MINUTE) {
                return Err(Refusal::TooLong);
            }
        }
        Ok(())
    }
}

fn worse(left: Severity, right: Severity) -> Severity {
    if right.at_least(left) { right } else { left }
}

/// Returns where an action leads, if it may be taken there.
fn next(from: Status, action: &Action) -> Option<Status> {
    match (from, action) {
        (Status::Open, Action::Acknowledge) => Some(Status::Acknowledged),
        (Status::Open | Status::Acknowledged | Status::Accepted, Action::Accept { .. }) => {
            Some(Status::Accepted)
        }
        (Status::Open | Status::Acknowledged | Status::Accepted, Action::Resolve { .. }) => {
            Some(Status::Resolved)
        }
        (Status::Acknowledged | Status::Accepted | Status::Resolved, Action::Reopen) => {
            Some(Status::Open)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Verdict;

    const HOUR: i64 = 60 * Time::MINUTE;

    fn alert(seconds: i64) -> Alert {
        Alert {
            uuid: String::new(),
            time: Time(seconds * Time::SECOND),
            rule: "Shell in pod".into(),
            priority: Severity::Warning,
            source: "k8s_audit".into(),
            tags: [].into(),
            hostname: "h".into(),
            output: "someone ran a shell".into(),
            output_fields: Default::default(),
            soc2: ["CC7.2".into()].into(),
            reliability: Default::default(),
            subject: Default::default(),
        }
    }

    fn finding() -> Finding {
        Finding::first(&alert(0), Time(0))
    }

    fn decision(hours: i64, action: Action) -> Decision {
        Decision {
            finding: finding().id,
            actor: "ada@example.org".into(),
            time: Time(hours * HOUR),
            action,
            reason: "looked at it".into(),
        }
    }

    fn accept(until_hours: i64) -> Action {
        Action::Accept { until: Time(until_hours * HOUR) }
    }

    const RESOLVE: Action = Action::Resolve { verdict: Verdict::Benign };

    #[test]
    fn a_finding_goes_from_open_over_acknowledged_to_resolved() {
        let mut finding = finding();
        finding.decide(&decision(1, Action::Acknowledge)).unwrap();
        assert_eq!(finding.status, Status::Acknowledged);
        finding.decide(&decision(2, RESOLVE)).unwrap();
        assert_eq!((finding.status, finding.verdict), (Status::Resolved, Some(Verdict::Benign)));
    }

    #[test]
    fn a_new_alert_opens_what_was_resolved_and_the_clock_starts_again() {
        let mut finding = finding();
        finding.decide(&decision(1, RESOLVE)).unwrap();
        assert_eq!(finding.see(&alert(9), Time(5 * HOUR)), Seen::Opened);
        assert_eq!(
            (finding.status, finding.opened, finding.count),
            (Status::Open, Time(5 * HOUR), 2)
        );
        assert_eq!(finding.verdict, None);
    }

    #[test]
    fn an_acceptance_holds_until_its_end_and_no_longer() {
        let mut finding = finding();
        finding.decide(&decision(1, accept(10))).unwrap();
        assert_eq!(finding.see(&alert(9), Time(9 * HOUR)), Seen::Repeated);
        assert_eq!(finding.standing(Time(10 * HOUR)), Status::Open);
        assert_eq!(finding.see(&alert(9), Time(10 * HOUR)), Seen::Opened);
        assert_eq!(finding.accepted_until, None);
    }

    #[test]
    fn what_may_not_be_done_is_refused_and_changes_nothing() {
        let mut resolved = finding();
        resolved.decide(&decision(1, RESOLVE)).unwrap();
        let before = resolved.clone();
        for action in [Action::Acknowledge, accept(20), RESOLVE] {
            let refusal = resolved.decide(&decision(2, action)).unwrap_err();
            assert!(
                matches!(refusal, Refusal::NotFrom { from: Status::Resolved, .. }),
                "{refusal}"
            );
        }
        assert_eq!(resolved, before);
    }

    #[test]
    fn a_decision_needs_a_person_a_reason_and_an_end_that_makes_sense() {
        let mut unreasoned = decision(1, Action::Acknowledge);
        unreasoned.reason = " \n".into();
        assert_eq!(unreasoned.check(), Err(Refusal::NoReason));
        let mut program = decision(1, Action::Acknowledge);
        program.actor = "token:ci".into();
        assert_eq!(program.check(), Err(Refusal::NoPerson("token:ci".into())));
        assert!(matches!(decision(5, accept(5)).check(), Err(Refusal::EndsBeforeItStarts { .. })));
        assert_eq!(decision(0, accept(24 * 367)).check(), Err(Refusal::TooLong));
    }

    #[test]
    fn a_decision_about_another_finding_is_refused() {
        let mut other = decision(1, Action::Acknowledge);
        other.finding = FindingId("00".into());
        assert_eq!(finding().decide(&other), Err(Refusal::OtherFinding(FindingId("00".into()))));
    }

    #[test]
    fn refusals_read_as_sentences() {
        expect_test::expect![[r#"
            the finding is resolved and cannot be acknowledged from there
            `token:ci` is no named person; sign in as yourself to decide
            an acceptance until 1970-01-01T00:00:00Z would be over by 1970-01-01T00:00:01Z
        "#]]
        .assert_eq(
            &[
                Refusal::NotFrom { from: Status::Resolved, action: "acknowledged" },
                Refusal::NoPerson("token:ci".into()),
                Refusal::EndsBeforeItStarts { until: Time(0), now: Time(Time::SECOND) },
            ]
            .map(|refusal| format!("{refusal}\n"))
            .concat(),
        );
    }

    proptest! {
        #[test]
        fn a_verdict_stands_exactly_while_resolved(
            steps in proptest::collection::vec((0u8..5, 1i64..50), 0..40)
        ) {
            let mut finding = finding();
            let mut hours = 0;
            for (step, later) in steps {
                hours += later;
                let action = match step {
                    0 => Action::Acknowledge,
                    1 => accept(hours + 20),
                    2 => RESOLVE,
                    3 => Action::Reopen,
                    _ => {
                        finding.see(&alert(hours), Time(hours * HOUR));
                        continue;
                    }
                };
                let before = finding.clone();
                if finding.decide(&decision(hours, action)).is_err() {
                    prop_assert_eq!(&finding, &before);
                }
                prop_assert_eq!(finding.verdict.is_some(), finding.status == Status::Resolved);
                prop_assert_eq!(
                    finding.accepted_until.is_some(),
                    finding.status == Status::Accepted
                );
            }
        }
    }
}
