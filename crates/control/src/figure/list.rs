//! Which figures a report has.

use event::{Period, Time};

use super::{Figure, Formula, Records};
use crate::catalogue::{Check, Query};
use crate::facts::{Facts, Kind};
use crate::judge::{ControlResult, ItemResult, List, Question, Table, Total, TotalClass};
use crate::spans::Spans;

const HOUR: i64 = 60 * Time::MINUTE;

/// Returns the figures of a report, in its order.
pub fn figures(
    facts: &Facts,
    catalogue: &crate::Catalogue,
    results: &[ControlResult],
    question: Question,
) -> Vec<Figure> {
    let date = match question {
        Question::Type1 { on } => on,
        Question::Type2 { .. } => facts.judged().until,
    };
    let mut figures = Vec::new();
    if matches!(question, Question::Type2 { .. }) {
        figures.extend([coverage(facts), records(facts), alerts(facts)]);
    }
    figures.push(rules_in_force(facts, date));
    for result in results {
        let operates = catalogue.control(&result.id).is_some_and(|control| {
            control.tests.iter().any(|test| matches!(test.check, Check::Watched { .. }))
        });
        if operates {
            figures.extend(operated(result));
        }
        for list in &result.populations {
            figures.extend(items(result, list));
        }
    }
    figures
}

/// Rows by source, instance and hour: what was expected and what was observed.
fn hours(facts: &Facts) -> Table {
    let judged = facts.judged();
    let mut rows = Vec::new();
    for source in &facts.sources {
        let until = source.retired.map_or(judged.until, |retired| retired.min(judged.until));
        let mut from = Time(judged.from.0 - judged.from.0.rem_euclid(HOUR));
        let mut known = source.hours.iter().peekable();
        while from < until {
            let hour = Period { from, until: from.plus(HOUR) };
            let owed = Spans::of(hour.overlap(&Period { from: judged.from, until }));
            let mut totals = crate::facts::Totals::default();
            while known.next_if(|one| one.start < from).is_some() {}
            if let Some(one) = known.next_if(|one| one.start == from) {
                totals = one.totals;
            }
            rows.push(vec![
                source.source.clone(),
                source.instance.clone(),
                from.to_string(),
                owed.seconds().to_string(),
                owed.and(&source.observed()).seconds().to_string(),
                totals.minutes.to_string(),
                totals.records.to_string(),
                totals.rejected.to_string(),
                totals.duplicates.to_string(),
                totals.lost.to_string(),
                totals.alerts.to_string(),
            ]);
            from = hour.until;
        }
    }
    let columns = vec![
        "source",
        "instance",
        "hour",
        "expected_seconds",
        "observed_seconds",
        "statuses",
        "records",
        "rejected",
        "duplicates",
        "lost",
        "alerts",
    ];
    Table { columns, rows }
}

fn coverage(facts: &Facts) -> Figure {
    let minutes = facts.sources.iter().map(|source| source.totals.minutes).sum();
    let hours_of = |source: &crate::facts::SourceFacts| {
        source.hours.iter().map(|hour| hour.totals.minutes).sum::<u64>()
    };
    Figure {
        id: "coverage".to_owned(),
        title: "Source-seconds observed".to_owned(),
        sentence: "Seconds in which a source was connected, as part of the seconds in which it \
                   should have been, over all source instances and hours."
            .to_owned(),
        formula: Formula::Share {
            part: "observed_seconds".to_owned(),
            whole: "expected_seconds".to_owned(),
        },
        table: hours(facts),
        total: Some(Total {
            what: "status entries: counted by minute, against the sums by hour".to_owned(),
            class: TotalClass::C,
            counted: facts.sources.iter().map(hours_of).sum(),
            control: minutes,
        }),
        records: Records::Kinds(vec![Kind::Statuses]),
    }
}

fn records(facts: &Facts) -> Figure {
    Figure {
        id: "records".to_owned(),
        title: "Records watched".to_owned(),
        sentence: "Records that the sources took in, summed over all source instances and hours."
            .to_owned(),
        formula: Formula::Sum { column: "records".to_owned() },
        table: hours(facts),
        total: None,
        records: Records::Kinds(vec![Kind::Statuses]),
    }
}

