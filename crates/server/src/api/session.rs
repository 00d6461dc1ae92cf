//! `/signin`, `/v1/me`, `/v1/sign-out`: who is there.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Json, Query};
use super::problem::{Problem, ProblemBody};
use super::shape::Moment;
use crate::App;
use crate::guard::{Caller, Kind, Transport, session_cookie};
use crate::private::{SESSION_LIFE_S, Scope, Secret};

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "sockeye_session";

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
    State(app): State<App>,
    method: Method,
    Query(query): Query<SignInQuery>,
) -> Result<Response, Problem> {
    // Whoever only looks whether the link is there must not use it up.
    if method != Method::GET {
        return Err(Problem::method_not_allowed());
    }
    app.door().state().check()?;
    let now = app.clock().now();
    let secret = Secret::presented(&query.token);
    let used = app
        .privately(move |private| {
            let Some(link) = private.use_link(&secret, now)? else { return Ok(None) };
            let session = private.start_session(&link.person, now)?;
            Ok(Some((link, session)))
        })
        .await?;
    let Some((link, session)) = used else {
        return Err(Problem::forbidden("this sign-in link was used before or is too old")
            .hint("`sockeye serve --sign-in-link` prints a new one"));
    };
    let actor = if link.person.is_empty() { "system:unnamed" } else { &link.person };
    let detail = format!("by a one-time link that `{}` made at {}", link.made_by, link.created);
    if let Err(problem) = app.note(actor, "sign_in", &link.person, detail).await {
        app.privately(move |private| private.end_session(&session)).await?;
        return Err(problem);
    }
    let mut response = Redirect::to("/").into_response();
    set_cookie(&mut response, &app, session.reveal(), SESSION_LIFE_S);
    Ok(response)
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/v1/me", tag = "session",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemBody)))]
pub async fn me(State(app): State<App>, caller: Caller) -> Json<Me> {
    Json(Me {
        name: caller.name,
        kind: match caller.kind {
            Kind::Session => "session",
            Kind::Token => "token",
        },
        scopes: caller.scopes,
        expires: caller.expires.map(Moment),
        environment: app.environment().to_owned(),
    })
}

/// Ends the session.
#[utoipa::path(post, path = "/v1/sign-out", tag = "session", responses(
    (status = 204, description = "Signed out"),
    (status = "4XX", body = ProblemBody),
))]
pub async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let session = session_cookie(&headers).filter(|_| caller.kind == Kind::Session);
    let session = session.ok_or_else(|| Problem::bad_request("a token has no session to end"))?;
    app.privately(move |private| private.end_session(&session)).await?;
    app.note(&caller.actor(), "sign_out", &caller.name, String::new()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &app, "", 0);
    Ok(response)
}

fn set_cookie(response: &mut Response, app: &App, value: &str, life_s: i64) {
    let secure = match app.transport() {
        Transport::Tls => "; Secure",
        Transport::Plain => "",
    };
    let cookie = format!(
        "{SESSION_COOKIE}={value}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}"
    );
    // The value is base64 in the URL alphabet, which is valid in a header.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
