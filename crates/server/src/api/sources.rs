//! `/v1/sources`: what delivers, since when, and where it was silent.

mod sensor;

use axum::extract::State;
use axum::http::StatusCode;
use control::coverage::{SourceCoverage, of_sources};
use control::evidence::{Canary, Rejected, SourceStatus};
use control::facts::{Facts, Totals, Watch};
use event::{Period, Time};
use serde::{Deserialize, Serialize};
use store::{Placed, View};
use utoipa::{IntoParams, ToSchema};

use super::controls::Gap;
use super::extract::{Json, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment, Page, Span, limit};
use crate::App;
use crate::guard::Caller;
use crate::node::NodeState;
use crate::own_node::SOURCE;
use crate::private::Node;

pub use sensor::{CanaryItem, SensorItem};

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
    /// How it watched in that minute, if it is a node.
    pub sensor: Option<SensorItem>,
    /// The newest canary of each family of rules.
    pub canaries: Vec<CanaryItem>,
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

/// A record that was refused, and where the trail has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedItem {
    /// Its place in the trail.
    pub position: String,
    /// Source name.
    pub source: String,
    /// Which instance; absent in entries of before it was told.
    pub instance: Option<String>,
    /// When it came.
    pub received: Moment,
    /// What was wrong.
    pub reason: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: Count,
    /// Its first bytes, at most 512; what is no UTF-8 is replaced.
    pub excerpt: String,
}

/// Which refused records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RejectedQuery {
    /// Source name.
    pub source: String,
    /// Only of this instance.
    pub instance: Option<String>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// What a source instance did in one minute.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceMinute {
    /// Place in the trail of the status entry.
    pub position: String,
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

/// An instance to be taken out of service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetirementRequest {
    /// Source name.
    pub source: String,
    /// Which instance.
    pub instance: String,
    /// Why; required.
    pub reason: String,
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

/// Longest span for which minutes are listed.
const MINUTES_SPAN_MAX: i64 = 7 * 24 * 60 * Time::MINUTE;
impl SourceItem {
    /// One that told of nothing yet: so far all of the period is a gap.
    fn new(
        source: String,
        instance: String,
        state: SourceState,
        reason: Option<String>,
        period: Period,
    ) -> SourceItem {
        let gap = Gap {
            subject: format!("{source}/{instance}"),
            from: period.from.into(),
            until: period.until.into(),
            reason: "no status yet: each is of a whole minute".to_owned(),
        };
        SourceItem {
            source,
            instance,
            state,
            reason,
            last: None,
            sensor: None,
            canaries: Vec::new(),
            totals: SourceTotals::default(),
            gaps: vec![gap],
        }
    }
}

/// Longest span for which gaps and totals are told.
const SPAN_MAX: i64 = 400 * 24 * 60 * Time::MINUTE;
/// A source that took records this long ago still counts as receiving.
const RECENT: i64 = 3 * Time::MINUTE;

/// Lists source instances with state, last status, totals and gaps.
#[utoipa::path(get, path = "/v1/sources", tag = "sources", params(Span),
    responses((status = 200, body = Sources), (status = "4XX", body = ProblemBody)))]
pub async fn list(
    State(app): State<App>,
    Query(span): Query<Span>,
) -> Result<Json<Sources>, Problem> {
    let now = app.clock().now();
    let period = bounded(span.period(now)?, SPAN_MAX)?;
    let (known, watched, coverages) = app.ask(move |view| watched(view, period, now)).await?;
    let nodes = app.privately(|private| private.nodes()).await?;
    let mut canaries = app.ask(View::canaries).await?;
    let mut items: Vec<_> = known
        .into_iter()
        .map(|one| {
            let is_it =
                |source: &str, instance: &str| source == one.source && instance == one.instance;
            let totals = watched.iter().find(|it| is_it(&it.source, &it.instance));
            let coverage = coverages.iter().find(|it| is_it(&it.source, &it.instance));
            let (state, reason) =
                state(&app, &nodes, &one.source, &one.instance, Some(&one.last.entry), now);
            SourceItem {
                state,
                reason,
                sensor: one.last.entry.sensor.as_deref().map(SensorItem::from),
                canaries: canaries
                    .extract_if(.., |canary| is_it(&canary.entry.source, &canary.entry.instance))
                    .map(CanaryItem::from)
                    .collect(),
                last: Some(one.last.into()),
                totals: totals.map(|it| it.totals.into()).unwrap_or_default(),
                gaps: coverage
                    .map(|it| it.coverage.gaps.iter().map(Gap::from).collect())
                    .unwrap_or_default(),
                source: one.source,
                instance: one.instance,
            }
        })
        .collect();
    // One that has not lived through its first minute is in no status yet.
    let own = app.own_watch().name().map(|node| (SOURCE.to_owned(), node));
    let live = app.instances().iter().map(|it| (it.source().to_owned(), it.name().to_owned()));
    for (source, instance) in live.chain(own).collect::<Vec<_>>() {
        if !items.iter().any(|it| it.source == source && it.instance == instance) {
            let (state, reason) = state(&app, &nodes, &source, &instance, None, now);
            let is_its = |canary: &mut Placed<Canary>| {
                canary.entry.source == source && canary.entry.instance == instance
            };
            let of_it = canaries.extract_if(.., is_its).map(CanaryItem::from).collect();
            let item = SourceItem::new(source, instance, state, reason, period);
            items.push(SourceItem { canaries: of_it, ..item });
        }
    }
    Ok(Json(Sources { from: period.from.into(), until: period.until.into(), items }))
}

