//! The lead sheet of one control.

use control::catalogue::{Aspect, Instances, MappedRule, Share};
use control::judge::{Item, ItemResult, List, Total, TotalClass};
use control::{Control, ControlResult};

use super::Chip;
use crate::model::{FigureNote, Input, Report};
use crate::words;

/// Most exceptions of one population on the page.
const EXCEPTIONS_SHOWN_MAX: usize = 200;

/// Most other items of one population on the page.
const ITEMS_SHOWN_MAX: usize = 10;

pub(crate) struct Sheet<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub statement: &'a str,
    pub design: Chip,
    pub operation: Option<Chip>,
    pub criteria: String,
    pub owner: &'a str,
    pub responsibility: String,
    pub nature: &'static str,
    pub frequency: &'static str,
    pub version: u32,
    pub effective: String,
    pub sources: String,
    pub operated: Option<&'a FigureNote>,
    pub gap_count: String,
    pub longest: String,
    pub tests: Vec<TestView<'a>>,
    pub populations: Vec<PopulationView<'a>>,
    pub rules: Vec<RuleView<'a>>,
}

pub(crate) struct TestView<'a> {
    pub of: &'static str,
    pub procedure: &'a str,
    pub method: &'static str,
    pub judgement: Chip,
}

pub(crate) struct PopulationView<'a> {
    pub name: &'a str,
    pub version: u32,
    pub unit: &'a str,
    pub sha256: &'a str,
    pub figures: Vec<Counted<'a>>,
    pub totals: Vec<TotalView<'a>>,
    pub exceptions: Vec<ItemView<'a>>,
    pub unlisted: usize,
    pub examples: Vec<ItemView<'a>>,
    pub more: usize,
    pub file: String,
}

pub(crate) struct Counted<'a> {
    pub label: &'static str,
    pub note: &'a FigureNote,
}

pub(crate) struct TotalView<'a> {
    pub what: &'a str,
    pub class: &'static str,
    pub counted: String,
    pub control: String,
}

pub(crate) struct ItemView<'a> {
    pub title: &'a str,
    pub result: &'static str,
    pub reason: &'a str,
    pub evidence: String,
}

pub(crate) struct RuleView<'a> {
    pub rule: &'a str,
    pub relation: &'static str,
    pub reason: &'a str,
}

impl<'a> Sheet<'a> {
    /// Returns the sheet of a control's result.
    pub fn of(
        input: &Input<'a>,
        report: &'a Report<'_>,
        result: &'a ControlResult,
    ) -> Option<Sheet<'a>> {
        let control = input.catalogue.control(&result.id)?;
        let coverage = result.coverage.as_ref();
        let lists = result.populations.iter();
        Some(Sheet {
            id: &control.id,
            title: &control.title,
            statement: control.statement.trim(),
            design: Chip::of(&result.design),
            operation: result.operation.as_ref().map(Chip::of),
            criteria: control.criteria.join(", "),
            owner: &control.owner,
            responsibility: responsibility(control, input),
            nature: words::nature(control.nature),
            frequency: words::frequency(control.frequency),
            version: control.version,
            effective: effective(control),
            sources: sources(control),
            operated: report.figure(&format!("{}-operated", control.id)),
            gap_count: words::number(coverage.map_or(0, |coverage| coverage.gaps.len())),
            longest: words::length(coverage.map_or(0, |coverage| coverage.longest_gap_seconds())),
            tests: result.tests.iter().map(TestView::of).collect(),
            populations: lists.map(|list| PopulationView::of(report, result, list)).collect(),
            rules: control.rules.iter().map(RuleView::of).collect(),
        })
    }
}

fn responsibility(control: &Control, input: &Input<'_>) -> String {
    let share = control.responsibility.share(input.model);
    match &control.responsibility.our_part {
        Some(part) if share == Share::Shared => format!("shared; our part: {}", part.trim()),
        _ => words::share(share).to_owned(),
    }
}

