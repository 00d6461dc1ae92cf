//! `POST /k8s-audit`: the API server's audit webhook.

use std::io::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use flate2::write::MultiGzDecoder;
use futures_util::StreamExt;
use serde::Serialize;
use source::k8s_audit::Layout;
use utoipa::ToSchema;

use super::extract::Json;
use super::problem::{Problem, ProblemBody};
use super::shape::Count;
use crate::App;
use crate::intake::{Delivery, Refusal, State as IntakeState, Tally};

/// How long a sender may be silent in the middle of a body.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Compressed bytes inflated at once; they become at most about 1,000 times as many.
const INFLATE_BYTES: usize = 1024;

/// What became of a delivery; what is counted here is durable.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// Records kept.
    pub accepted: Count,
    /// Records dropped, because they were kept before.
    pub duplicates: Count,
    /// Records refused; they are in the trail with the reason.
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
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Problem> {
    let layout = layout(&headers)?;
    let mut coding = Coding::of(&headers)?;
    let webhook = app.webhook().ok_or_else(|| {
        Problem::not_found("the audit webhook is switched off")
            .hint("set `webhook: true` for the source `k8s_audit`")
    })?;
    let _place = app.door().admit().map_err(|refusal| sent_away(&app, refusal))?;
    let mut delivery = Delivery::new(
        app.door().clone(),
        webhook.clone(),
        app.rules().now(),
        app.place().clone(),
        layout,
        app.clock().clone(),
    );
    let mut frames = body.into_data_stream();
    loop {
        let frame = tokio::time::timeout(BODY_WAIT_MAX, frames.next()).await;
        let Some(frame) = frame.map_err(|_| Problem::timeout("the body stopped coming"))? else {
            break;
        };
        let frame = frame.map_err(|error| Problem::bad_request(error.to_string()))?;
        coding.feed(&frame, &mut delivery).await.map_err(|error| error.problem(&app))?;
    }
    coding.finish(&mut delivery).await.map_err(|error| error.problem(&app))?;
    let tally = delivery.finish().await.map_err(|refusal| sent_away(&app, refusal))?;
    answer(tally)
}

fn answer(tally: Tally) -> Result<Json<Receipt>, Problem> {
    if tally.accepted == 0 && tally.duplicates == 0 && tally.rejected > 0 {
        let reasons = tally.reasons.join("; ");
        return Err(Problem::bad_request(format!("no record could be read: {reasons}"))
            .hint("an audit.k8s.io/v1 Event or EventList is expected"));
    }
    Ok(Json(Receipt {
        accepted: tally.accepted.into(),
        duplicates: tally.duplicates.into(),
        rejected: tally.rejected.into(),
        alerts: tally.alerts.into(),
        reasons: tally.reasons,
    }))
}

fn sent_away(app: &App, refusal: Refusal) -> Problem {
    IntakeState::add(&app.door().state().totals().sent_away, 1);
    Problem::from(refusal)
}

fn layout(headers: &HeaderMap) -> Result<Layout, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Ok(Layout::Body),
        "application/x-ndjson" | "application/jsonl" => Ok(Layout::Lines),
        "" => Err(Problem::unsupported_media("the content type is missing")
            .hint("send `Content-Type: application/json`")),
        kind => Err(Problem::unsupported_media(format!("the content type `{kind}` is not taken"))
            .hint("send `application/json`, or `application/x-ndjson` for JSON lines")),
    }
}

/// How the body is packed.
enum Coding {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

/// Why a body could not be read on.
enum BodyError {
    Refused(Refusal),
    Gzip(std::io::Error),
}

impl BodyError {
    fn problem(self, app: &App) -> Problem {
        match self {
            BodyError::Refused(refusal) => sent_away(app, refusal),
            BodyError::Gzip(error) => {
                Problem::bad_request(format!("the body is no valid gzip: {error}"))
            }
        }
    }
}

impl Coding {
    fn of(headers: &HeaderMap) -> Result<Coding, Problem> {
        let value = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        match value.unwrap_or("identity").trim().to_ascii_lowercase().as_str() {
            "identity" | "" => Ok(Coding::Plain),
            "gzip" | "x-gzip" => Ok(Coding::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))),
            other => Err(Problem::unsupported_media(format!(
                "the content encoding `{other}` is not taken"
            ))
            .hint("send plain or gzip")),
        }
    }

    async fn feed(&mut self, frame: &Bytes, delivery: &mut Delivery) -> Result<(), BodyError> {
        let Coding::Gzip(decoder) = self else {
            return delivery.take(frame).await.map_err(BodyError::Refused);
        };
        for step in frame.chunks(INFLATE_BYTES) {
            decoder.write_all(step).map_err(BodyError::Gzip)?;
            let inflated = std::mem::take(decoder.get_mut());
            delivery.take(&inflated).await.map_err(BodyError::Refused)?;
        }
        Ok(())
    }

    async fn finish(self, delivery: &mut Delivery) -> Result<(), BodyError> {
        let Coding::Gzip(decoder) = self else { return Ok(()) };
        let rest = decoder.finish().map_err(BodyError::Gzip)?;
        delivery.take(&rest).await.map_err(BodyError::Refused)
    }
}
