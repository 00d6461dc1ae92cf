//! `/v1/activity`: what happened on nodes without any rule, and the interactive sessions in it.

mod shapes;

use axum::extract::State;
use control::evidence::{Kind, SessionId};
use serde::{Deserialize, Serialize};
use store::{ActivityFilter, ActivityPosition, Order, SessionFilter};
use utoipa::{IntoParams, ToSchema};

use super::alerts::AlertItem;
use super::extract::{Json, Path, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::{Moment, Page, limit};
use crate::App;

pub use shapes::{ActivityItem, ActivityKind, ActivitySession, InterruptionItem};

/// Alerts that are shown with a session.
const ALERT_COUNT_MAX: usize = 200;

/// Which activity.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only of this kind.
    #[param(value_type = Option<ActivityKind>)]
    pub kind: Option<Kind>,
    /// Only with this text in command, path or address, in any case.
    pub text: Option<String>,
    /// Only on this node.
    pub node: Option<String>,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only in this pod.
    pub pod: Option<String>,
    /// Only in this container: its id, or the first twelve letters of it.
    pub container: Option<String>,
    /// Only by this user, or whoever logged in as this user: a name or a number.
    pub user: Option<String>,
    /// Only in this interactive session.
    pub session: Option<String>,
    /// Not before.
    #[param(inline)]
    pub from: Option<Moment>,
    /// Before.
    #[param(inline)]
    pub until: Option<Moment>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Which sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// Only on this node.
    pub node: Option<String>,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only in this pod.
    pub pod: Option<String>,
    /// Only in this container: its id, or the first twelve letters of it.
    pub container: Option<String>,
    /// Only by this user, or whoever logged in as this user: a name or a number.
    pub user: Option<String>,
    /// Only those under way then or later.
    #[param(inline)]
    pub from: Option<Moment>,
    /// Only those that began before.
    #[param(inline)]
    pub until: Option<Moment>,
    /// At most so many, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Which part of a session.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartQuery {
    /// At most so many items, 1 to 500; 100 by default.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A session with what was done in it and what alerted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivitySessionDetail {
    /// The session.
    #[serde(flatten)]
    pub session: ActivitySession,
    /// What was done, oldest first.
    pub activity: Page<ActivityItem>,
    /// Alerts that its system calls raised, oldest first, at most 200.
    pub alerts: Vec<AlertItem>,
    /// When its node was not watched while it lasted, newest first, at most 100.
    pub interruptions: Vec<InterruptionItem>,
}

/// One page of activity, and when none could be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityPage {
    /// What was done, newest first.
    pub items: Vec<ActivityItem>,
    /// Cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When nodes were not watched between `from` and `until`, newest first, at most 100.
    pub interruptions: Vec<InterruptionItem>,
}

/// Lists what happened, newest first.
#[utoipa::path(get, path = "/v1/activity", tag = "activity", params(ActivityQuery), responses(
    (status = 200, body = ActivityPage),
    (status = "4XX", body = ProblemBody),
))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<ActivityQuery>,
) -> Result<Json<ActivityPage>, Problem> {
    let limit = limit(query.limit)?;
    let behind = query.cursor.as_deref().map(position).transpose()?;
    let filter = ActivityFilter {
        node: query.node,
        namespace: query.namespace,
        pod: query.pod,
        container: query.container,
        user: query.user,
        session: query.session.as_deref().map(session_id).transpose()?,
        kind: query.kind.into_iter().collect(),
        text: query.text,
        from: query.from.map(|moment| moment.0),
        until: query.until.map(|moment| moment.0),
    };
    let (page, missing) = app
        .ask(move |view| {
            let page = view.activity(&filter, Order::NewestFirst, behind, limit)?;
            let missing = view.interruptions(filter.node.as_deref(), filter.from, filter.until)?;
            Ok((page, missing))
        })
        .await?;
    Ok(Json(ActivityPage {
        items: page.items.into_iter().map(ActivityItem::from).collect(),
        next: page.next,
        interruptions: missing.into_iter().map(InterruptionItem::from).collect(),
    }))
}

/// Lists interactive sessions, the latest begun first.
#[utoipa::path(get, path = "/v1/activity/sessions", tag = "activity", params(SessionQuery),
    responses((status = 200, body = Page<ActivitySession>), (status = "4XX", body = ProblemBody)))]
pub async fn sessions(
    State(app): State<App>,
    Query(query): Query<SessionQuery>,
) -> Result<Json<Page<ActivitySession>>, Problem> {
    let limit = limit(query.limit)?;
    let filter = SessionFilter {
        node: query.node,
        namespace: query.namespace,
        pod: query.pod,
        container: query.container,
        user: query.user,
        from: query.from.map(|moment| moment.0),
        until: query.until.map(|moment| moment.0),
    };
    let cursor = query.cursor;
    let page = app.ask(move |view| view.sessions(&filter, cursor.as_deref(), limit)).await?;
    Ok(Json(Page::from(page)))
}

/// Shows one session: who, where, every command in order, and what alerted in it.
#[utoipa::path(get, path = "/v1/activity/sessions/{id}", tag = "activity",
    params(("id" = String, Path, description = "Id of the session"), PartQuery),
    responses((status = 200, body = ActivitySessionDetail), (status = "4XX", body = ProblemBody)))]
pub async fn session(
    State(app): State<App>,
    Path(asked): Path<String>,
    Query(query): Query<PartQuery>,
) -> Result<Json<ActivitySessionDetail>, Problem> {
    let limit = limit(query.limit)?;
    let behind = query.cursor.as_deref().map(position).transpose()?;
    let id = session_id(&asked)?;
    let found = app.ask(move |view| {
        let Some(session) = view.session(&id)? else { return Ok(None) };
        let filter = ActivityFilter { session: Some(id), ..ActivityFilter::default() };
        let mut page = view.activity(&filter, Order::OldestFirst, behind, limit)?;
        // Connections are summed up over minutes, and stand behind what came after them.
        page.items.sort_by_key(|item| item.first);
        let alerts = view.session_alerts(&session, ALERT_COUNT_MAX)?;
        let (node, began) = (Some(&*session.node), Some(session.began));
        let missing = view.interruptions(node, began, session.ended)?;
        Ok(Some((session, page, alerts, missing)))
    });
    let (session, page, alerts, missing) =
        found.await?.ok_or_else(|| Problem::not_found(format!("there is no session `{asked}`")))?;
    Ok(Json(ActivitySessionDetail {
        session: session.into(),
        activity: Page::from(page),
        alerts: alerts.into_iter().map(AlertItem::from).collect(),
        interruptions: missing.into_iter().map(InterruptionItem::from).collect(),
    }))
}

fn position(text: &str) -> Result<ActivityPosition, Problem> {
    text.parse().map_err(|_| {
        Problem::bad_request(format!("`{text}` is no cursor of this list"))
            .hint("give `next` of the page before")
    })
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    text.parse().map_err(|_| {
        Problem::bad_request(format!("`{text}` names no session"))
            .hint("`session` of an item of activity does")
    })
}
