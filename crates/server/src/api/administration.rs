//! `/v1/administration`: what was done to Sockeye itself, and by whom.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::findings::CursorQuery;
use super::problem::{Problem, ProblemBody};
use super::shape::{Moment, Page};
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
    responses((status = 200, body = Page<AdministrationItem>), (status = "4XX", body = ProblemBody)))]
pub async fn list(
    State(_app): State<App>,
    Query(_query): Query<CursorQuery>,
) -> Result<Json<Page<AdministrationItem>>, Problem> {
    Err(Problem::busy("starting", 1))
}
