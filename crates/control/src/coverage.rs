//! Coverage: when what was watched, and every gap with its reason. A minute without a status is a
//! gap; so is the time before a source's first status.

use event::{Period, Time};
use serde::Serialize;

use crate::catalogue::{Control, Instances};
use crate::facts::{Facts, Loss, Planted, RuleSet, SourceFacts, Totals};
use crate::spans::Spans;

/// Observed and expected time, with every gap between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Seconds that should have been watched.
    pub expected_seconds: i64,
    /// Of these, seconds that were.
    pub observed_seconds: i64,
    /// The spans that were.
    pub observed: Spans,
    /// Every span that was not, with why; one instant can be missing for several reasons.
    pub gaps: Vec<Gap>,
}

/// A span in which something was not watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// Start and end.
    #[serde(flatten)]
    pub period: Period,
    /// Source that was not watched.
    pub source: String,
    /// Instance of it; empty when the source as a whole is meant.
    pub instance: String,
    /// What kind of gap.
    pub kind: GapKind,
    /// Why, as far as it is known.
    pub reason: String,
}

/// Why something was not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// The source had not reported yet, ever.
    NotStarted,
    /// It sent no status.
    Silent,
    /// It said that it was not connected.
    Disconnected,
    /// It lost or refused more records than the control bears.
    Loss,
    /// The rules that judged are not known, or nobody approved them.
    RulesNotApproved,
    /// The rules that judged lack a rule of the control.
    RulesMissing,
    /// What was planted for rules of the control was not told of.
    CanaryMissed,
    /// Entries that it numbered never came.
    EntriesMissing,
}

impl GapKind {
    /// Returns the words for it.
    pub fn name(self) -> &'static str {
        match self {
            GapKind::NotStarted => "not started",
            GapKind::Silent => "no status",
            GapKind::Disconnected => "not connected",
            GapKind::Loss => "records lost or refused",
            GapKind::RulesNotApproved => "rules not approved",
            GapKind::RulesMissing => "rules missing",
            GapKind::CanaryMissed => "canary missed",
            GapKind::EntriesMissing => "entries missing",
        }
    }
}

/// Coverage of one source instance, whatever rules judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceCoverage {
    /// Source.
    pub source: String,
    /// Instance.
    pub instance: String,
    /// Coverage of the judged part of the period.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// What it took in.
    pub totals: Totals,
}

/// Returns the coverage of every source instance that ever reported.
pub fn of_sources(facts: &Facts) -> Vec<SourceCoverage> {
    let judged = facts.judged();
    let of_one = |source: &SourceFacts| {
        let expected = owed(source, judged);
        let observed = source.observed().and(&expected);
        let gaps = silences(source, &expected);
        SourceCoverage {
            source: source.source.clone(),
            instance: source.instance.clone(),
            coverage: Coverage::of(&expected, observed, gaps),
            totals: source.totals,
        }
    };
    facts.sources.iter().map(of_one).collect()
}

/// Returns when a control could operate: all its sources healthy, loss within its bound, approved
/// rules judging, all at once.
pub fn of_control(control: &Control, facts: &Facts) -> Coverage {
    let expected = match control.effective(facts.judged()) {
        Some(span) => Spans::from(span),
        None => Spans::default(),
    };
    let mut observed = expected.clone();
    let mut gaps = Vec::new();
    for needed in &control.sources {
        let of_source = |one: &&SourceFacts| one.source == needed.source;
        let instances: Vec<&SourceFacts> = facts.sources.iter().filter(of_source).collect();
        if instances.is_empty() {
            gaps.extend(expected.iter().map(|span| Gap {
                period: *span,
                source: needed.source.clone(),
                instance: String::new(),
                kind: GapKind::NotStarted,
                reason: "no instance of this source ever reported".to_owned(),
            }));
            observed = Spans::default();
            continue;
        }
        let mut together: Option<Spans> = None;
        for instance in instances {
            let owed = owed_of(instance, &expected);
            let mut missing = silences(instance, &owed);
            missing.extend(losses(control, instance, &owed));
            missing.extend(misjudged(control, facts, instance, &owed));
            missing.extend(unshown(control, facts, instance, &owed));
            let holes = Spans::of(missing.iter().map(|gap| gap.period));
            // Out of service for good: nothing is owed, so nothing is missing, but an `any` source
            // is not seen by it either.
            let good = match needed.instances {
                Instances::All => expected.without(&holes),
                Instances::Any => owed.without(&holes),
            };
            gaps.extend(missing);
            together = Some(match (together, needed.instances) {
                (None, _) => good,
                (Some(others), Instances::All) => others.and(&good),
                (Some(others), Instances::Any) => others.or(&good),
            });
        }
        observed = observed.and(&together.unwrap_or_default());
    }
    Coverage::of(&expected, observed, gaps)
}

