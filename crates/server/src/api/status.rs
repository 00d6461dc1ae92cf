//! `/v1/status`, `/v1/summary`, `/healthz`, `/readyz`, `/metrics`: how the service is doing.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::findings::Status as FindingStatus;
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Severity, Span};
use crate::App;

/// How the service is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceStatus {
    /// Version of this program.
    pub version: &'static str,
    /// Name of this environment.
    pub environment: String,
    /// When it started.
    pub started: Moment,
    /// Whether records are taken.
    pub intake: IntakeStatus,
    /// The trail.
    pub trail: TrailStatus,
    /// SHA-256 over all rule files in load order, hex.
    pub rules_hash: String,
    /// Number of enabled rules.
    pub rules_enabled: u32,
}

/// Whether records are taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntakeStatus {
    /// `accepting`, `full` or `stopped`.
    #[schema(example = "accepting")]
    pub state: &'static str,
    /// Why it stopped.
    pub reason: Option<String>,
    /// Batches waiting for the writer.
    pub queued: u32,
    /// Records kept since the start.
    pub records: Count,
    /// Records refused since the start.
    pub rejected: Count,
    /// Duplicates dropped since the start.
    pub duplicates: Count,
    /// Alerts raised since the start.
    pub alerts: Count,
}

/// The trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrailStatus {
    /// Blocks in it.
    pub blocks: Count,
    /// Bytes on disk.
    pub bytes: Count,
    /// Latest signed checkpoint (a C2SP signed note).
    pub checkpoint: Option<String>,
}

/// What happened over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// First instant looked at.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// Alerts by hour of their event time and severity; hours without any are absent.
    pub hours: Vec<HourCount>,
    /// Findings by status and severity, now.
    pub findings: Vec<FindingCount>,
    /// Rules with the most alerts in the span, most first, at most ten.
    pub rules: Vec<RuleCount>,
}

/// Alerts of one hour and severity.
#[derive(Debug, Serialize, ToSchema)]
pub struct HourCount {
    /// Start of the hour.
    pub hour: Moment,
    /// Severity.
    pub severity: Severity,
    /// Alerts.
    pub alerts: Count,
}

/// Findings of one status and severity.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingCount {
    /// Status.
    pub status: FindingStatus,
    /// Severity.
    pub severity: Severity,
    /// Findings.
    pub findings: Count,
}

/// Alerts of one rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleCount {
    /// Name of the rule.
    pub rule: String,
    /// Alerts.
    pub alerts: Count,
}

/// Tells how the service is doing.
#[utoipa::path(get, path = "/v1/status", tag = "status",
    responses((status = 200, body = ServiceStatus), (status = "4XX", body = ProblemBody)))]
pub async fn status(State(_app): State<App>) -> Result<Json<ServiceStatus>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Counts alerts by hour and findings by status.
#[utoipa::path(get, path = "/v1/summary", tag = "status", params(Span),
    responses((status = 200, body = Summary), (status = "4XX", body = ProblemBody)))]
pub async fn summary(
    State(_app): State<App>,
    Query(_span): Query<Span>,
) -> Result<Json<Summary>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Answers while the process lives.
#[utoipa::path(get, path = "/healthz", tag = "status", security(()),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 while records are taken, else 503 with the reason.
#[utoipa::path(get, path = "/readyz", tag = "status", security(()), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = ProblemBody),
))]
pub async fn readyz(State(_app): State<App>) -> Result<&'static str, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Figures for Prometheus, OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "status", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = "4XX", body = ProblemBody),
))]
pub async fn metrics(State(_app): State<App>) -> Result<Response, Problem> {
    Err(Problem::busy("starting", 1))
}
