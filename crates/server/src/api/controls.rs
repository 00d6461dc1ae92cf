//! `/v1/criteria` and `/v1/controls`: how the 61 criteria and the controls that serve them stand
//! over a period, and the populations behind each result.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Page, Span};
use crate::App;

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
    pub design: Judgement,
    /// Whether it operated over the period.
    pub operation: Judgement,
}

/// One of the 61 criteria, in our own words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Criterion {
    /// `CC6.1`.
    pub id: String,
    /// `security`, `availability` …
    pub category: String,
    /// What it asks, paraphrased.
    pub paraphrase: String,
    /// Points to look for.
    pub points: Vec<String>,
    /// Controls that serve it, with their results.
    pub controls: Vec<CriterionControl>,
}

/// All criteria over a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Criteria {
    /// First instant judged.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
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
    pub frequency: String,
    /// Whether it is designed suitably and in place.
    pub design: Judgement,
    /// Whether it operated over the period.
    pub operation: Judgement,
}

/// All controls over a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Controls {
    /// First instant judged.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
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
    /// Result over the period.
    pub judgement: Judgement,
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
    /// Items that nobody concluded on.
    pub pending: Count,
    /// SHA-256 over its items, hex.
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
    pub relation: String,
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
    /// Finding that gathers it, if there is one.
    pub finding: Option<String>,
    /// When it happened.
    pub time: Moment,
    /// `pass`, `deviate` or `pending`.
    pub result: String,
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

/// Lists the 61 criteria with their controls and results.
#[utoipa::path(get, path = "/v1/criteria", tag = "controls", params(Span),
    responses((status = 200, body = Criteria), (status = "4XX", body = ProblemBody)))]
pub async fn criteria(
    State(_app): State<App>,
    Query(_span): Query<Span>,
) -> Result<Json<Criteria>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Lists the controls with their results over a period.
#[utoipa::path(get, path = "/v1/controls", tag = "controls", params(Span),
    responses((status = 200, body = Controls), (status = "4XX", body = ProblemBody)))]
pub async fn list(
    State(_app): State<App>,
    Query(_span): Query<Span>,
) -> Result<Json<Controls>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Shows one control and all that its results stand on.
#[utoipa::path(get, path = "/v1/controls/{id}", tag = "controls",
    params(("id" = String, Path, description = "Control id, `K-12`"), Span),
    responses((status = 200, body = ControlDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(_app): State<App>,
    Path(_id): Path<String>,
    Query(_span): Query<Span>,
) -> Result<Json<ControlDetail>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Lists the items behind a control's results.
#[utoipa::path(get, path = "/v1/controls/{id}/population", tag = "controls",
    params(("id" = String, Path, description = "Control id, `K-12`"), PopulationQuery),
    responses((status = 200, body = Page<PopulationItem>), (status = "4XX", body = ProblemBody)))]
pub async fn population(
    State(_app): State<App>,
    Path(_id): Path<String>,
    Query(_query): Query<PopulationQuery>,
) -> Result<Json<Page<PopulationItem>>, Problem> {
    Err(Problem::busy("starting", 1))
}
