//! What nodes say over their listener: they join, renew their certificate, and ship batches, which
//! are acknowledged when they are durable. A batch that comes again counts once.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Extension, Router};
use control::evidence::{Entry, Origin, Rejected};
use control::shipment::{
    self, BATCH_BYTES_MAX, JoinRequest, Joined, REASONS_LEN_MAX, Receipt, Refused, RenewRequest,
};
use data_encoding::HEXLOWER;
use event::Time;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use store::Draft;

use super::Nodes;
use super::entry;
use super::listen::Shown;
use crate::App;
use crate::api::{Json, Problem};
use crate::intake::State as Intake;
use crate::own_node::SOURCE;

/// How long a node may be silent in the middle of a body.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest request to join or renew.
const ASKED_BYTES_MAX: usize = 16 * 1024;
/// Refused entries of one batch that the trail keeps with the reason; more are only counted.
const CITED_LEN_MAX: usize = 64;
/// First bytes of a refused entry that are kept.
const EXCERPT_BYTES_MAX: usize = 512;

/// Returns the routes of the listener for nodes.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/v1/join", post(join))
        .route("/v1/renew", post(renew))
        .route("/v1/batch", post(batch))
        .fallback(|| async { Problem::not_found("nodes join, renew and ship here") })
        .with_state(app.clone())
}

async fn join(State(app): State<App>, body: Body) -> Result<Json<Joined>, Problem> {
    let asked: JoinRequest = asked(body).await?;
    super::join(&app, nodes(&app)?, asked).await.map(Json)
}

async fn renew(
    State(app): State<App>,
    Extension(shown): Extension<Shown>,
    body: Body,
) -> Result<Json<Joined>, Problem> {
    let held = node(&app, shown).await?;
    let asked: RenewRequest = asked(body).await?;
    super::renew(&app, nodes(&app)?, held, asked).await.map(Json)
}

async fn batch(
    State(app): State<App>,
    Extension(shown): Extension<Shown>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let received = app.clock().now();
    let (node, _) = node(&app, shown).await?;
    if headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding != "zstd") {
        return Err(Problem::unsupported_media("a batch comes with `Content-Encoding: zstd`"));
    }
    let _place = app.door().admit().map_err(|refusal| sent_away(&app, refusal.into()))?;
    let packed = collect(body, BATCH_BYTES_MAX).await?;
    let understood = {
        let node = node.clone();
        tokio::task::spawn_blocking(move || understand(&packed, &node, received))
    };
    let understood = understood.await.map_err(Problem::internal)??;
    let kept = app.door().keep(understood.drafts).await;
    let kept = kept.map_err(|refusal| sent_away(&app, refusal.into()))?;
    let counts = understood.counts;
    let agent = super::agent(&understood.agent)?.to_owned();
    app.privately(move |private| private.node_seen(&node, &agent, received)).await?;
    let totals = app.door().state().totals();
    Intake::add(&totals.records, counts.records);
    Intake::add(&totals.rejected, counts.refused);
    Intake::add(&totals.rejected_uncited, counts.uncited);
    Intake::add(&totals.duplicates, kept.duplicates);
    Intake::add(&totals.bytes, counts.bytes);
    let fresh = kept.positions.iter().zip(&understood.alerts).filter(|(place, _)| place.is_some());
    Intake::add(&totals.alerts, fresh.map(|(_, alerts)| alerts).sum());
    let answer = Receipt {
        v: shipment::VERSION,
        accepted: counts.records.saturating_sub(counts.refused + kept.duplicates),
        duplicates: kept.duplicates,
        refused: counts.refused,
        reasons: understood.reasons,
        received,
        answered: app.clock().now(),
    };
    Ok((StatusCode::OK, Json(answer)))
}

/// A batch, ready to be kept.
#[derive(Default)]
struct Understood {
    drafts: Vec<Draft>,
    /// Alerts of each draft.
    alerts: Vec<u64>,
    counts: Counts,
    reasons: Vec<Refused>,
    agent: String,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    records: u64,
    refused: u64,
    uncited: u64,
    bytes: u64,
}

