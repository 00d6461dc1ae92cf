//! Keeps pages of other sites out. A name that someone else controls can be made to resolve to this
//! machine (DNS rebinding), so a browser must have asked for a name we know; and what changes
//! something must come from our own page.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use crate::api::Problem;

/// Host names under which this server may be asked for.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// Takes the configured names. Addresses and `localhost` need no naming.
    pub fn new(names: impl IntoIterator<Item = String>) -> Hosts {
        Hosts { names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Refuses a request for a name that is not ours.
    pub fn check(&self, request: &Parts) -> Result<(), Problem> {
        let host = authority(request).unwrap_or_default();
        if self.knows(&host) {
            return Ok(());
        }
        Err(Problem::misdirected(format!("this server is not known as `{host}`"))
            .hint("add the name to `hosts` in the configuration, or use the address"))
    }

    /// Refuses a change that a page of another site could have caused.
    pub fn check_same_origin(&self, request: &Parts) -> Result<(), Problem> {
        let headers = &request.headers;
        let fetched = text(headers, &HeaderName::from_static("sec-fetch-site"));
        let origin = text(headers, &header::ORIGIN);
        let ours = match (fetched, origin) {
            (Some(site), _) if site != "same-origin" => false,
            (_, Some(origin)) => origin
                .split_once("://")
                .is_some_and(|(_, host)| Some(host.to_ascii_lowercase()) == authority(request)),
            (Some(_), None) => true,
            (None, None) => false,
        };
        if ours {
            return Ok(());
        }
        Err(Problem::forbidden("a change with a session must come from the console itself")
            .hint("programs send a bearer token instead of a cookie"))
    }

    fn knows(&self, authority: &str) -> bool {
        let host = without_port(authority);
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address.parse::<IpAddr>().is_ok()
            || self.names.iter().any(|name| name == host)
    }
}

/// Returns host and port as the client asked for them, in lower case.
fn authority(request: &Parts) -> Option<String> {
    let asked = text(&request.headers, &header::HOST).map(str::to_ascii_lowercase);
    asked.or_else(|| request.uri.authority().map(|it| it.as_str().to_ascii_lowercase()))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let mut builder = axum::http::Request::builder().method("POST").uri("/v1/x");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_names_are_served() {
        let hosts = Hosts::new(["Sockeye.example.org".to_owned()]);
        for host in ["localhost:9700", "127.0.0.1:9700", "[::1]:9700", "sockeye.example.org"] {
            assert!(hosts.check(&request(&[("host", host)])).is_ok(), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:9700", "127.0.0.1.evil.example", ""] {
            assert!(hosts.check(&request(&[("host", host)])).is_err(), "{host}");
        }
    }

    #[test]
    fn a_change_must_come_from_our_own_page() {
        let hosts = Hosts::default();
        let ours = [
            vec![("host", "localhost:9700"), ("origin", "http://localhost:9700")],
            vec![("host", "localhost:9700"), ("sec-fetch-site", "same-origin")],
        ];
        for headers in ours {
            assert!(hosts.check_same_origin(&request(&headers)).is_ok(), "{headers:?}");
        }
        let others = [
            vec![("host", "localhost:9700")],
            vec![("host", "localhost:9700"), ("origin", "http://localhost:1234")],
            vec![("host", "localhost:9700"), ("origin", "null")],
            vec![
                ("host", "localhost:9700"),
                ("origin", "http://localhost:9700"),
                ("sec-fetch-site", "same-site"),
            ],
        ];
        for headers in others {
            assert!(hosts.check_same_origin(&request(&headers)).is_err(), "{headers:?}");
        }
    }
}
