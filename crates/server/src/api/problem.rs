//! The one error body of the API: `{error: {code, message, hint}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::intake::{RETRY_AFTER_S, Refusal};

/// What went wrong, with a stable code, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The problem.
    pub error: ProblemDetail,
}

/// The problem itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetail {
    /// Stable word for programs, `not_found`.
    #[schema(example = "not_found")]
    pub code: &'static str,
    /// What happened, for a person.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A refusal on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Option<String>,
    retry_after_s: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status, code, message: message.into(), hint: None, retry_after_s: None }
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "no session and no valid token")
            .hint("open the sign-in link that `sockeye serve` prints, or send a bearer token")
    }

    /// The caller is known and may not do this.
    pub fn forbidden(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// The path is known, the method is not.
    pub fn method_not_allowed() -> Problem {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this path does not take this method",
        )
    }

    /// The client took too long.
    pub fn timeout(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
    }

    /// The request was meant for another server.
    pub fn misdirected(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", message)
    }

    /// The request is understood and contradicts the state of things.
    pub fn conflict(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The body is of a kind that this route does not take.
    pub fn unsupported_media(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    /// Not now; the caller is told when to come again.
    pub fn busy(message: impl Into<String>, retry_after_s: u32) -> Problem {
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
        problem.retry_after_s = Some(retry_after_s);
        problem
    }

    /// Too much at once; the caller is told when to come again.
    pub fn too_many(message: impl Into<String>, retry_after_s: u32) -> Problem {
        let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message);
        problem.retry_after_s = Some(retry_after_s);
        problem
    }

    /// Something failed on our side; the cause is logged, not told.
    pub fn internal(error: impl std::fmt::Display) -> Problem {
        tracing::error!(%error, "request failed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server could not do this")
            .hint("the server's log has the cause")
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        match &refusal {
            Refusal::Busy => Problem::too_many(refusal.to_string(), RETRY_AFTER_S),
            Refusal::Stopped(_) => Problem::busy(refusal.to_string(), RETRY_AFTER_S)
                .hint("`/v1/status` tells more; what was acknowledged is safe"),
            Refusal::TooLarge(_) => Problem::bad_request(refusal.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let detail = ProblemDetail { code: self.code, message: self.message, hint: self.hint };
        let mut response = (self.status, Json(ProblemBody { error: detail })).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
