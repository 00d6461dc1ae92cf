//! Who is asking: a person with a session, or a program with a token.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use event::Time;

use crate::App;
use crate::api::{Problem, SESSION_COOKIE};
use crate::private::{Scope, Secret};

/// Someone who is known.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The named person, or the token's name.
    pub name: String,
    /// Which of the two.
    pub kind: Kind,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// When a session ends.
    pub expires: Option<Time>,
}

/// How someone is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person, by a session cookie.
    Session,
    /// A program, by a bearer token.
    Token,
}

impl Caller {
    /// Finds out who presents this. A bearer token that is wrong is not made good by a cookie.
    pub async fn of(
        app: &App,
        bearer: Option<&str>,
        cookie: Option<Secret>,
    ) -> Result<Option<Caller>, Problem> {
        let now = app.clock().now();
        let private = app.private().clone();
        let bearer = bearer.map(str::to_owned);
        let found = tokio::task::spawn_blocking(move || match (bearer, cookie) {
            (Some(bearer), _) => Ok(private.token(&bearer, now)?.map(|token| Caller {
                name: token.name,
                kind: Kind::Token,
                scopes: token.scopes,
                expires: None,
            })),
            (None, Some(cookie)) => Ok(private.session(&cookie, now)?.map(|session| Caller {
                scopes: scopes_of(&session.person),
                name: session.person,
                kind: Kind::Session,
                expires: Some(session.expires),
            })),
            (None, None) => Ok::<_, crate::private::Error>(None),
        });
        found.await.map_err(Problem::internal)?.map_err(Problem::internal)
    }

    /// Returns how the trail names this caller. A program can never pass for a person.
    pub fn actor(&self) -> String {
        match self.kind {
            Kind::Session => self.name.clone(),
            Kind::Token => format!("token:{}", self.name),
        }
    }
}

/// A session of nobody in particular may look and administer, but its decisions would be no
/// evidence.
fn scopes_of(person: &str) -> Vec<Scope> {
    match finding::is_person(person) {
        true => vec![Scope::Read, Scope::Decide, Scope::Admin],
        false => vec![Scope::Read, Scope::Admin],
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

/// Returns the session secret that a browser sent.
pub fn session_cookie(headers: &HeaderMap) -> Option<Secret> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|one| one.split_once('='));
    cookies
        .find(|(name, _)| name.trim() == SESSION_COOKIE)
        .map(|(_, value)| Secret::presented(value.trim()))
}
