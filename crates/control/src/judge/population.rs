//! Populations: every item of a period, whether or not it passes, with where its evidence stands.

use data_encoding::HEXLOWER;
use event::{Period, Time};
use finding::FindingId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::catalogue::{Control, Population, Query};
use crate::coverage::{GapKind, silences};
use crate::facts::{Act, Case, Facts, RuleSet, SourceFacts};
use crate::spans::Spans;

const DAY: i64 = 24 * 60 * Time::MINUTE;

/// A population with its items.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct List {
    /// Name within the control.
    pub name: String,
    /// Version of the query.
    pub version: u32,
    /// The query.
    pub query: Query,
    /// What one item is.
    pub unit: String,
    /// Period it covers.
    pub period: Period,
    /// SHA-256 over its items as CSV, before any test, hex.
    pub sha256: String,
    /// Counts that must agree.
    pub totals: Vec<Total>,
    /// The items, in order. Left out of JSON; they have a listing of their own.
    #[serde(skip)]
    pub items: Vec<Item>,
    /// Number of items.
    pub count: u64,
}

/// Two counts of the same thing by different paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Total {
    /// What is counted, and how either count was taken.
    pub what: String,
    /// How independent the second path is.
    pub class: TotalClass,
    /// By the population's own path.
    pub counted: u64,
    /// By the other path.
    pub control: u64,
}

/// How independent a control total is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
pub enum TotalClass {
    /// Other system and other administrator.
    A,
    /// Same system, other path.
    B,
    /// The same data again; it does not support completeness.
    C,
}

/// One item of a population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is, for a person.
    pub title: String,
    /// The finding, for cases.
    pub finding: Option<FindingId>,
    /// When it began.
    pub time: Time,
    /// Its columns, in the order of [`List::columns`].
    pub cells: Vec<String>,
    /// What testing it gave.
    pub result: ItemResult,
    /// Why.
    pub reason: String,
    /// Trail positions of what shows it.
    pub evidence: Vec<String>,
}

/// What testing an item gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemResult {
    /// It held.
    Pass,
    /// It did not.
    Deviate,
    /// It is not due yet.
    Pending,
    /// No test covers it.
    Untested,
}

impl ItemResult {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            ItemResult::Pass => "pass",
            ItemResult::Deviate => "deviate",
            ItemResult::Pending => "pending",
            ItemResult::Untested => "untested",
        }
    }
}

/// Rows under a heading: what a CSV file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns the table as CSV (RFC 4180, lines end in `\n`). Text that a spreadsheet would run
    /// as a formula is kept as text by a leading apostrophe.
    pub fn csv(&self) -> String {
        let heading: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let mut text = String::new();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        text
    }
}

fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    if formula || cell.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

impl List {
    /// Returns the names of the items' columns.
    pub fn columns(&self) -> &'static [&'static str] {
        match self.query {
            Query::Cases => &[
                "finding",
                "rule",
                "severity",
                "subject",
                "opened",
                "happened",
                "alerts",
                "acknowledged",
                "acknowledged_by",
                "concluded",
                "concluded_by",
                "verdict",
            ],
            Query::RuleSets => &["time", "hash", "rules", "approved_by"],
            Query::Administration => &["time", "actor", "act", "object", "detail"],
            Query::SourceDays => &[
                "day",
                "source",
                "instance",
                "expected_seconds",
                "observed_seconds",
                "longest_gap_seconds",
                "not_started_seconds",
            ],
        }
    }

    /// Returns the items without what testing gave: what the hash is over.
    pub fn table(&self) -> Table {
        let rows = self.items.iter().map(|item| {
            let mut cells = item.cells.clone();
            cells.push(item.evidence.join(" "));
            cells
        });
        let mut columns = self.columns().to_vec();
        columns.push("evidence");
        Table { columns, rows: rows.collect() }
    }

    /// Returns the items with what testing gave.
    pub fn tested(&self) -> Table {
        let mut table = self.table();
        table.columns.extend(["result", "reason"]);
        for (row, item) in table.rows.iter_mut().zip(&self.items) {
            row.push(item.result.name().to_owned());
            row.push(item.reason.clone());
        }
        table
    }
}

