//! The 61 criteria with what bears on them: how each stands, counted honestly.

use serde::Serialize;

use crate::catalogue::{CRITERIA, Catalogue, Category, Control, Relation, category_of};
use crate::judge::{ControlResult, Judgement, Outcome};

/// One criterion with the controls that serve it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `CC6.1`.
    pub id: String,
    /// Series it belongs to.
    pub category: Category,
    /// What it asks, in our words; empty when the catalogue has no file for it.
    pub paraphrase: String,
    /// Controls that serve it.
    pub controls: Vec<Cell>,
    /// Rules that bear on it through controls, by relation.
    pub rules: RuleCounts,
    /// How many controls stand how.
    pub counts: Vec<(Outcome, u64)>,
    /// What to read of it, in a sentence.
    pub summary: String,
}

/// A control as it serves a criterion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Control.
    pub control: String,
    /// Its title.
    pub title: String,
    /// Whether it is designed suitably and in place.
    pub design: Judgement,
    /// Whether it operated; none for a date.
    pub operation: Option<Judgement>,
}

/// Rules by relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleCounts {
    /// The control is itself detection.
    pub implements: u64,
    /// An alert signals a breach.
    pub monitors: u64,
    /// An alert is an item of a population.
    pub feeds: u64,
}

/// Returns all 61 criteria in order. One that no control serves is not tested, and says so.
pub fn matrix(catalogue: &Catalogue, results: &[ControlResult]) -> Vec<Row> {
    CRITERIA.iter().filter_map(|id| row(catalogue, results, id)).collect()
}

fn row(catalogue: &Catalogue, results: &[ControlResult], id: &str) -> Option<Row> {
    let serving = |control: &&Control| control.criteria.iter().any(|one| one == id);
    let controls: Vec<&Control> = catalogue.controls.iter().filter(serving).collect();
    let cells: Vec<Cell> = controls
        .iter()
        .filter_map(|control| results.iter().find(|result| result.id == control.id))
        .map(|result| Cell {
            control: result.id.clone(),
            title: result.title.clone(),
            design: result.design.clone(),
            operation: result.operation.clone(),
        })
        .collect();
    let counts = count(cells.iter().map(Cell::judgement));
    Some(Row {
        id: id.to_owned(),
        category: category_of(id)?,
        paraphrase: catalogue.criterion(id).map_or(String::new(), |one| one.paraphrase.clone()),
        rules: rules(&controls),
        summary: summary(&cells),
        controls: cells,
        counts,
    })
}

fn rules(controls: &[&Control]) -> RuleCounts {
    let of = |relation: Relation| {
        let mapped = controls.iter().flat_map(|control| &control.rules);
        let mut names: Vec<&str> = mapped
            .filter(|mapped| mapped.relation == relation)
            .map(|mapped| mapped.rule.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len() as u64
    };
    RuleCounts {
        implements: of(Relation::Implements),
        monitors: of(Relation::Monitors),
        feeds: of(Relation::Feeds),
    }
}

impl Cell {
    /// Returns the result that counts: of operation, or of design when a date was asked for.
    pub fn judgement(&self) -> &Judgement {
        self.operation.as_ref().unwrap_or(&self.design)
    }
}

fn count<'c>(judgements: impl Iterator<Item = &'c Judgement> + Clone) -> Vec<(Outcome, u64)> {
    let of = |outcome| {
        let same = judgements.clone().filter(|one| one.result == outcome);
        (outcome, same.count() as u64)
    };
    Outcome::ALL.into_iter().map(of).filter(|(_, count)| *count > 0).collect()
}

/// Counts designs and operations apart: a control may be well designed and not operate, or operate
/// although its design fails.
fn summary(cells: &[Cell]) -> String {
    if cells.is_empty() {
        return "not-tested: no control in this catalogue serves it".to_owned();
    }
    let said = |counts: Vec<(Outcome, u64)>| {
        let parts = counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.name()));
        parts.collect::<Vec<_>>().join(", ")
    };
    let noun = if cells.len() == 1 { "control" } else { "controls" };
    let design = said(count(cells.iter().map(|cell| &cell.design)));
    let operation = said(count(cells.iter().filter_map(|cell| cell.operation.as_ref())));
    match operation.as_str() {
        "" => format!("{} {noun}: design {design}", cells.len()),
        operation => format!("{} {noun}: design {design}; operation {operation}", cells.len()),
    }
}
