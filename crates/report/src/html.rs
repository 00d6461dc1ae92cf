//! The page for people: one file, no script, no request.

mod sheet;

use askama::Template;
use control::coverage::{Gap, SourceCoverage};
use control::figure::{grouped, shown};
use control::judge::Judgement;
use control::matrix::Row;
use control::{Outcome, Question};
use event::{Period, Time};

use crate::model::{FigureNote, Input, NOTICE, Report, Scope, TrailNote};
use crate::{ReportError, words};
use sheet::Sheet;

const STYLE: &str = include_str!("../templates/style.css");

/// Most gaps of one source on the page; all stand in `package.json`.
const GAPS_SHOWN_MAX: usize = 300;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    style_hash: String,
    title: String,
    kind: &'static str,
    notice: &'static str,
    type2: bool,
    interim: bool,
    left_out: u64,
    scope: &'a Scope,
    span: String,
    as_of: String,
    judged_from: String,
    judged_until: String,
    model: &'static str,
    served: usize,
    unserved: usize,
    headline: Vec<Headline<'a>>,
    sources: Vec<SourceView>,
    key: Vec<Chip>,
    columns: usize,
    rows: Vec<RowView<'a>>,
    sheets: Vec<Sheet<'a>>,
    figures: &'a [FigureNote],
    evidence: Vec<EvidenceView>,
    trail: &'a TrailNote,
    trail_blocks: String,
    program: &'a str,
    analogies: Vec<AnalogyView<'a>>,
}

/// A figure in large letters, its details in small ones.
struct Headline<'a> {
    note: &'a FigureNote,
    value: &'a str,
    rest: &'a str,
}

/// A result, ready to be shown.
pub(crate) struct Chip {
    name: &'static str,
    sign: &'static str,
    reasons: Vec<String>,
}

struct SourceView {
    name: String,
    share: String,
    observed: String,
    expected: String,
    gap_count: String,
    longest: String,
    records: String,
    rejected: String,
    duplicates: String,
    lost: String,
    alerts: String,
    seen: Vec<Bar>,
    holes: Vec<Bar>,
    gaps: Vec<GapView>,
    unlisted: usize,
}

/// A part of the strip, in thousandths of its width.
struct Bar {
    x: String,
    width: String,
}

struct GapView {
    from: String,
    until: String,
    length: String,
    kind: &'static str,
    reason: String,
}

struct RowView<'a> {
    series: &'static str,
    id: &'a str,
    paraphrase: &'a str,
    unserved: bool,
    cells: Vec<Chip>,
    rules: String,
    summary: &'a str,
}

struct EvidenceView {
    kind: &'static str,
    included: String,
    needed: String,
}

struct AnalogyView<'a> {
    id: &'a str,
    known: &'a str,
    here: &'a str,
    try_it: &'a str,
}

mod filters {
    use control::judge::TotalClass;

    /// Returns the letter of a class.
    #[askama::filter_fn]
    pub fn class(class: &TotalClass, _: &dyn askama::Values) -> askama::Result<&'static str> {
        Ok(match class {
            TotalClass::A => "A",
            TotalClass::B => "B",
            TotalClass::C => "C",
        })
    }
}

/// Renders the page.
pub fn page(input: &Input<'_>, report: &Report<'_>) -> Result<String, ReportError> {
    let (kind, type2) = match input.question {
        Question::Type1 { .. } => ("Type 1: design and implementation as of a date", false),
        Question::Type2 { .. } => ("Type 2: design, and operation throughout a period", true),
    };
    let unserved = report.criteria.iter().filter(|row| row.controls.is_empty()).count();
    let sheets: Vec<Sheet<'_>> =
        input.results.iter().filter_map(|result| Sheet::of(input, report, result)).collect();
    let page = Page {
        style: STYLE,
        style_hash: style_hash(),
        title: format!("{}: evidence report", input.scope.system),
        kind,
        notice: NOTICE,
        type2,
        interim: report.interim,
        left_out: report.left_out,
        scope: input.scope,
        span: span(input.question),
        as_of: words::moment(report.as_of),
        judged_from: words::moment(report.judged.from),
        judged_until: words::moment(report.judged.until),
        model: words::model(input.model),
        served: report.criteria.len() - unserved,
        unserved,
        headline: headline(report),
        sources: report.sources.iter().map(|one| SourceView::of(one, report.judged)).collect(),
        key: Outcome::ALL.into_iter().map(Chip::plain).collect(),
        columns: sheets.len() + 4,
        rows: rows(report, &sheets),
        sheets,
        figures: &report.figures,
        evidence: evidence(report),
        trail: input.trail,
        trail_blocks: grouped(&input.trail.blocks.to_string()),
        program: input.version,
        analogies: analogies(input, report),
    };
    page.render().map_err(ReportError::Page)
}

/// Returns the hash under which the page's policy allows its one style element.
fn style_hash() -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE))
}

fn span(question: Question) -> String {
    match question {
        Question::Type1 { on } => words::moment(on),
        Question::Type2 { period } => {
            format!("{} until {}", words::moment(period.from), words::moment(period.until))
        }
    }
}

fn headline<'a>(report: &'a Report<'_>) -> Vec<Headline<'a>> {
    let wanted = ["coverage", "records", "alerts", "rules-in-force"];
    let notes = wanted.iter().filter_map(|id| report.figure(id));
    notes
        .map(|note| {
            let (value, rest) =
                note.shown.split_at(note.shown.find(" (").unwrap_or(note.shown.len()));
            Headline { note, value, rest: rest.trim_start() }
        })
        .collect()
}