/// Lists a population, untested.
pub fn list(control: &Control, population: &Population, facts: &Facts) -> List {
    let period = control.effective(facts.judged());
    let items = match (population.query, period) {
        (_, None) => Vec::new(),
        (Query::Cases, Some(_)) => cases(control, population, facts),
        (Query::RuleSets, Some(span)) => {
            let within = facts.rule_sets.iter().filter(|set| span.contains(set.time));
            within.map(rule_set).collect()
        }
        (Query::Administration, Some(span)) => {
            let wanted = |act: &&Act| {
                span.contains(act.time)
                    && (population.acts.is_empty() || population.acts.contains(&act.act))
            };
            facts.acts.iter().filter(wanted).map(administration).collect()
        }
        (Query::SourceDays, Some(span)) => source_days(control, facts, span),
    };
    let mut list = List {
        name: population.name.clone(),
        version: population.version,
        query: population.query,
        unit: population.unit.clone(),
        period: period.unwrap_or(facts.period),
        sha256: String::new(),
        totals: totals(control, population, facts),
        count: items.len() as u64,
        items,
    };
    let digest = Sha256::digest(list.table().csv());
    list.sha256 = HEXLOWER.encode(&digest);
    list
}

fn cases(control: &Control, population: &Population, facts: &Facts) -> Vec<Item> {
    let span = control.effective(facts.judged()).unwrap_or(facts.period);
    let listed = |case: &&Case| {
        let mapped = control.rules.iter().find(|mapped| mapped.rule == case.rule);
        let related = mapped.is_some_and(|mapped| {
            population.relations.is_empty() || population.relations.contains(&mapped.relation)
        });
        related
            && case.bears_on(span)
            && population.severity.is_none_or(|least| case.severity.at_least(least))
    };
    facts.cases.iter().filter(listed).map(case_item).collect()
}

fn case_item(case: &Case) -> Item {
    let (acknowledged, concluded) = (case.acknowledged(), case.concluded());
    let when = |one: Option<&crate::facts::Decided>| {
        one.map_or(String::new(), |one| one.decision.time.to_string())
    };
    let who = |one: Option<&crate::facts::Decided>| {
        one.map_or(String::new(), |one| one.decision.actor.clone())
    };
    let verdict = match concluded.map(|one| &one.decision.action) {
        Some(finding::Action::Accept { until }) => format!("accepted until {until}"),
        _ => case.verdict().map_or("", word).to_owned(),
    };
    let subject = subject(case);
    let mut evidence = vec![case.position.clone()];
    evidence.extend(case.decisions.iter().map(|decided| decided.position.clone()));
    Item {
        title: format!("{} on {subject}, opened {}", case.rule, case.opened),
        finding: Some(case.finding.clone()),
        time: case.opened,
        cells: vec![
            case.finding.to_string(),
            case.rule.clone(),
            case.severity.to_string(),
            subject,
            case.opened.to_string(),
            case.happened.to_string(),
            case.alerts.to_string(),
            when(acknowledged),
            who(acknowledged),
            when(concluded),
            who(concluded),
            verdict,
        ],
        result: ItemResult::Untested,
        reason: String::new(),
        evidence,
    }
}

/// Returns the word for a verdict, as in JSON.
fn word(verdict: finding::Verdict) -> &'static str {
    match verdict {
        finding::Verdict::TruePositive => "true_positive",
        finding::Verdict::Benign => "benign",
        finding::Verdict::FalsePositive => "false_positive",
    }
}

fn subject(case: &Case) -> String {
    let subject = &case.subject;
    let parts = [
        &subject.cluster,
        &subject.node,
        &subject.namespace,
        &subject.workload,
        &subject.pod,
        &subject.container,
        &subject.image,
        &subject.process,
        &subject.principal,
    ];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if known.is_empty() { "an unknown subject".to_owned() } else { known.join(" ") }
}

