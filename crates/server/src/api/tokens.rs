//! `/v1/tokens`: secrets for programs, each with scopes.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use super::shape::Moment;
use crate::App;
use crate::guard::Caller;
use crate::private::{Scope, Token};

/// Characters of a token's name.
const NAME_LEN_MAX: usize = 100;
/// Tokens that may exist at the same time.
const TOKENS_LEN_MAX: usize = 1000;

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

impl From<Token> for TokenItem {
    fn from(token: Token) -> TokenItem {
        TokenItem {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            created: token.created.into(),
            created_by: token.created_by,
            last_used: token.last_used.map(Moment),
        }
    }
}

/// Lists tokens, without their secrets.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens",
    responses((status = 200, body = Tokens), (status = "4XX", body = ProblemBody)))]
pub async fn list(State(app): State<App>) -> Result<Json<Tokens>, Problem> {
    let tokens = app.privately(|private| private.tokens()).await?;
    Ok(Json(Tokens { items: tokens.into_iter().map(TokenItem::from).collect() }))
}

/// Makes a token; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 201, body = TokenCreated), (status = "4XX", body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<TokenCreated>), Problem> {
    let name = checked_name(&request)?;
    let (actor, now) = (caller.actor(), app.clock().now());
    app.door().state().check()?;
    let made = app
        .privately({
            let (name, scopes, actor) = (name.clone(), request.scopes, actor.clone());
            move |private| {
                if private.tokens()?.len() >= TOKENS_LEN_MAX {
                    return Ok(None);
                }
                private.make_token(&name, &scopes, &actor, now).map(Some)
            }
        })
        .await?
        .ok_or_else(|| Problem::conflict("there are too many tokens; revoke some"))?;
    let scopes: Vec<_> = made.token.scopes.iter().map(|scope| scope.name()).collect();
    let detail = format!("`{name}`, may {}", scopes.join(", "));
    if let Err(problem) = app.note(&actor, "token_created", &made.token.id, detail).await {
        // A token that the trail does not know must not exist.
        let id = made.token.id;
        app.privately(move |private| private.revoke_token(&id)).await?;
        return Err(problem);
    }
    let secret = made.bearer.reveal().to_owned();
    Ok((StatusCode::CREATED, Json(TokenCreated { item: made.token.into(), secret })))
}

/// Revokes a token at once.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Public id of the token")),
    responses((status = 204, description = "Revoked"), (status = "4XX", body = ProblemBody)))]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let revoked = {
        let id = id.clone();
        app.privately(move |private| private.revoke_token(&id)).await?
    };
    let token = revoked.ok_or_else(|| Problem::not_found(format!("there is no token `{id}`")))?;
    app.note(&caller.actor(), "token_revoked", &id, format!("`{}`", token.name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked_name(request: &TokenRequest) -> Result<String, Problem> {
    let name = request.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LEN_MAX {
        return Err(Problem::bad_request(format!(
            "a token needs a name of 1 to {NAME_LEN_MAX} characters"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Problem::bad_request("a token's name must not hold control characters"));
    }
    if request.scopes.is_empty() {
        return Err(Problem::bad_request("a token needs at least one scope")
            .hint("the scopes are read, intake, decide, admin"));
    }
    Ok(name.to_owned())
}
