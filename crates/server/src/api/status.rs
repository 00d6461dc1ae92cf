//! `/v1/status`, `/v1/summary`, `/healthz`, `/readyz`, `/metrics`: how the service is doing.

use std::sync::atomic::Ordering::Relaxed;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Json, Query};
use super::findings::Status as FindingStatus;
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Severity, Span};
use crate::App;
use crate::feeding::SourceRules;
use crate::intake::QUEUE_LEN_MAX;

/// Rules told of in a summary.
const RULES_LEN_MAX: usize = 10;

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
    /// Number of enabled rules, also of sources that nothing feeds here.
    pub rules_enabled: usize,
    /// The same by source, with what is not fed and why.
    pub rules_by_source: Vec<SourceRules>,
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
    pub queued: usize,
    /// Records taken since the start, refused ones and duplicates among them.
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
    /// The key that checks it, in the form of C2SP signed notes.
    pub verifier_key: String,
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
    #[schema(value_type = Severity)]
    pub severity: event::Severity,
    /// Alerts.
    pub alerts: Count,
}

/// Findings of one status and severity.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingCount {
    /// Status.
    #[schema(value_type = FindingStatus)]
    pub status: finding::Status,
    /// Severity.
    #[schema(value_type = Severity)]
    pub severity: event::Severity,
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
pub async fn status(State(app): State<App>) -> Result<Json<ServiceStatus>, Problem> {
    let size = app.ask(store::View::size).await?;
    let rules = app.rules().now();
    let door = app.door();
    let totals = door.state().totals();
    let stopped = door.state().stopped();
    let intake = IntakeStatus {
        state: match stopped {
            Some(_) => "stopped",
            None if door.queued() >= QUEUE_LEN_MAX => "full",
            None => "accepting",
        },
        reason: stopped,
        queued: door.queued(),
        records: totals.records.load(Relaxed).into(),
        rejected: totals.rejected.load(Relaxed).into(),
        duplicates: totals.duplicates.load(Relaxed).into(),
        alerts: totals.alerts.load(Relaxed).into(),
    };
    Ok(Json(ServiceStatus {
        version: env!("CARGO_PKG_VERSION"),
        environment: app.environment().to_owned(),
        started: app.started().into(),
        intake,
        trail: TrailStatus {
            blocks: size.blocks.into(),
            bytes: size.trail_bytes.into(),
            checkpoint: size.checkpoint,
            verifier_key: size.verifier_key,
        },
        rules_hash: rules.hash.clone(),
        rules_enabled: rules.items.iter().filter(|rule| rule.enabled).count(),
        rules_by_source: app.rules_by_source(&rules),
    }))
}

/// Counts alerts by hour and findings by status.
#[utoipa::path(get, path = "/v1/summary", tag = "status", params(Span),
    responses((status = 200, body = Summary), (status = "4XX", body = ProblemBody)))]
pub async fn summary(
    State(app): State<App>,
    Query(span): Query<Span>,
) -> Result<Json<Summary>, Problem> {
    let period = span.period(app.clock().now())?;
    let summary = app.ask(move |view| view.summary(period)).await?;
    let hour = |one: store::HourCount| HourCount {
        hour: one.hour.into(),
        severity: one.severity,
        alerts: one.alerts.into(),
    };
    let finding = |one: store::FindingCount| FindingCount {
        status: one.status,
        severity: one.severity,
        findings: one.findings.into(),
    };
    let rule = |one: store::RuleCount| RuleCount { rule: one.rule, alerts: one.alerts.into() };
    Ok(Json(Summary {
        from: period.from.into(),
        until: period.until.into(),
        hours: summary.hours.into_iter().map(hour).collect(),
        findings: summary.findings.into_iter().map(finding).collect(),
        rules: summary.rules.into_iter().take(RULES_LEN_MAX).map(rule).collect(),
    }))
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
pub async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.door().state().check()?;
    Ok("ready\n")
}

/// Figures for Prometheus, OpenMetrics text.
#[utoipa::path(get, path = "/metrics", tag = "status", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = "4XX", body = ProblemBody),
))]
pub async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = crate::metrics::text(&app).map_err(Problem::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