/// Takes an instance out of service for good, in the name of whoever is signed in: from then on its
/// silence is no gap. One that reports again is in service again.
#[utoipa::path(post, path = "/v1/sources/retirements", tag = "sources",
    request_body = RetirementRequest,
    responses((status = 204, description = "Retired"), (status = "4XX", body = ProblemBody)))]
pub async fn retire(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<RetirementRequest>,
) -> Result<StatusCode, Problem> {
    let actor = caller.actor();
    if !finding::is_person(&actor) {
        return Err(Problem::forbidden("only a named person takes a source out of service"));
    }
    let reason = request.reason.trim();
    if reason.is_empty() || reason.len() > finding::REASON_BYTES_MAX {
        return Err(Problem::bad_request("a reason is required; say why in your own words"));
    }
    let is_it =
        |source: &str, instance: &str| source == request.source && instance == request.instance;
    let own = app.own_watch().name().is_some_and(|node| is_it(SOURCE, &node));
    if own || app.instances().iter().any(|live| is_it(live.source(), live.name())) {
        return Err(Problem::conflict("this source is configured; take it out there first"));
    }
    let now = app.clock().now();
    let known = app.ask(move |view| view.sources(now)).await?;
    if !known.iter().any(|one| is_it(&one.source, &one.instance)) {
        return Err(Problem::not_found("there is no such source"));
    }
    let object = format!("{}/{}", request.source, request.instance);
    app.note(&actor, "source_retired", &object, reason.to_owned()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists status entries, one a minute and instance; at most seven days at once.
#[utoipa::path(get, path = "/v1/sources/minutes", tag = "sources", params(Span),
    responses((status = 200, body = SourceMinutes), (status = "4XX", body = ProblemBody)))]
pub async fn minutes(
    State(app): State<App>,
    Query(span): Query<Span>,
) -> Result<Json<SourceMinutes>, Problem> {
    let period = bounded(span.period(app.clock().now())?, MINUTES_SPAN_MAX)?;
    let statuses = app.ask(move |view| view.minutes(period)).await?;
    let mut items: Vec<_> = statuses.into_iter().map(SourceMinute::from).collect();
    items.sort_by_key(|minute| minute.minute.0);
    Ok(Json(SourceMinutes { from: period.from.into(), until: period.until.into(), items }))
}

/// Lists the records of a source that were refused, newest first. A source keeps up to 600 a
/// minute with reason and first bytes; what is beyond that is only counted. A page may hold fewer
/// than asked for and still have a next one.
#[utoipa::path(get, path = "/v1/sources/rejected", tag = "sources", params(RejectedQuery),
    responses((status = 200, body = Page<RejectedItem>), (status = "4XX", body = ProblemBody)))]
pub async fn rejected(
    State(app): State<App>,
    Query(query): Query<RejectedQuery>,
) -> Result<Json<Page<RejectedItem>>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(str::parse::<trail::Position>).transpose();
    let before = before.map_err(|error| Problem::bad_request(error.to_string()))?;
    let page =
        app.ask(move |view| view.rejected(&query.source, query.instance.as_deref(), before, limit));
    Ok(Json(Page::from(page.await?)))
}

fn bounded(period: Period, max: i64) -> Result<Period, Problem> {
    if period.until.0.saturating_sub(period.from.0) <= max {
        return Ok(period);
    }
    let days = max / (24 * 60 * Time::MINUTE);
    Err(Problem::bad_request(format!("the span is longer than {days} days")))
}

type Watched = (Vec<store::SourceItem>, Vec<control::facts::SourceFacts>, Vec<SourceCoverage>);