fn effective(control: &Control) -> String {
    match (control.effective_from, control.effective_until) {
        (None, None) => "no start or end stated".to_owned(),
        (Some(from), None) => format!("from {}", words::moment(from)),
        (None, Some(until)) => format!("until {}", words::moment(until)),
        (Some(from), Some(until)) => {
            format!("{} until {}", words::moment(from), words::moment(until))
        }
    }
}

fn sources(control: &Control) -> String {
    let name = |needed: &control::catalogue::NeededSource| match needed.instances {
        Instances::All => format!("{} (every instance)", needed.source),
        Instances::Any => format!("{} (any instance; declared redundant)", needed.source),
    };
    let names: Vec<String> = control.sources.iter().map(name).collect();
    if names.is_empty() {
        return String::new();
    }
    let bound = words::number(control.loss_per_million_max);
    format!("{}; at most {bound} per million records lost in a minute", names.join(", "))
}

impl<'a> TestView<'a> {
    fn of(test: &'a control::judge::TestResult) -> TestView<'a> {
        TestView {
            of: match test.of {
                Aspect::Design => "design",
                Aspect::Operation => "operation",
            },
            procedure: test.procedure.trim(),
            method: words::method(test.method),
            judgement: Chip::of(&test.judgement),
        }
    }
}

impl<'a> PopulationView<'a> {
    fn of(report: &'a Report<'_>, result: &ControlResult, list: &'a List) -> PopulationView<'a> {
        let counted = |(label, id): (&'static str, &str)| {
            let note = report.figure(&format!("{}-{}-{id}", result.id, list.name))?;
            Some(Counted { label, note })
        };
        let labels = [("Items", "items"), ("Passed", "pass"), ("Deviate", "deviate")];
        let deviates = |item: &&Item| item.result == ItemResult::Deviate;
        let deviating = list.items.iter().filter(deviates).count();
        let others = list.items.len() - deviating;
        let exceptions = list.items.iter().filter(deviates).take(EXCEPTIONS_SHOWN_MAX);
        let examples = list.items.iter().filter(|item| !deviates(item)).take(ITEMS_SHOWN_MAX);
        PopulationView {
            name: &list.name,
            version: list.version,
            unit: list.unit.trim(),
            sha256: &list.sha256,
            figures: labels.into_iter().filter_map(counted).collect(),
            totals: list.totals.iter().map(TotalView::of).collect(),
            exceptions: exceptions.map(ItemView::of).collect(),
            unlisted: deviating.saturating_sub(EXCEPTIONS_SHOWN_MAX),
            examples: examples.map(ItemView::of).collect(),
            more: others.saturating_sub(ITEMS_SHOWN_MAX),
            file: control::package::population_file(&result.id, &list.name),
        }
    }
}

impl<'a> TotalView<'a> {
    fn of(total: &'a Total) -> TotalView<'a> {
        TotalView {
            what: &total.what,
            class: match total.class {
                TotalClass::A => "A",
                TotalClass::B => "B",
                TotalClass::C => "C",
            },
            counted: words::number(total.counted),
            control: words::number(total.control),
        }
    }
}

impl<'a> ItemView<'a> {
    fn of(item: &'a Item) -> ItemView<'a> {
        let mut evidence = item.evidence.clone();
        let rest = evidence.len().saturating_sub(8);
        evidence.truncate(8);
        if rest > 0 {
            evidence.push(format!("and {rest} more"));
        }
        ItemView {
            title: &item.title,
            result: item.result.name(),
            reason: &item.reason,
            evidence: evidence.join(" "),
        }
    }
}

impl<'a> RuleView<'a> {
    fn of(mapped: &'a MappedRule) -> RuleView<'a> {
        RuleView {
            rule: &mapped.rule,
            relation: words::relation(mapped.relation),
            reason: mapped.reason.trim(),
        }
    }
}
