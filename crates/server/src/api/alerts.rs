//! `/v1/alerts`: single matches, newest first, and where each stands in the trail.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, ProblemBody};
use super::shape::{Alert, Count, Moment, Page, Severity};
use crate::App;

/// An alert with its place in the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertItem {
    /// Block, entry and alert within the entry.
    #[schema(example = "12.3.0")]
    pub position: String,
    /// Id of the finding it belongs to.
    pub finding: String,
    /// The alert.
    pub alert: Alert,
}

/// An alert with the record that raised it and the proof of where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertDetail {
    /// The alert.
    #[serde(flatten)]
    pub item: AlertItem,
    /// Stable id of the record within its source, which duplicates share.
    pub event_id: String,
    /// Event time, by the sender's clock.
    pub time: Moment,
    /// Receipt time, by ours.
    pub received: Moment,
    /// The record exactly as received: JSON text.
    pub raw: String,
    /// Where the record stands in the trail.
    pub trail: TrailPlace,
}

/// A place in the trail and what it was signed under.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrailPlace {
    /// Block number, from zero.
    pub block: Count,
    /// Entry within the block.
    pub entry: u32,
    /// Merkle root of the block, hex.
    pub block_root: String,
    /// The latest signed checkpoint (a C2SP signed note).
    pub checkpoint: String,
}

/// Which alerts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// Only older ones than this position.
    pub before: Option<String>,
    /// Only this severity and worse.
    pub severity: Option<Severity>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that bear on this criterion.
    pub criterion: Option<String>,
    /// Only those whose output or subject contains this text, in any case.
    pub text: Option<String>,
}

/// Lists alerts, newest first.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts", params(AlertQuery), responses(
    (status = 200, body = Page<AlertItem>),
    (status = "4XX", body = ProblemBody),
))]
pub async fn list(
    State(_app): State<App>,
    Query(_query): Query<AlertQuery>,
) -> Result<Json<Page<AlertItem>>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Shows one alert with the record that raised it.
#[utoipa::path(get, path = "/v1/alerts/{position}", tag = "alerts",
    params(("position" = String, Path, description = "Position, `12.3.0`")),
    responses((status = 200, body = AlertDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(_app): State<App>,
    Path(_position): Path<String>,
) -> Result<Json<AlertDetail>, Problem> {
    Err(Problem::busy("starting", 1))
}