/// Reads a batch. What is wrong with one entry keeps none of its neighbours out.
fn understand(packed: &[u8], node: &str, received: Time) -> Result<Understood, Problem> {
    let body = unpack(packed)?;
    let (head, lines) =
        shipment::read(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    super::agent(&head.agent)?;
    let mut understood = Understood { agent: head.agent, ..Understood::default() };
    understood.counts.bytes = body.len() as u64;
    for (number, line) in lines {
        understood.counts.records += 1;
        let from = Origin { node: node.to_owned(), stream: head.stream.clone(), number };
        let entry = match entry::read(line, node, received) {
            Ok(entry) => entry,
            Err(reason) => match understood.refuse(line, &from, reason, received) {
                Some(rejected) => rejected,
                None => continue,
            },
        };
        let alerts = match &entry {
            Entry::Event(event) => event.alerts.len() as u64,
            _ => 0,
        };
        understood.drafts.push(Draft::shipped(entry, from));
        understood.alerts.push(alerts);
    }
    Ok(understood)
}

impl Understood {
    /// Counts a refused entry; returns what the trail keeps of it, unless there are too many.
    fn refuse(
        &mut self,
        line: &[u8],
        from: &Origin,
        reason: String,
        received: Time,
    ) -> Option<Entry> {
        self.counts.refused += 1;
        if self.reasons.len() < REASONS_LEN_MAX {
            self.reasons.push(Refused { number: from.number, reason: reason.clone() });
        }
        if self.counts.refused > CITED_LEN_MAX as u64 {
            self.counts.uncited += 1;
            return None;
        }
        let excerpt = &line[..line.len().min(EXCERPT_BYTES_MAX)];
        Some(Entry::Rejected(Rejected {
            source: SOURCE.to_owned(),
            instance: Some(from.node.clone()),
            received,
            reason,
            sha256: HEXLOWER.encode(&Sha256::digest(line)),
            bytes: line.len() as u64,
            excerpt: String::from_utf8_lossy(excerpt).into_owned(),
        }))
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Problem> {
    let wrong = |error: std::io::Error| {
        Problem::bad_request(format!("the batch is no valid zstd: {error}"))
    };
    let reader = zstd::stream::read::Decoder::new(packed).map_err(wrong)?;
    let mut body = Vec::new();
    // One more than allowed tells a batch of just that length from a longer one.
    reader.take(BATCH_BYTES_MAX as u64 + 1).read_to_end(&mut body).map_err(wrong)?;
    if body.len() > BATCH_BYTES_MAX {
        return Err(too_long(BATCH_BYTES_MAX));
    }
    Ok(body)
}

async fn asked<T: serde::de::DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let bytes = collect(body, ASKED_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::bad_request(error.to_string()))
}

async fn collect(body: Body, max: usize) -> Result<Vec<u8>, Problem> {
    let mut frames = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let frame = tokio::time::timeout(BODY_WAIT_MAX, frames.next()).await;
        let Some(frame) = frame.map_err(|_| Problem::timeout("the body stopped coming"))? else {
            return Ok(bytes);
        };
        let frame = frame.map_err(|error| Problem::bad_request(error.to_string()))?;
        if bytes.len() + frame.len() > max {
            return Err(too_long(max));
        }
        bytes.extend_from_slice(&frame);
    }
}

fn too_long(max: usize) -> Problem {
    Problem::bad_request(format!("the body is longer than {max} bytes; send less at once"))
}

/// Returns the node that the caller is, by its certificate, which comes with it.
async fn node(app: &App, Shown(shown): Shown) -> Result<(String, [u8; 32]), Problem> {
    let unknown = || {
        Problem::forbidden("no certificate of a node that may ship here")
            .hint("the node was revoked, or has to join: `sockeye nodes add NAME` on the server")
    };
    let shown = shown.ok_or_else(unknown)?;
    let now = app.clock().now();
    let node = app.privately(move |private| private.node_of(&shown, now)).await?;
    Ok((node.ok_or_else(unknown)?, shown))
}

fn nodes(app: &App) -> Result<&Nodes, Problem> {
    app.nodes().ok_or_else(|| Problem::not_found("this server does not listen for nodes"))
}

fn sent_away(app: &App, problem: Problem) -> Problem {
    Intake::add(&app.door().state().totals().sent_away, 1);
    problem
}
