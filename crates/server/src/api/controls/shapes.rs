//! What is told of criteria, controls and populations.

use control::judge::{ItemResult, List};
use control::{Control, ControlResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::shape::{Count, Moment};

/// A result is never two-valued.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the results")]
pub enum Outcome {
    Pass,
    Fail,
    Error,
    NotTested,
    NotApplicable,
    Inherited,
    Manual,
}

/// A result with why it is so.
#[derive(Debug, Serialize, ToSchema)]
pub struct Judgement {
    /// The result.
    pub result: Outcome,
    /// Why, in plain sentences.
    pub reasons: Vec<String>,
}

/// A control as it serves a criterion.
#[derive(Debug, Serialize, ToSchema)]
pub struct CriterionControl {
    /// Id of the control, `K-12`.
    pub id: String,
    /// Its short name.
    pub title: String,
    /// Whether it is designed suitably and in place.
    #[schema(value_type = Judgement)]
    pub design: control::Judgement,
    /// Whether it operated over the period.
    #[schema(value_type = Judgement)]
    pub operation: control::Judgement,
}

/// One of the 61 criteria, in our own words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Criterion {
    /// `CC6.1`.
    pub id: String,
    /// `security`, `availability` …
    #[schema(value_type = String, example = "security")]
    pub category: control::catalogue::Category,
    /// What it asks, paraphrased.
    pub paraphrase: String,
    /// Points to look for.
    pub points: Vec<String>,
    /// What software can show of it, a sentence each.
    pub shown_by: Vec<String>,
    /// What stays with people, a sentence each.
    pub manual: Vec<String>,
    /// What an auditor knows from the old world, and what replaces it here.
    pub analogy: Option<AnalogyCard>,
    /// How it stands, in a sentence.
    pub summary: String,
    /// Controls that serve it, with their results.
    pub controls: Vec<CriterionControl>,
}

/// A bridge from what an auditor knows to what is here.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalogyCard {
    /// What is known from servers and offices.
    pub known: String,
    /// What takes its place with containers.
    pub here: String,
    /// What to do to see it work.
    pub try_it: String,
}

/// All criteria over a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Criteria {
    /// First instant judged.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// First instant that was not judged: statuses of the newest minute are still due.
    pub judged_until: Moment,
    /// The criteria in catalogue order.
    pub items: Vec<Criterion>,
}

/// A control in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlItem {
    /// `K-12`.
    pub id: String,
    /// Its short name.
    pub title: String,
    /// What management asserts.
    pub statement: String,
    /// Criteria it serves.
    pub criteria: Vec<String>,
    /// Who owns it.
    pub owner: String,
    /// How often it operates.
    #[schema(value_type = String, example = "per_event")]
    pub frequency: control::catalogue::Frequency,
    /// Whether it is designed suitably and in place.
    #[schema(value_type = Judgement)]
    pub design: control::Judgement,
    /// Whether it operated over the period.
    #[schema(value_type = Judgement)]
    pub operation: control::Judgement,
}

/// All controls over a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Controls {
    /// First instant judged.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// First instant that was not judged: statuses of the newest minute are still due.
    pub judged_until: Moment,
    /// The controls in catalogue order.
    pub items: Vec<ControlItem>,
}

/// A control with all that its results stand on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlDetail {
    /// First instant judged.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// First instant that was not judged: statuses of the newest minute are still due.
    pub judged_until: Moment,
    /// The control and its results.
    #[serde(flatten)]
    pub control: ControlItem,
    /// Who is responsible, and how that is shared with providers.
    pub responsibility: String,
    /// What is tested, and how.
    pub tests: Vec<ControlTest>,
    /// What the tests ran over.
    pub populations: Vec<Population>,
    /// Spans in which the control could not operate.
    pub gaps: Vec<Gap>,
    /// Seconds of the period in which every needed source was healthy.
    pub observed_s: Count,
    /// Seconds of the period.
    pub expected_s: Count,
    /// Rules that bear on it.
    pub rules: Vec<MappedRule>,
}

/// One test of a control.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlTest {
    /// Id within the control.
    pub id: String,
    /// What is looked at, in plain words.
    pub procedure: String,
    /// `design` or `operation`: what it is about.
    #[schema(value_type = String, example = "operation")]
    pub of: control::catalogue::Aspect,
    /// How an auditor calls it: `inquiry`, `observation`, `inspection`, `reperformance`.
    #[schema(value_type = String, example = "inspection")]
    pub method: control::catalogue::Method,
    /// Population it ran over.
    pub population: Option<String>,
    /// Result over the period.
    #[schema(value_type = Judgement)]
    pub judgement: control::Judgement,
}

