//! `/signin`, `/v1/me`, `/v1/sign-out`: who is there.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Problem, ProblemBody};
use super::shape::Moment;
use super::tokens::Scope;
use crate::App;

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The named person, or the token's name.
    pub name: String,
    /// `session` or `token`.
    #[schema(example = "session")]
    pub kind: &'static str,
    /// What may be done.
    pub scopes: Vec<Scope>,
    /// When the session ends; absent for a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
    /// Name of this environment, which keeps a demonstration apart.
    pub environment: String,
}

/// The one-time link's parameter.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SignInQuery {
    /// The one-time token from the link.
    pub token: String,
}

/// Turns a one-time link into a session cookie and goes to the console.
#[utoipa::path(get, path = "/signin", tag = "session", params(SignInQuery), responses(
    (status = 303, description = "Signed in; goes to `/`"),
    (status = "4XX", body = ProblemBody),
), security(()))]
pub async fn sign_in(
    State(_app): State<App>,
    Query(_query): Query<SignInQuery>,
) -> Result<Response, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/v1/me", tag = "session",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemBody)))]
pub async fn me(State(_app): State<App>) -> Result<Json<Me>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Ends the session.
#[utoipa::path(post, path = "/v1/sign-out", tag = "session", responses(
    (status = 204, description = "Signed out"),
    (status = "4XX", body = ProblemBody),
))]
pub async fn sign_out(State(_app): State<App>) -> Result<StatusCode, Problem> {
    Err(Problem::busy("starting", 1))
}