impl Coverage {
    fn of(expected: &Spans, observed: Spans, mut gaps: Vec<Gap>) -> Coverage {
        gaps.sort();
        gaps.dedup();
        Coverage {
            expected_seconds: expected.seconds(),
            observed_seconds: observed.seconds(),
            observed,
            gaps,
        }
    }

    /// Returns the observed part in per cent, never rounded up to 100.
    pub fn share(&self) -> f64 {
        if self.expected_seconds <= 0 {
            return 0.0;
        }
        if self.observed_seconds >= self.expected_seconds {
            return 100.0;
        }
        // Whole thousandths first, so that every place that shows it rounds down alike.
        let share = i128::from(self.observed_seconds) * 100_000 / i128::from(self.expected_seconds);
        share as f64 / 1000.0
    }

    /// Tells whether at least `share` per cent were observed.
    pub fn reaches(&self, share: f64) -> bool {
        self.expected_seconds > 0
            && self.observed_seconds as f64 * 100.0 >= share * self.expected_seconds as f64
    }

    /// Returns the longest gap in seconds.
    pub fn longest_gap_seconds(&self) -> i64 {
        let holes = Spans::of(self.gaps.iter().map(|gap| gap.period));
        holes.iter().map(Period::seconds).max().unwrap_or(0)
    }
}

/// Returns for which time an instance owes statuses.
fn owed(source: &SourceFacts, span: Period) -> Spans {
    let until = source.retired.map_or(span.until, |retired| retired.min(span.until));
    Spans::of([Period { from: span.from, until }])
}

fn owed_of(source: &SourceFacts, expected: &Spans) -> Spans {
    expected.and(&owed(source, Period { from: Time(i64::MIN), until: Time(i64::MAX) }))
}

/// Lists when a source was not connected, or silent, or not there yet, or when entries of it are
/// missing.
pub(crate) fn silences(source: &SourceFacts, owed: &Spans) -> Vec<Gap> {
    let gap = |span: &Period, kind, reason: String| Gap {
        period: *span,
        source: source.source.clone(),
        instance: source.instance.clone(),
        kind,
        reason,
    };
    let missing = owed.without(&source.healthy);
    let before = Spans::of([Period { from: Time(i64::MIN), until: source.first }]);
    let mut gaps: Vec<Gap> = missing
        .and(&before)
        .iter()
        .map(|span| {
            let reason = format!("its first status ever is of {}", source.first);
            gap(span, GapKind::NotStarted, reason)
        })
        .collect();
    let mut told = before;
    for down in &source.down {
        let spans = missing.and(&Spans::from(down.period));
        let disconnected =
            spans.iter().map(|span| gap(span, GapKind::Disconnected, down.reason.clone()));
        gaps.extend(disconnected);
        told = told.or(&Spans::from(down.period));
    }
    let silent = missing.without(&told);
    gaps.extend(silent.iter().map(|span| gap(span, GapKind::Silent, "no status arrived".into())));
    for missing in &source.missing {
        let spans = owed.and(&Spans::from(missing.period));
        let of_it = spans.iter().map(|span| gap(span, GapKind::EntriesMissing, missing.reason()));
        gaps.extend(of_it);
    }
    gaps
}

fn losses(control: &Control, source: &SourceFacts, owed: &Spans) -> Vec<Gap> {
    let beyond = source.losses.iter().filter(|loss| !loss.within(control.loss_per_million_max));
    beyond
        .flat_map(|loss| {
            let minute = Period { from: loss.minute, until: loss.minute.plus(Time::MINUTE) };
            let reason = format!(
                "{} lost and {} refused beside {} records in this minute; the control bears {} per \
                 million",
                loss.lost, loss.rejected, loss.records, control.loss_per_million_max
            );
            let spans: Vec<Period> = owed.and(&Spans::from(minute)).iter().copied().collect();
            spans.into_iter().map(move |period| Gap {
                period,
                source: source.source.clone(),
                instance: source.instance.clone(),
                kind: GapKind::Loss,
                reason: reason.clone(),
            })
        })
        .collect()
}