fn alerts(facts: &Facts) -> Figure {
    let row = |one: &crate::facts::AlertCount| {
        vec![one.source.clone(), one.rule.clone(), one.count.to_string()]
    };
    Figure {
        id: "alerts".to_owned(),
        title: "Alerts raised".to_owned(),
        sentence: "Alerts received in the period, summed over all rules.".to_owned(),
        formula: Formula::Sum { column: "alerts".to_owned() },
        table: Table {
            columns: vec!["source", "rule", "alerts"],
            rows: facts.alerts.iter().map(row).collect(),
        },
        total: Some(Total {
            what: "alerts: found in their events, against the sources' own minute counts"
                .to_owned(),
            class: TotalClass::C,
            counted: facts.alerts.iter().map(|one| one.count).sum(),
            control: facts.sources.iter().map(|source| source.totals.alerts).sum(),
        }),
        records: Records::Kinds(vec![Kind::Events]),
    }
}

fn rules_in_force(facts: &Facts, date: Time) -> Figure {
    let set = facts.rules_at(date);
    let row = |(source, rule): &(String, String)| {
        let hash = set.map_or(String::new(), |set| set.hash.clone());
        let approver = set.and_then(|set| set.approver()).unwrap_or("");
        vec![source.clone(), rule.clone(), hash, approver.to_owned()]
    };
    Figure {
        id: "rules-in-force".to_owned(),
        title: "Rules in force at the end".to_owned(),
        sentence: format!("Number of rules enabled in the rule set in force at {date}."),
        formula: Formula::Count,
        table: Table {
            columns: vec!["source", "rule", "rule_set", "approved_by"],
            rows: set.map_or(Vec::new(), |set| set.rules.iter().map(row).collect()),
        },
        total: None,
        records: Records::Positions(set.iter().map(|set| set.position.clone()).collect()),
    }
}

fn operated(result: &ControlResult) -> Option<Figure> {
    let coverage = result.coverage.as_ref()?;
    let holes = Spans::of(coverage.gaps.iter().map(|gap| gap.period));
    let holes = holes.without(&coverage.observed);
    let row = |span: &Period, observed: bool| {
        let gaps =
            coverage.gaps.iter().filter(|gap| !observed && gap.period.overlap(span).is_some());
        let mut reasons: Vec<&str> = gaps.map(|gap| gap.reason.as_str()).collect();
        reasons.dedup();
        reasons.truncate(5);
        let seconds = span.seconds();
        vec![
            span.from.to_string(),
            span.until.to_string(),
            seconds.to_string(),
            if observed { seconds.to_string() } else { "0".to_owned() },
            reasons.join("; "),
        ]
    };
    let mut rows: Vec<Vec<String>> = coverage.observed.iter().map(|span| row(span, true)).collect();
    rows.extend(holes.iter().map(|span| row(span, false)));
    rows.sort();
    Some(Figure {
        id: format!("{}-operated", result.id),
        title: format!("{}: seconds in which it operated", result.id),
        sentence:
            "Seconds in which every needed source was healthy, loss was within its bound and \
                   an approved rule set with the control's rules judged, as part of all seconds."
                .to_owned(),
        formula: Formula::Share {
            part: "observed_seconds".to_owned(),
            whole: "expected_seconds".to_owned(),
        },
        table: Table {
            columns: vec!["from", "until", "expected_seconds", "observed_seconds", "why_not"],
            rows,
        },
        total: None,
        records: Records::Kinds(vec![Kind::Statuses, Kind::Rules]),
    })
}

/// Figures of one population: all items, those that passed, those that deviate.
fn items(result: &ControlResult, list: &List) -> Vec<Figure> {
    let tested = list.items.iter().any(|item| item.result != ItemResult::Untested);
    let mut wanted = vec![("items", "all items", Formula::Count)];
    for (id, said) in [("pass", "items that passed"), ("deviate", "items that deviate")] {
        let formula = Formula::CountWhere { column: "result".to_owned(), equals: id.to_owned() };
        if tested {
            wanted.push((id, said, formula));
        }
    }
    let positions: Vec<String> =
        list.items.iter().flat_map(|item| item.evidence.iter().cloned()).collect();
    let records = match list.query {
        Query::SourceDays => Records::Kinds(vec![Kind::Statuses]),
        _ => Records::Positions(positions),
    };
    let figure = |(id, said, formula): (&str, &str, Formula)| Figure {
        id: format!("{}-{}-{id}", result.id, list.name),
        title: format!("{}, {}: {said}", result.id, list.name),
        sentence: format!("Number of {said} of population {}: {}.", list.name, list.unit),
        formula,
        table: list.tested(),
        total: list.totals.first().cloned(),
        records: records.clone(),
    };
    wanted.into_iter().map(figure).collect()
}
