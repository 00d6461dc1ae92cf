//! Who may do what: every request passes here before a handler sees it.

mod caller;
mod headers;
mod origin;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use caller::{Caller, Kind, session_cookie};
pub use headers::{Transport, secure};
pub use origin::Hosts;

use crate::App;
use crate::api::Problem;
use crate::private::Scope;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Anyone may come.
    Nothing,
    /// Someone must be known.
    Someone,
    /// The caller must hold this scope.
    Scope(Scope),
}

/// The one table of what a route needs. Whatever is not named here and lies below `/v1/` needs
/// [`Scope::Read`], so a new route is closed until someone opens it.
fn needs(method: &Method, path: &str) -> Needs {
    match path {
        "/healthz" | "/readyz" | "/signin" | "/openapi.json" => Needs::Nothing,
        "/k8s-audit" => Needs::Scope(Scope::Intake),
        "/v1/me" | "/v1/sign-out" => Needs::Someone,
        "/metrics" => Needs::Scope(Scope::Read),
        _ if path.starts_with("/v1/tokens") => Needs::Scope(Scope::Admin),
        _ if path.starts_with("/v1/") && is_safe(method) => Needs::Scope(Scope::Read),
        _ if path.starts_with("/v1/findings/") && path.ends_with("/decisions") => {
            Needs::Scope(Scope::Decide)
        }
        _ if path.starts_with("/v1/") => Needs::Scope(Scope::Admin),
        _ => Needs::Nothing,
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Lets a request through to its handler, with its [`Caller`], or refuses it.
pub async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match check(&app, &parts).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn check(app: &App, request: &Parts) -> Result<Option<Caller>, Problem> {
    let needs = needs(&request.method, request.uri.path());
    let bearer = bearer(&request.headers).or_else(|| basic(request));
    let bearer = bearer.as_deref();
    // A page of another site can make a browser send its cookies here, but no bearer token: only
    // requests without one can be such a page's doing.
    if bearer.is_none() {
        app.hosts().check(request)?;
    }
    if needs == Needs::Nothing {
        return Ok(None);
    }
    let cookie = session_cookie(&request.headers);
    let caller = Caller::of(app, bearer, cookie).await?.ok_or_else(Problem::unauthenticated)?;
    if caller.kind == Kind::Session && !is_safe(&request.method) {
        app.hosts().check_same_origin(request)?;
    }
    match needs {
        Needs::Scope(scope) if !caller.scopes.contains(&scope) => Err(lacks(&caller, scope)),
        _ => Ok(Some(caller)),
    }
}

fn lacks(caller: &Caller, scope: Scope) -> Problem {
    let problem = Problem::forbidden(format!("this needs the scope `{}`", scope.name()));
    match (caller.kind, scope) {
        (Kind::Session, Scope::Decide) => problem.hint(
            "the sign-in link named nobody; restart with `--admin-name NAME`, a decision needs a \
             named person",
        ),
        (Kind::Session, _) => problem.hint("a session cannot do this; use a token"),
        (Kind::Token, _) => problem.hint("use a token that has it; `POST /v1/tokens` makes one"),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    credentials(headers, "bearer").map(str::to_owned)
}

/// Returns the password of Basic credentials, at the webhook only. The API server drops the token
/// of its webhook configuration when the address is plain `http:`, as on the loopback, but sends
/// what stands in the address itself: `http://audit:TOKEN@127.0.0.1:9700/k8s-audit`.
fn basic(request: &Parts) -> Option<String> {
    if request.uri.path() != "/k8s-audit" {
        return None;
    }
    let encoded = credentials(&request.headers, "basic")?;
    let plain = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    plain.split_once(':').map(|(_, token)| token.to_owned())
}

fn credentials<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[(&str, &str)], expected: expect_test::Expect) {
        let text: Vec<_> = lines
            .iter()
            .map(|(method, path)| {
                let needs = needs(&method.parse().unwrap(), path);
                format!("{method} {path}: {needs:?}\n")
            })
            .collect();
        expected.assert_eq(&text.concat());
    }

    #[test]
    fn each_route_needs_what_it_does() {
        check(
            &[
                ("GET", "/"),
                ("GET", "/healthz"),
                ("POST", "/k8s-audit"),
                ("GET", "/v1/me"),
                ("GET", "/v1/findings"),
                ("POST", "/v1/findings/00/decisions"),
                ("GET", "/v1/tokens"),
                ("DELETE", "/v1/tokens/ab"),
                ("GET", "/v1/not-yet-thought-of"),
                ("POST", "/v1/not-yet-thought-of"),
                ("GET", "/metrics"),
            ],
            expect_test::expect![[r#"
                GET /: Nothing
                GET /healthz: Nothing
                POST /k8s-audit: Scope(Intake)
                GET /v1/me: Someone
                GET /v1/findings: Scope(Read)
                POST /v1/findings/00/decisions: Scope(Decide)
                GET /v1/tokens: Scope(Admin)
                DELETE /v1/tokens/ab: Scope(Admin)
                GET /v1/not-yet-thought-of: Scope(Read)
                POST /v1/not-yet-thought-of: Scope(Admin)
                GET /metrics: Scope(Read)
            "#]],
        );
    }
}
