//! `/v1/trail`: any entry of the trail by its place, as evidence names it.

use axum::extract::State;
use control::evidence::Entry;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trail::Position;
use utoipa::ToSchema;

use super::alerts::TrailPlace;
use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment};
use crate::App;

/// An entry of the trail, and what it was signed under.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrailEntry {
    /// Block and entry.
    #[schema(example = "12.3")]
    pub position: String,
    /// `event`, `rejected`, `status`, `decision`, `rules`, `administration`, `start`, `activity`,
    /// `canary`.
    #[schema(example = "event")]
    pub kind: &'static str,
    /// Version of the entry's form.
    pub version: u8,
    /// When it was received or done, by our clock; of a status, the start of its minute.
    pub time: Moment,
    /// What is kept; of an event, all but the record itself.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub entry: Value,
    /// The record of an event exactly as received: JSON text.
    pub raw: Option<String>,
    /// Length of the entry in bytes.
    pub bytes: Count,
    /// SHA-256 of these bytes, hex.
    pub sha256: String,
    /// Place of the entry before; none at the very first.
    pub previous: Option<String>,
    /// Place of the entry after; none at the newest.
    pub next: Option<String>,
    /// Where it stands.
    pub trail: TrailPlace,
}

/// Shows any entry of the trail. The place of an alert, `12.3.0`, shows the entry that it is in.
#[utoipa::path(get, path = "/v1/trail/{position}", tag = "trail",
    params(("position" = String, Path, description = "Position, `12.3`")),
    responses((status = 200, body = TrailEntry), (status = "4XX", body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    Path(asked): Path<String>,
) -> Result<Json<TrailEntry>, Problem> {
    let position = position(&asked)?;
    let found = app.ask(move |view| {
        let Some(found) = view.trail_entry(position)? else { return Ok(None) };
        let reader = view.trail();
        let previous = match (position.entry.checked_sub(1), position.block.checked_sub(1)) {
            (Some(entry), _) => Some(Position { entry, ..position }),
            (None, Some(block)) => {
                // A damaged neighbour is no reason not to show this one.
                let before = reader.block(block).ok();
                before.map(|before| Position { block, entry: before.len().saturating_sub(1) })
            }
            (None, None) => None,
        };
        let after = Position { block: position.block + 1, entry: 0 };
        let next = match position.entry + 1 {
            entry if entry < found.entries => Some(Position { entry, ..position }),
            _ => (after.block < reader.blocks()).then_some(after),
        };
        Ok(Some((found, previous, next)))
    });
    let (found, previous, next) = found
        .await?
        .ok_or_else(|| Problem::not_found(format!("the trail has no entry at {asked}")))?;
    let (entry, raw) = decoded(&found.line.entry).map_err(Problem::internal)?;
    let sha256 = Sha256::digest(found.text.as_bytes());
    Ok(Json(TrailEntry {
        position: position.to_string(),
        kind: found.line.entry.kind(),
        version: found.line.v,
        time: found.line.entry.time().into(),
        entry,
        raw,
        bytes: Count(found.text.len() as u64),
        sha256: HEXLOWER.encode(&sha256),
        previous: previous.map(|position| position.to_string()),
        next: next.map(|position| position.to_string()),
        trail: TrailPlace {
            block: position.block.into(),
            entry: position.entry,
            block_root: found.block_root,
            checkpoint: found.checkpoint,
        },
    }))
}

/// Returns what is kept as JSON, and the raw record apart: it is told byte by byte.
fn decoded(entry: &Entry) -> Result<(Value, Option<String>), serde_json::Error> {
    let value = match entry {
        Entry::Event(event) => {
            let value = json!({
                "source": event.source,
                "time": event.time,
                "received": event.received,
                "id": event.id,
                "alerts": event.alerts,
            });
            return Ok((value, Some(event.raw.get().to_owned())));
        }
        Entry::Rejected(rejected) => serde_json::to_value(rejected),
        Entry::Status(status) => serde_json::to_value(status),
        Entry::Decision(decision) => serde_json::to_value(decision),
        Entry::Rules(loaded) => serde_json::to_value(loaded),
        Entry::Administration(act) => serde_json::to_value(act),
        Entry::Start(start) => serde_json::to_value(start),
        Entry::Activity(activity) => serde_json::to_value(activity),
        Entry::Canary(canary) => serde_json::to_value(canary),
        Entry::Hole(hole) => serde_json::to_value(hole),
    };
    Ok((value?, None))
}

/// Reads the place of an entry, or of an alert in one.
fn position(text: &str) -> Result<Position, Problem> {
    let alert = |text: &str| super::alerts::position(text).map(|position| position.entry);
    text.parse().or_else(|_| alert(text)).map_err(|_: Problem| {
        Problem::bad_request(format!("`{text}` is no position in the trail"))
            .hint("one looks like 12.3: block and entry")
    })
}
