//! `/v1/feed`: alerts as they become durable, resumable from any position.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use store::AlertPosition;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::alerts::{AlertItem, position};
use super::problem::{Problem, ProblemBody};
use crate::App;
use crate::feed::{Seat, Told};

/// Events that wait for one client.
const WAITING_LEN_MAX: usize = 64;
/// Alerts read from the trail at once.
const READ_LEN_MAX: usize = 200;
/// How often a silent stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long one stream lasts; the browser comes again by itself, and is asked again who it is.
const LIFE_MAX: Duration = Duration::from_secs(15 * 60);

/// Streams alerts as server-sent events.
///
/// `event: alert`, `id:` its position, `data:` the item. `Last-Event-ID` resumes from the trail
/// without loss. `event: behind` tells a client that was too slow; the stream then ends, and a
/// client that comes again with its `Last-Event-ID` misses nothing. Comments keep the connection
/// alive.
#[utoipa::path(get, path = "/v1/feed", tag = "alerts",
    params(("Last-Event-ID" = Option<String>, Header, description = "Resume after this position")),
    responses(
        (status = 200, body = AlertItem, content_type = "text/event-stream"),
        (status = "4XX", body = ProblemBody),
    ))]
pub async fn stream(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|text| !text.is_empty()).map(position).transpose()?;
    let seat = app.feed().listen();
    let seat = seat.ok_or_else(|| Problem::busy("too many are listening to the feed", 10))?;
    let (out, events) = mpsc::channel(WAITING_LEN_MAX);
    let stop = app.stop().clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::time::timeout(LIFE_MAX, tell(app, last, seat, &out)) => {}
            () = stop.cancelled() => {}
            () = out.closed() => {}
        }
    });
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("alive");
    let stream = Sse::new(ReceiverStream::new(events)).keep_alive(keep_alive);
    // Buffering proxies would hold alerts back.
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}

type Out = mpsc::Sender<Result<Event, Infallible>>;

async fn tell(app: App, last: Option<AlertPosition>, mut seat: Seat, out: &Out) {
    // The first bytes tell the browser that it is connected.
    if out.send(Ok(Event::default().comment("connected"))).await.is_err() {
        return;
    }
    let Some(mut last) = catch_up(&app, last, out).await else { return };
    loop {
        let event = match seat.live.recv().await {
            Ok(told) if last.is_some_and(|last| told.position <= last) => continue,
            Ok(told) => {
                last = Some(told.position);
                alert(&told)
            }
            Err(RecvError::Lagged(missed)) => {
                let data = format!("{{\"missed\":\"{missed}\"}}");
                let _ = out.send(Ok(Event::default().event("behind").data(data))).await;
                return;
            }
            Err(RecvError::Closed) => return,
        };
        if out.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

/// Tells what happened since `last`, from the trail. Returns what was told last, or nothing if the
/// stream has to end.
async fn catch_up(
    app: &App,
    mut last: Option<AlertPosition>,
    out: &Out,
) -> Option<Option<AlertPosition>> {
    while let Some(after) = last {
        let items = app.ask(move |view| view.alerts_after(after, READ_LEN_MAX)).await.ok()?;
        let full = items.len() >= READ_LEN_MAX;
        for item in items {
            last = Some(item.position);
            let json = serde_json::to_string(&AlertItem::from(item)).ok()?;
            let told = Told { position: last?, json: json.into() };
            out.send(Ok(alert(&told))).await.ok()?;
        }
        if !full {
            break;
        }
    }
    Some(last)
}

fn alert(told: &Told) -> Event {
    Event::default().event("alert").id(told.position.to_string()).data(&told.json)
}