fn rows<'a>(report: &'a Report<'_>, sheets: &[Sheet<'_>]) -> Vec<RowView<'a>> {
    let mut before = "";
    let rows = report.criteria.iter();
    rows.map(|row| {
        let series = series(&row.id);
        let told = if series == before { "" } else { series };
        before = series;
        let cell = |sheet: &Sheet<'_>| {
            let found = row.controls.iter().find(|cell| cell.control == sheet.id);
            found.map_or_else(Chip::empty, |cell| Chip::of(cell.judgement()))
        };
        RowView {
            series: told,
            id: &row.id,
            paraphrase: &row.paraphrase,
            unserved: row.controls.is_empty(),
            cells: sheets.iter().map(cell).collect(),
            rules: rule_counts(row),
            summary: if row.controls.is_empty() { "not-tested: no control" } else { &row.summary },
        }
    })
    .collect()
}

fn rule_counts(row: &Row) -> String {
    let counts = row.rules;
    if counts.implements + counts.monitors + counts.feeds == 0 {
        return String::new();
    }
    format!("{} / {} / {}", counts.implements, counts.monitors, counts.feeds)
}

fn series(id: &str) -> &'static str {
    match id.split('.').next().unwrap_or(id) {
        "CC1" => "CC1 · Control environment",
        "CC2" => "CC2 · Information and communication",
        "CC3" => "CC3 · Risk assessment",
        "CC4" => "CC4 · Monitoring of controls",
        "CC5" => "CC5 · Control activities",
        "CC6" => "CC6 · Logical and physical access",
        "CC7" => "CC7 · System operations",
        "CC8" => "CC8 · Change management",
        "CC9" => "CC9 · Risk mitigation",
        "A1" => "A1 · Availability",
        "C1" => "C1 · Confidentiality",
        "PI1" => "PI1 · Processing integrity",
        _ => "P · Privacy",
    }
}

fn evidence(report: &Report<'_>) -> Vec<EvidenceView> {
    let of = |one: &control::package::Evidence| EvidenceView {
        kind: one.kind.name(),
        included: words::number(one.included),
        needed: words::number(one.needed),
    };
    report.evidence.iter().map(of).collect()
}

/// Returns analogies for criteria that a control serves.
fn analogies<'a>(input: &Input<'a>, report: &Report<'_>) -> Vec<AnalogyView<'a>> {
    let served =
        |id: &str| report.criteria.iter().any(|row| row.id == id && !row.controls.is_empty());
    let criteria = input.catalogue.criteria.iter().filter(|criterion| served(&criterion.id));
    criteria
        .filter_map(|criterion| {
            let analogy = criterion.analogy.as_ref()?;
            Some(AnalogyView {
                id: &criterion.id,
                known: &analogy.known,
                here: &analogy.here,
                try_it: &analogy.try_it,
            })
        })
        .collect()
}

impl Chip {
    pub(crate) fn of(judgement: &Judgement) -> Chip {
        Chip { reasons: judgement.reasons.clone(), ..Chip::plain(judgement.result) }
    }

    fn plain(outcome: Outcome) -> Chip {
        Chip { name: outcome.name(), sign: words::sign(outcome), reasons: Vec::new() }
    }

    fn empty() -> Chip {
        Chip { name: "", sign: "", reasons: Vec::new() }
    }
}

impl SourceView {
    fn of(source: &SourceCoverage, judged: Period) -> SourceView {
        let coverage = &source.coverage;
        let totals = source.totals;
        let bar = |span: &Period| Bar::of(span, judged);
        let mut gaps: Vec<&Gap> = coverage.gaps.iter().collect();
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.period.seconds()));
        let unlisted = gaps.len().saturating_sub(GAPS_SHOWN_MAX);
        gaps.truncate(GAPS_SHOWN_MAX);
        gaps.sort();
        let answer = |share: f64| format!("{share:.3} %");
        SourceView {
            name: format!("{} / {}", source.source, source.instance),
            share: answer(coverage.share()),
            observed: shown(&coverage.observed_seconds.to_string()),
            expected: shown(&coverage.expected_seconds.to_string()),
            gap_count: words::number(coverage.gaps.len()),
            longest: words::length(coverage.longest_gap_seconds()),
            records: words::number(totals.records),
            rejected: words::number(totals.rejected),
            duplicates: words::number(totals.duplicates),
            lost: words::number(totals.lost),
            alerts: words::number(totals.alerts),
            seen: coverage.observed.iter().map(bar).collect(),
            holes: gaps.iter().map(|gap| bar(&gap.period)).collect(),
            gaps: gaps.into_iter().map(GapView::of).collect(),
            unlisted,
        }
    }
}

impl GapView {
    fn of(gap: &Gap) -> GapView {
        GapView {
            from: words::moment(gap.period.from),
            until: words::moment(gap.period.until),
            length: words::length(gap.period.seconds()),
            kind: gap.kind.name(),
            reason: gap.reason.clone(),
        }
    }
}

impl Bar {
    /// Places a span on the strip. Even a second is given a width that can be seen.
    fn of(span: &Period, judged: Period) -> Bar {
        let whole = (judged.until.0 - judged.from.0).max(1) as f64;
        let at = |time: Time| (time.0 - judged.from.0) as f64 / whole * 1000.0;
        let (x, end) = (at(span.from), at(span.until));
        Bar { x: format!("{x:.2}"), width: format!("{:.2}", (end - x).max(1.0)) }
    }
}
