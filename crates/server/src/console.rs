//! The console: files built from `web/`, embedded here; a placeholder page where they were not
//! built. Every path that is no file shows the console's first page, which finds its own way.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use rust_embed::{Embed, EmbeddedFile};

use crate::api::Problem;

#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

const UNKNOWN: &str = "application/octet-stream";
const PLACEHOLDER: &str = include_str!("placeholder.html");

/// Tells whether the console was built into this program.
pub fn is_built() -> bool {
    Files::get("index.html").is_some()
}

/// Answers whatever no route took.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/v1/") || path == "/v1" {
        return Problem::not_found(format!("there is no `{path}` in this API"))
            .hint("`/openapi.json` describes all there is")
            .into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::method_not_allowed().into_response();
    }
    let name = path.trim_start_matches('/');
    match Files::get(name) {
        Some(file) if !name.is_empty() => answer(request.headers(), name, file),
        // A missing script answered with a page would be run as one. Pages may have dots in their
        // names too: `/feed/12.3.0`, `/criteria/CC6.1`.
        _ if content_type(name) != UNKNOWN => {
            Problem::not_found(format!("there is no `{path}`")).into_response()
        }
        _ => match Files::get("index.html") {
            Some(file) => answer(request.headers(), "index.html", file),
            None => page(PLACEHOLDER),
        },
    }
}

fn page(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

fn answer(headers: &HeaderMap, name: &str, file: EmbeddedFile) -> Response {
    let etag = etag(&file.metadata.sha256_hash());
    let asked = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = asked.is_some_and(|list| list.split(',').any(|one| matches(one.trim(), &etag)));
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => match file.data {
            Cow::Borrowed(bytes) => bytes.into_response(),
            Cow::Owned(bytes) => bytes.into_response(),
        },
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    // Vite names assets by their content; everything else is asked for again, by its tag.
    let cache = match name.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, value);
    }
    response
}

fn etag(sha256: &[u8; 32]) -> String {
    format!("\"{}\"", HEXLOWER.encode(&sha256[..16]))
}

fn matches(asked: &str, etag: &str) -> bool {
    asked == "*" || asked.trim_start_matches("W/") == etag
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => UNKNOWN,
    }
}
