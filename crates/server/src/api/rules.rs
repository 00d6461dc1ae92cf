//! `/v1/rules`: the rules in force.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Json;
use super::problem::ProblemBody;
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
    /// The rules in file order.
    pub items: Vec<RuleItem>,
}

/// Lists the rules in force.
#[utoipa::path(get, path = "/v1/rules", tag = "rules",
    responses((status = 200, body = Rules), (status = "4XX", body = ProblemBody)))]
pub async fn list(State(app): State<App>) -> Json<Rules> {
    let rules = app.rules().now();
    Json(Rules {
        hash: rules.hash.clone(),
        approved_by: rules.approved_by.clone(),
        items: rules.items.clone(),
    })
}