fn rule_set(set: &RuleSet) -> Item {
    let short = set.hash.get(..12).unwrap_or(&set.hash);
    Item {
        title: format!("rule set {short} of {}", set.time),
        finding: None,
        time: set.time,
        cells: vec![
            set.time.to_string(),
            set.hash.clone(),
            set.rules.len().to_string(),
            set.approved_by.clone().unwrap_or_default(),
        ],
        result: ItemResult::Untested,
        reason: String::new(),
        evidence: vec![set.position.clone()],
    }
}

fn administration(act: &Act) -> Item {
    Item {
        title: format!("{} by {} at {}", act.act, act.actor, act.time),
        finding: None,
        time: act.time,
        cells: vec![
            act.time.to_string(),
            act.actor.clone(),
            act.act.clone(),
            act.object.clone(),
            act.detail.clone(),
        ],
        result: ItemResult::Untested,
        reason: String::new(),
        evidence: vec![act.position.clone()],
    }
}

fn source_days(control: &Control, facts: &Facts, span: Period) -> Vec<Item> {
    let needed = |one: &&SourceFacts| control.sources.iter().any(|two| two.source == one.source);
    let mut items = Vec::new();
    for source in facts.sources.iter().filter(needed) {
        let until = source.retired.map_or(span.until, |retired| retired.min(span.until));
        let owed = Spans::of([Period { from: span.from, until }]);
        let gaps = silences(source, &owed);
        let of_kind = |started: bool| {
            let kind = |kind| (kind != GapKind::NotStarted) == started;
            Spans::of(gaps.iter().filter(|gap| kind(gap.kind)).map(|gap| gap.period))
        };
        let (holes, not_started) = (of_kind(true), of_kind(false));
        let mut from = Time(span.from.0 - span.from.0.rem_euclid(DAY));
        while from < until {
            let day = Spans::of([Period { from, until: from.plus(DAY) }]).and(&owed);
            let touching =
                holes.iter().filter(|hole| hole.from < from.plus(DAY) && hole.until > from);
            // A gap over midnight counts with its full length on either day.
            let longest = touching.map(Period::seconds).max().unwrap_or(0);
            items.push(source_day(source, from, &day, longest, day.and(&not_started).seconds()));
            from = from.plus(DAY);
        }
    }
    items
}

fn source_day(source: &SourceFacts, from: Time, day: &Spans, longest: i64, absent: i64) -> Item {
    let date = from.to_string();
    let date = date.split('T').next().unwrap_or(&date).to_owned();
    Item {
        title: format!("{}/{} on {date}", source.source, source.instance),
        finding: None,
        time: from,
        cells: vec![
            date,
            source.source.clone(),
            source.instance.clone(),
            day.seconds().to_string(),
            day.and(&source.observed()).seconds().to_string(),
            longest.to_string(),
            absent.to_string(),
        ],
        result: ItemResult::Untested,
        reason: String::new(),
        evidence: Vec::new(),
    }
}

fn totals(control: &Control, population: &Population, facts: &Facts) -> Vec<Total> {
    let needed = |source: &str| control.sources.iter().any(|needed| needed.source == source);
    let sources = || facts.sources.iter().filter(|one| needed(&one.source));
    match population.query {
        Query::Cases => vec![Total {
            what: "alerts of the needed sources: found in their events, against the sources' own \
                   minute counts"
                .to_owned(),
            class: TotalClass::C,
            counted: facts
                .alerts
                .iter()
                .filter(|one| needed(&one.source))
                .map(|one| one.count)
                .sum(),
            control: sources().map(|one| one.totals.alerts).sum(),
        }],
        Query::RuleSets => {
            let mut judged: Vec<&str> = facts
                .sources
                .iter()
                .flat_map(|source| source.rules.iter().map(|judging| judging.hash.as_str()))
                .collect();
            judged.sort_unstable();
            judged.dedup();
            let known = |hash: &&&str| facts.rule_sets.iter().any(|set| set.hash == **hash);
            vec![Total {
                what: "rule sets that judged by the sources' minutes: known to the trail, against \
                       all"
                .to_owned(),
                class: TotalClass::C,
                counted: judged.iter().filter(known).count() as u64,
                control: judged.len() as u64,
            }]
        }
        Query::Administration | Query::SourceDays => Vec::new(),
    }
}
