//! `POST /k8s-audit`: the API server's audit webhook.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemBody};
use super::shape::Count;
use crate::App;

/// What became of a delivery; what is counted here is durable.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// Records kept.
    pub accepted: Count,
    /// Records dropped, because they were kept before.
    pub duplicates: Count,
    /// Records refused; each is in the trail with the reason.
    pub rejected: Count,
    /// Alerts raised.
    pub alerts: Count,
    /// Why records were refused, the first ten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// Takes Kubernetes audit records: an `Event`, an `EventList`, JSON lines or an array of these.
///
/// Answers after everything is on disk. `Content-Type` must be `application/json` (or
/// `application/x-ndjson`); `Content-Encoding: gzip` is understood. Needs the scope `intake`.
#[utoipa::path(post, path = "/k8s-audit", tag = "intake",
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, body = Receipt, description = "Durable"),
        (status = 400, body = ProblemBody, description = "No record could be read"),
        (status = 415, body = ProblemBody),
        (status = 429, body = ProblemBody, description = "The queue is full; come again"),
        (status = 503, body = ProblemBody, description = "Intake is stopped; come again"),
        (status = "4XX", body = ProblemBody),
    ))]
pub async fn k8s_audit(
    State(_app): State<App>,
    _headers: HeaderMap,
    _body: Body,
) -> Result<Json<Receipt>, Problem> {
    Err(Problem::busy("starting", 1))
}
