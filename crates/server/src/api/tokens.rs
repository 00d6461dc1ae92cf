//! `/v1/tokens`: secrets for programs, each with scopes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Problem, ProblemBody};
use super::shape::Moment;
use crate::App;

/// What a token or session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything but tokens.
    Read,
    /// Deliver records.
    Intake,
    /// Decide about findings.
    Decide,
    /// Create and revoke tokens.
    Admin,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenItem {
    /// Public id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Moment,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used: Option<Moment>,
}

/// A new token with its secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenCreated {
    /// The token.
    #[serde(flatten)]
    pub item: TokenItem,
    /// The bearer secret; it is kept nowhere and cannot be shown again.
    #[schema(example = "sockeye_…")]
    pub secret: String,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// What it may do; at least one.
    pub scopes: Vec<Scope>,
}

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// The tokens, oldest first.
    pub items: Vec<TokenItem>,
}

/// Lists tokens, without their secrets.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens",
    responses((status = 200, body = Tokens), (status = "4XX", body = ProblemBody)))]
pub async fn list(State(_app): State<App>) -> Result<Json<Tokens>, Problem> {
    Err(Problem::busy("starting", 1))
}

/// Makes a token; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 201, body = TokenCreated), (status = "4XX", body = ProblemBody)))]
pub async fn create(
    State(_app): State<App>,
    Json(_request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<TokenCreated>), Problem> {
    Err(Problem::busy("starting", 1))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Public id of the token")),
    responses((status = 204, description = "Revoked"), (status = "4XX", body = ProblemBody)))]
pub async fn revoke(
    State(_app): State<App>,
    Path(_id): Path<String>,
) -> Result<StatusCode, Problem> {
    Err(Problem::busy("starting", 1))
}