impl Loss {
    /// Tells whether lost and refused records together stay within so many per million.
    pub fn within(&self, per_million_max: u64) -> bool {
        let unread = u128::from(self.lost) + u128::from(self.rejected);
        let all = (u128::from(self.records) + u128::from(self.lost)).max(unread);
        unread * 1_000_000 <= all * u128::from(per_million_max)
    }
}

/// Lists when rules judged that were not approved, or lacked a rule of the control.
fn misjudged(control: &Control, facts: &Facts, source: &SourceFacts, owed: &Spans) -> Vec<Gap> {
    if control.rules.is_empty() {
        return Vec::new();
    }
    let mut gaps = Vec::new();
    for judging in &source.rules {
        let span = owed.and(&Spans::from(judging.period));
        if span.is_empty() {
            continue;
        }
        let (from, kind, reason) = soundness(control, facts, &judging.hash);
        let good = Spans::of([Period { from, until: Time(i64::MAX) }]);
        gaps.extend(span.without(&good).iter().map(|period| Gap {
            period: *period,
            source: source.source.clone(),
            instance: source.instance.clone(),
            kind,
            reason: reason.clone(),
        }));
    }
    gaps
}

/// Lists from when a canary of one of the control's rules was missed until one was seen again.
fn unshown(control: &Control, facts: &Facts, source: &SourceFacts, owed: &Spans) -> Vec<Gap> {
    let concerns = |planted: &&Planted| {
        planted.source == source.source
            && planted.instance == source.instance
            && control.rules.iter().any(|mapped| planted.rules.contains(&mapped.rule))
    };
    let of_control: Vec<&Planted> = facts.canaries.iter().filter(concerns).collect();
    let mut gaps = Vec::new();
    for (at, missed) in of_control.iter().enumerate().filter(|(_, planted)| planted.missed) {
        let seen = of_control[at..]
            .iter()
            .find(|planted| planted.family == missed.family && !planted.missed);
        let until = seen.map_or(Time(i64::MAX), |planted| planted.time);
        let span = Spans::of([Period { from: missed.time, until }]);
        gaps.extend(owed.and(&span).iter().map(|period| Gap {
            period: *period,
            source: source.source.clone(),
            instance: source.instance.clone(),
            kind: GapKind::CanaryMissed,
            reason: format!(
                "the canary for the rules of `{}` was not told of (entry {})",
                missed.family, missed.position
            ),
        }));
    }
    gaps
}

/// Returns from when a rule set counts for a control, and why not before.
fn soundness(control: &Control, facts: &Facts, hash: &str) -> (Time, GapKind, String) {
    let never = Time(i64::MAX);
    let short = hash.get(..12).unwrap_or(hash);
    let mut known = facts.rule_sets.iter().filter(|set| set.hash == hash).peekable();
    let Some(set) = known.peek() else {
        let reason = format!("rule set {short} judged, and the trail does not say what it is");
        return (never, GapKind::RulesNotApproved, reason);
    };
    let lacking = set.lacks(control);
    if !lacking.is_empty() {
        let reason = format!("rule set {short} has no {}", lacking.join(", no "));
        return (never, GapKind::RulesMissing, reason);
    }
    let approval = known.filter(|set| set.approver().is_some()).map(|set| set.time).min();
    let reason = match approval {
        Some(time) => format!("rule set {short} was approved only at {time}"),
        None => format!("rule set {short} has no named approver"),
    };
    (approval.unwrap_or(never), GapKind::RulesNotApproved, reason)
}

impl RuleSet {
    /// Returns the rules of a control that are not enabled in this set.
    pub fn lacks(&self, control: &Control) -> Vec<String> {
        let missing = |rule: &&String| !self.rules.iter().any(|(_, name)| name == *rule);
        let wanted = control.rules.iter().map(|mapped| &mapped.rule);
        wanted.filter(missing).map(|rule| format!("`{rule}`")).collect()
    }

    /// Returns the named person who approved it.
    pub fn approver(&self) -> Option<&str> {
        self.approved_by.as_deref().filter(|name| finding::is_person(name))
    }
}
