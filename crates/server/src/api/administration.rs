//! `/v1/administration`: what was done to Sockeye itself, and by whom.

use axum::extract::State;
use control::evidence::Administration;
use serde::Serialize;
use store::Placed;
use utoipa::ToSchema;

use super::extract::{Json, Query};
use super::findings::CursorQuery;
use super::problem::{Problem, ProblemBody};
use super::shape::{Moment, Page, limit};
use crate::App;

/// Something done to Sockeye itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdministrationItem {
    /// Its place in the trail.
    pub position: String,
    /// When.
    pub time: Moment,
    /// The person or token.
    pub actor: String,
    /// `sign_in`, `token_created` …
    pub act: String,
    /// What it was done to.
    pub object: String,
    /// More, for a person.
    pub detail: String,
}

/// Lists what was done to Sockeye itself, newest first.
#[utoipa::path(get, path = "/v1/administration", tag = "administration", params(CursorQuery),
    responses(
        (status = 200, body = Page<AdministrationItem>),
        (status = "4XX", body = ProblemBody),
    ))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<CursorQuery>,
) -> Result<Json<Page<AdministrationItem>>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(str::parse::<trail::Position>).transpose();
    let before = before.map_err(|error| Problem::bad_request(error.to_string()))?;
    let page = app.ask(move |view| view.administration(before, limit)).await?;
    Ok(Json(Page::from(page)))
}

impl From<Placed<Administration>> for AdministrationItem {
    fn from(placed: Placed<Administration>) -> AdministrationItem {
        AdministrationItem {
            position: placed.position.to_string(),
            time: placed.entry.time.into(),
            actor: placed.entry.actor,
            act: placed.entry.act,
            object: placed.entry.object,
            detail: placed.entry.detail,
        }
    }
}