/// A named set of items that a test ran over.
#[derive(Debug, Serialize, ToSchema)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// What belongs to it, in plain words.
    pub description: String,
    /// Items in it.
    pub items: Count,
    /// Items that pass.
    pub passed: Count,
    /// Items that deviate.
    pub deviated: Count,
    /// Items that are not due yet.
    pub pending: Count,
    /// Items that no test covers.
    pub untested: Count,
    /// SHA-256 over its items as CSV, before any test, hex.
    pub sha256: String,
}

/// A span in which something was not watched.
#[derive(Debug, Serialize, ToSchema)]
pub struct Gap {
    /// What was not watched: source and instance, or `rules`.
    pub subject: String,
    /// First instant.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// Why, as far as it is known.
    pub reason: String,
}

/// A rule mapped to a control.
#[derive(Debug, Serialize, ToSchema)]
pub struct MappedRule {
    /// Name of the rule.
    pub rule: String,
    /// `implements`, `monitors` or `feeds`.
    #[schema(value_type = String, example = "implements")]
    pub relation: control::Relation,
    /// Why it bears on the control.
    pub reason: String,
    /// Whether the rule is loaded and enabled now.
    pub loaded: bool,
}

/// An item of a population with where its evidence stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PopulationItem {
    /// Name of the population.
    pub population: String,
    /// What it is, in plain words.
    pub title: String,
    /// Finding that it is a case of, if it is one.
    #[schema(value_type = Option<String>)]
    pub finding: Option<finding::FindingId>,
    /// When it happened.
    pub time: Moment,
    /// `pass`, `deviate`, `pending` or `untested`.
    #[schema(example = "pass")]
    pub result: &'static str,
    /// Why.
    pub reason: String,
    /// Trail positions of what shows it.
    pub evidence: Vec<String>,
}

/// Which items.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PopulationQuery {
    /// Only items of this population.
    pub population: Option<String>,
    /// First instant of the span.
    #[param(inline)]
    pub from: Option<Moment>,
    /// First instant after the span.
    #[param(inline)]
    pub until: Option<Moment>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A result that nobody asked for; every period has one of operation.
fn not_asked() -> control::Judgement {
    control::Judgement { result: control::Outcome::NotTested, reasons: Vec::new() }
}

impl ControlItem {
    pub(super) fn of(control: &Control, result: &ControlResult) -> ControlItem {
        ControlItem {
            id: control.id.clone(),
            title: control.title.clone(),
            statement: control.statement.trim().to_owned(),
            criteria: control.criteria.clone(),
            owner: control.owner.clone(),
            frequency: control.frequency,
            design: result.design.clone(),
            operation: result.operation.clone().unwrap_or_else(not_asked),
        }
    }
}

impl From<&control::matrix::Cell> for CriterionControl {
    fn from(cell: &control::matrix::Cell) -> CriterionControl {
        CriterionControl {
            id: cell.control.clone(),
            title: cell.title.clone(),
            design: cell.design.clone(),
            operation: cell.operation.clone().unwrap_or_else(not_asked),
        }
    }
}

impl From<&control::judge::TestResult> for ControlTest {
    fn from(test: &control::judge::TestResult) -> ControlTest {
        ControlTest {
            id: test.name.clone(),
            procedure: test.procedure.trim().to_owned(),
            of: test.of,
            method: test.method,
            population: test.population.clone(),
            judgement: test.judgement.clone(),
        }
    }
}

impl From<&List> for Population {
    fn from(list: &List) -> Population {
        let count =
            |result| Count(list.items.iter().filter(|item| item.result == result).count() as u64);
        Population {
            name: list.name.clone(),
            description: list.unit.clone(),
            items: list.count.into(),
            passed: count(ItemResult::Pass),
            deviated: count(ItemResult::Deviate),
            pending: count(ItemResult::Pending),
            untested: count(ItemResult::Untested),
            sha256: list.sha256.clone(),
        }
    }
}

impl From<&control::coverage::Gap> for Gap {
    fn from(gap: &control::coverage::Gap) -> Gap {
        let subject = match gap.instance.as_str() {
            "" => gap.source.clone(),
            instance => format!("{}/{instance}", gap.source),
        };
        Gap {
            subject,
            from: gap.period.from.into(),
            until: gap.period.until.into(),
            reason: match gap.reason.as_str() {
                "" => gap.kind.name().to_owned(),
                reason => reason.to_owned(),
            },
        }
    }
}
