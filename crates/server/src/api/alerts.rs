//! `/v1/alerts`: single matches, newest first, and where each stands in the trail.

use axum::extract::State;
use finding::FindingId;
use serde::{Deserialize, Serialize};
use store::{AlertFilter, AlertPosition};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Json, Path, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::{Alert, Count, Moment, Page, Severity, at_least, limit};
use crate::App;

/// Name of the source whose events may belong to a session.
const SYSCALL: &str = "syscall";

/// An alert with its place in the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertItem {
    /// Block, entry and alert within the entry.
    #[schema(value_type = String, example = "12.3.0")]
    pub position: AlertPosition,
    /// Id of the finding it belongs to.
    #[schema(value_type = String)]
    pub finding: FindingId,
    /// The alert.
    #[schema(value_type = Alert)]
    pub alert: finding::Alert,
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
    /// Interactive session in which a system call was made.
    pub session: Option<String>,
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
    /// The signed checkpoint of the block's commit (a C2SP signed note).
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
    #[param(value_type = Option<Severity>)]
    pub severity: Option<event::Severity>,
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
    State(app): State<App>,
    Query(query): Query<AlertQuery>,
) -> Result<Json<Page<AlertItem>>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.before.as_deref().map(position).transpose()?;
    let filter = AlertFilter {
        severity: at_least(query.severity),
        rule: query.rule,
        source: query.source,
        criterion: query.criterion,
        text: query.text,
    };
    let page = app.ask(move |view| view.alerts(&filter, before, limit)).await?;
    Ok(Json(Page::from(page)))
}

/// Shows one alert with the record that raised it.
#[utoipa::path(get, path = "/v1/alerts/{position}", tag = "alerts",
    params(("position" = String, Path, description = "Position, `12.3.0`")),
    responses((status = 200, body = AlertDetail), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    Path(asked): Path<String>,
) -> Result<Json<AlertDetail>, Problem> {
    let position = position(&asked)?;
    let found = app.ask(move |view| {
        let Some(found) = view.alert(position)? else { return Ok(None) };
        let session = match &*found.alert.source {
            SYSCALL => view.session_of(found.event.get(), found.alert.time)?,
            _ => None,
        };
        Ok(Some((found, session)))
    });
    let found = found.await?;
    let (found, session) =
        found.ok_or_else(|| Problem::not_found(format!("there is no alert at {asked}")))?;
    let time = found.alert.time;
    let item = AlertItem { position: found.position, finding: found.finding, alert: found.alert };
    Ok(Json(AlertDetail {
        item,
        event_id: found.id,
        time: time.into(),
        received: found.received.into(),
        raw: found.event.get().to_owned(),
        session,
        trail: TrailPlace {
            block: position.entry.block.into(),
            entry: position.entry.entry,
            block_root: found.block_root,
            checkpoint: found.checkpoint,
        },
    }))
}

/// Reads a position as it stands in a URL.
pub fn position(text: &str) -> Result<AlertPosition, Problem> {
    text.parse().map_err(|_| {
        Problem::bad_request(format!("`{text}` is no position of an alert"))
            .hint("one looks like 12.3.0")
    })
}

impl From<store::AlertItem> for AlertItem {
    fn from(item: store::AlertItem) -> AlertItem {
        AlertItem { position: item.position, finding: item.finding, alert: item.alert }
    }
}