/// Gathers what the sources did in a period, the same way as judging does.
fn watched(view: &View, period: Period, now: Time) -> Result<Watched, store::Error> {
    let known = view.sources(now)?;
    let mut watch = Watch::new(period);
    for one in &known {
        watch.known(&one.source, &one.instance, one.since);
    }
    for status in view.minutes(period)? {
        watch.see(&status.entry);
    }
    for (hole, position) in view.holes(period)? {
        watch.miss(&hole, &position);
    }
    let facts = Facts {
        period,
        as_of: now,
        sources: watch.finish(),
        rule_sets: Vec::new(),
        cases: Vec::new(),
        acts: Vec::new(),
        alerts: Vec::new(),
        canaries: Vec::new(),
        left_out: 0,
    };
    let coverages = of_sources(&facts);
    Ok((known, facts.sources, coverages))
}

fn state(
    app: &App,
    nodes: &[Node],
    source: &str,
    instance: &str,
    last: Option<&SourceStatus>,
    now: Time,
) -> (SourceState, Option<String>) {
    let is_it = |it: &&std::sync::Arc<crate::intake::Instance>| {
        it.source() == source && it.name() == instance
    };
    let recent = |status: &SourceStatus| {
        status.records > 0 && status.minute.plus(Time::MINUTE + RECENT) > now
    };
    if source == SOURCE {
        match app.own_watch().of(instance) {
            // Calls are made all the time; before its first minute is over nobody has counted them.
            Some(Ok(since)) => {
                let begins = |status: &SourceStatus| {
                    status.sensor.as_ref().is_some_and(|sensor| sensor.begins())
                };
                let told = last.filter(|status| status.minute >= since.minute() && !begins(status));
                let receiving = told.is_none_or(recent);
                let state = if receiving { SourceState::Receiving } else { SourceState::Idle };
                return (state, None);
            }
            Some(Err(why)) => return (SourceState::Disconnected, Some(why)),
            None => {}
        }
    }
    let Some(live) = app.instances().iter().find(is_it) else {
        let is_node = |node: &&Node| source == SOURCE && node.name == instance;
        if let Some(node) = nodes.iter().find(is_node) {
            let heard = match last.is_some_and(recent) {
                true => SourceState::Receiving,
                false => SourceState::Idle,
            };
            return of_node(node, heard, now);
        }
        return (SourceState::Gone, Some("it is not configured any more".to_owned()));
    };
    if let Some(reason) = live.down() {
        return (SourceState::Disconnected, Some(reason));
    }
    let receiving = live.records_in_minute() > 0 || last.is_some_and(recent);
    let state = if receiving { SourceState::Receiving } else { SourceState::Idle };
    (state, None)
}

/// Says whether a node that ships here is heard, and is then in the state `heard`.
fn of_node(node: &Node, heard: SourceState, now: Time) -> (SourceState, Option<String>) {
    match NodeState::of(node, now) {
        NodeState::Connected => (heard, None),
        NodeState::Silent | NodeState::Invited => {
            let since = node.seen.map_or("never".to_owned(), |seen| format!("at {seen}"));
            (SourceState::Disconnected, Some(format!("its agent was last heard {since}")))
        }
        NodeState::Revoked => (SourceState::Gone, Some("it was shut out".to_owned())),
    }
}

impl From<Placed<Rejected>> for RejectedItem {
    fn from(placed: Placed<Rejected>) -> RejectedItem {
        let rejected = placed.entry;
        RejectedItem {
            position: placed.position.to_string(),
            source: rejected.source,
            instance: rejected.instance,
            received: rejected.received.into(),
            reason: rejected.reason,
            sha256: rejected.sha256,
            bytes: rejected.bytes.into(),
            excerpt: rejected.excerpt,
        }
    }
}

impl From<Placed<SourceStatus>> for SourceMinute {
    fn from(placed: Placed<SourceStatus>) -> SourceMinute {
        let status = placed.entry;
        SourceMinute {
            position: placed.position.to_string(),
            source: status.source,
            instance: status.instance,
            minute: status.minute.into(),
            records: status.records.into(),
            rejected: status.rejected.into(),
            duplicates: status.duplicates.into(),
            lost: status.lost.into(),
            bytes: status.bytes.into(),
            alerts: status.alerts.into(),
            newest: status.newest.map(Moment),
            connected: status.connected,
            reason: status.reason,
        }
    }
}

impl From<Totals> for SourceTotals {
    fn from(totals: Totals) -> SourceTotals {
        SourceTotals {
            records: totals.records.into(),
            rejected: totals.rejected.into(),
            duplicates: totals.duplicates.into(),
            lost: totals.lost.into(),
            bytes: totals.bytes.into(),
            alerts: totals.alerts.into(),
        }
    }
}
