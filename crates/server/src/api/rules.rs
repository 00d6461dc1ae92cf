//! `/v1/rules`: the rules in force, and what explains each.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use super::shape::Severity;
use crate::App;

/// A loaded rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleItem {
    /// Its name.
    pub name: String,
    /// Source it judges.
    pub source: String,
    /// Severity of its alerts.
    #[schema(value_type = Severity)]
    pub priority: event::Severity,
    /// Whether it judges at all.
    pub enabled: bool,
    /// Why no records of its source come in here, so that it judges nothing; absent if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfed: Option<String>,
    /// Tags as written.
    pub tags: Vec<String>,
    /// Criteria served by the controls that it maps to.
    pub soc2: Vec<String>,
    /// File it came from.
    pub file: String,
    /// Condition as written.
    pub condition: String,
    /// What it is for.
    pub description: String,
}

/// The rules in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rules {
    /// SHA-256 over all rule files in load order, hex.
    pub hash: String,
    /// Who approved this version.
    pub approved_by: Option<String>,
    /// Place in the trail of the entry that says that they judge.
    pub position: Option<String>,
    /// The rules in file order.
    pub items: Vec<RuleItem>,
}

/// A control that a rule bears on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleControl {
    /// `K-12`.
    pub id: String,
    /// Its short name.
    pub title: String,
    /// `implements`, `monitors` or `feeds`.
    #[schema(value_type = String, example = "implements")]
    pub relation: control::Relation,
    /// Why the rule bears on it.
    pub reason: String,
    /// Criteria that the control serves.
    pub criteria: Vec<String>,
}

/// A rule with all that explains it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleDetail {
    /// The rule.
    #[serde(flatten)]
    pub item: RuleItem,
    /// Line of its definition, from 1.
    pub line: u32,
    /// Condition with lists, macros and exceptions put in.
    pub resolved: String,
    /// Output line as written.
    pub output: String,
    /// Controls it bears on.
    pub controls: Vec<RuleControl>,
    /// Threat, what the rule sees, response, and its tests: the page beside its file, Markdown.
    pub page: Option<String>,
    /// SHA-256 over all rule files in load order, hex.
    pub hash: String,
    /// Who approved this version.
    pub approved_by: Option<String>,
    /// Place in the trail of the entry that says that this version judges.
    pub position: Option<String>,
}

/// Lists the rules in force.
#[utoipa::path(get, path = "/v1/rules", tag = "rules",
    responses((status = 200, body = Rules), (status = "4XX", body = ProblemBody)))]
pub async fn list(State(app): State<App>) -> Result<Json<Rules>, Problem> {
    let rules = app.rules().now();
    Ok(Json(Rules {
        position: position(&app, &rules.hash).await?,
        hash: rules.hash.clone(),
        approved_by: rules.approved_by.clone(),
        items: rules.items.iter().map(|item| told(&app, item)).collect(),
    }))
}

/// Shows one rule: what it asks, which controls it bears on and why, and the page that explains it.
#[utoipa::path(get, path = "/v1/rules/{name}", tag = "rules",
    params(("name" = String, Path, description = "Name of the rule")),
    responses((status = 200, body = RuleDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<RuleDetail>, Problem> {
    let rules = app.rules().now();
    let (item, explained) = rules.explained(&name).ok_or_else(|| {
        Problem::not_found(format!("no rule in force is called `{name}`"))
            .hint("`/v1/rules` lists them; an older alert may name a rule that is gone")
    })?;
    Ok(Json(RuleDetail {
        item: told(&app, item),
        line: explained.line,
        resolved: explained.resolved.clone(),
        output: explained.output.clone(),
        controls: explained.controls.clone(),
        page: explained.page.as_deref().map(str::to_owned),
        hash: rules.hash.clone(),
        approved_by: rules.approved_by.clone(),
        position: position(&app, &rules.hash).await?,
    }))
}

/// Returns a rule with what holds of its source now.
fn told(app: &App, item: &RuleItem) -> RuleItem {
    RuleItem { unfed: app.unfed(&item.source), ..item.clone() }
}

/// Returns where the trail says that rules of this hash judge.
async fn position(app: &App, hash: &str) -> Result<Option<String>, Problem> {
    let newest = app.ask(|view| view.rules(1)).await?;
    let ours = newest.into_iter().find(|placed| placed.entry.hash == hash);
    Ok(ours.map(|placed| placed.position.to_string()))
}

impl From<&control::Link> for RuleControl {
    fn from(link: &control::Link) -> RuleControl {
        RuleControl {
            id: link.control.clone(),
            title: link.title.clone(),
            relation: link.relation,
            reason: link.reason.trim().to_owned(),
            criteria: link.criteria.clone(),
        }
    }
}
