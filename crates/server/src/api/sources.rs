//! `/v1/sources`: what delivers, since when, and where it was silent.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::controls::Gap;
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Span};
use crate::App;

/// Whether a source delivers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// It can deliver, and records came in the last minutes.
    Receiving,
    /// It can deliver, and nothing came.
    Idle,
    /// It cannot deliver.
    Disconnected,
    /// It was seen once and is not configured any more.
    Gone,
}

/// One instance of a source: a listener, a file, a node.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceItem {
    /// Source name, `k8s_audit`.
    pub source: String,
    /// Which instance, `webhook` or `file:/var/log/kubernetes/audit.log`.
    pub instance: String,
    /// Whether it delivers.
    pub state: SourceState,
    /// Why, when it does not.
    pub reason: Option<String>,
    /// Its last status entry.
    pub last: Option<SourceMinute>,
    /// Totals over the span.
    pub totals: SourceTotals,
    /// Spans without a healthy status entry.
    pub gaps: Vec<Gap>,
}

/// Totals of a source instance.
#[derive(Debug, Default, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in `SourceMinute`")]
pub struct SourceTotals {
    pub records: Count,
    pub rejected: Count,
    pub duplicates: Count,
    pub lost: Count,
    pub bytes: Count,
    pub alerts: Count,
}

/// What a source instance did in one minute.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceMinute {
    /// Source name.
    pub source: String,
    /// Which instance.
    pub instance: String,
    /// Start of the minute.
    pub minute: Moment,
    /// Records taken.
    pub records: Count,
    /// Of these, refused.
    pub rejected: Count,
    /// Of these, duplicates of earlier ones.
    pub duplicates: Count,
    /// Known to be lost.
    pub lost: Count,
    /// Bytes received.
    pub bytes: Count,
    /// Alerts raised.
    pub alerts: Count,
    /// Newest event time seen so far.
    pub newest: Option<Moment>,
    /// Whether it was able to receive for the whole minute.
    pub connected: bool,
    /// Why not, or what was lost.
    pub reason: Option<String>,
}

/// All sources over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sources {
    /// First instant looked at.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// The instances.
    pub items: Vec<SourceItem>,
}

/// Status entries over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceMinutes {
    /// First instant looked at.
    pub from: Moment,
    /// First instant after.
    pub until: Moment,
    /// The entries, oldest first.
    pub items: Vec<SourceMinute>,
}

/// Lists source instances with state, last status, totals and gaps.
#[utoipa::path(get, path = "/v1/sources", tag = "sources", params(Span),
    responses((status = 200, body = Sources), (status = "4XX", body = ProblemBody)))]
pub async fn list(
    State(_app): State<App>,
    Query(_span): Query<Span>,
) -> Result<Json<Sources>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Lists status entries, one a minute and instance; at most seven days at once.
#[utoipa::path(get, path = "/v1/sources/minutes", tag = "sources", params(Span),
    responses((status = 200, body = SourceMinutes), (status = "4XX", body = ProblemBody)))]
pub async fn minutes(
    State(_app): State<App>,
    Query(_span): Query<Span>,
) -> Result<Json<SourceMinutes>, Problem> {
    Err(Problem::busy("starting", 1))
}
