//! `/v1/findings`: alerts of one fingerprint, and what people decide about them.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alerts::AlertItem;
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Page, Severity, Subject};
use crate::App;

/// Where a finding stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Status`")]
pub enum Status {
    Open,
    Acknowledged,
    Accepted,
    Resolved,
}

/// What a person found the alerts to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Verdict`")]
pub enum Verdict {
    TruePositive,
    Benign,
    FalsePositive,
}

/// What a person does with a finding.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "as in `finding::Action`")]
pub enum Action {
    Acknowledge,
    Accept,
    Resolve,
    Reopen,
}

/// Alerts of one fingerprint with their lifecycle.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in `finding::Finding`, which this describes")]
pub struct Finding {
    pub id: String,
    pub rule: String,
    pub source: String,
    pub severity: Severity,
    pub subject: Subject,
    /// Criteria it bears on.
    pub soc2: Vec<String>,
    pub status: Status,
    pub verdict: Option<Verdict>,
    pub accepted_until: Option<Moment>,
    pub first_seen: Moment,
    pub last_seen: Moment,
    /// Number of its alerts.
    pub count: Count,
    /// Output line of its last alert.
    pub output: String,
}

/// A finding with all that was decided about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingDetail {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// Who decided what, when and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decision {
    /// Its place in the trail.
    pub position: String,
    /// The named person.
    pub actor: String,
    /// When.
    pub time: Moment,
    /// What.
    pub action: Action,
    /// End of an acceptance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// What the alerts were found to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why, in the person's words.
    pub reason: String,
}

/// A decision to be made by whoever is signed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What to do.
    pub action: Action,
    /// End of the acceptance; required with `accept`.
    pub until: Option<Moment>,
    /// What it was; required with `resolve`.
    pub verdict: Option<Verdict>,
    /// Why; required.
    pub reason: String,
}

/// Which findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Only with this status.
    pub status: Option<Status>,
    /// Only this severity and worse.
    pub severity: Option<Severity>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that bear on this criterion.
    pub criterion: Option<String>,
    /// Only those whose rule, output or subject contains this text, in any case.
    pub text: Option<String>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CursorQuery {
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Lists findings, the latest seen first.
#[utoipa::path(get, path = "/v1/findings", tag = "findings", params(FindingQuery), responses(
    (status = 200, body = Page<Finding>),
    (status = "4XX", body = ProblemBody),
))]
pub async fn list(
    State(_app): State<App>,
    Query(_query): Query<FindingQuery>,
) -> Result<Json<Page<Finding>>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Shows one finding and what was decided about it.
#[utoipa::path(get, path = "/v1/findings/{id}", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits")),
    responses((status = 200, body = FindingDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(_app): State<App>,
    Path(_id): Path<String>,
) -> Result<Json<FindingDetail>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Lists the alerts of one finding, newest first.
#[utoipa::path(get, path = "/v1/findings/{id}/alerts", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits"), CursorQuery),
    responses((status = 200, body = Page<AlertItem>), (status = "4XX", body = ProblemBody)))]
pub async fn alerts(
    State(_app): State<App>,
    Path(_id): Path<String>,
    Query(_query): Query<CursorQuery>,
) -> Result<Json<Page<AlertItem>>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Decides about a finding, in the name of whoever is signed in.
#[utoipa::path(post, path = "/v1/findings/{id}/decisions", tag = "findings",
    params(("id" = String, Path, description = "Finding id, 32 hex digits")),
    request_body = DecisionRequest,
    responses((status = 201, body = FindingDetail), (status = "4XX", body = ProblemBody)))]
pub async fn decide(
    State(_app): State<App>,
    Path(_id): Path<String>,
    Json(_request): Json<DecisionRequest>,
) -> Result<(StatusCode, Json<FindingDetail>), Problem> {
    Err(Problem::busy("starting", 1))
}
