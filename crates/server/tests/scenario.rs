//! Plays the scenarios in `api/*.yaml` against a real server: a request, the reply, the next one.
//!
//! Each file is a story on a server of its own. `as` is `person` (signed in), `nobody`, or scopes
//! of a token. `body` holds what must be in the reply: of an object its members, of a list each
//! item in order. `keep` takes values out of the reply for `{name}` in later steps.

mod harness;

use std::collections::BTreeMap;

use harness::{Reply, Server};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What this shows.
    shows: String,
    /// Method and path.
    send: String,
    /// Who sends it.
    #[serde(rename = "as", default = "person")]
    who: String,
    /// JSON to send.
    #[serde(default)]
    json: Option<Value>,
    /// Text to send instead.
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Status of the reply.
    reply: u16,
    #[serde(default)]
    body: Option<Value>,
    /// Headers of the reply that must contain this.
    #[serde(default)]
    has: BTreeMap<String, String>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
}

fn person() -> String {
    "person".to_owned()
}

fn play(text: &str) {
    let steps: Vec<Step> = serde_saphyr::from_str(text).unwrap();
    let server = Server::start();
    let mut kept = BTreeMap::new();
    for step in steps {
        let reply = send(&server, &step, &kept);
        let about = format!("{}: {} gave {} {}", step.shows, step.send, reply.status, reply.text());
        assert_eq!(reply.status, step.reply, "{about}");
        if let Some(expected) = &step.body {
            let expected: Value =
                serde_json::from_str(&fill(&expected.to_string(), &kept)).unwrap();
            assert!(holds(&expected, &reply.json()), "{about}\nshould hold {expected}");
        }
        for (name, part) in &step.has {
            let value = reply.header(name).unwrap_or_default();
            assert!(value.contains(part), "{about}\n{name}: {value}");
        }
        for (name, pointer) in &step.keep {
            let json = reply.json();
            let value = json.pointer(pointer).unwrap_or_else(|| panic!("{about}\nno {pointer}"));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            kept.insert(name.clone(), value);
        }
    }
    server.stop();
}

fn send(server: &Server, step: &Step, kept: &BTreeMap<String, String>) -> Reply {
    let line = fill(&step.send, kept);
    let (method, path) = line.split_once(' ').unwrap();
    let body = match (&step.json, &step.text) {
        (Some(json), _) => fill(&json.to_string(), kept),
        (None, Some(text)) => fill(text, kept),
        (None, None) => String::new(),
    };
    let mut headers: Vec<(String, String)> =
        step.headers.iter().map(|(name, value)| (name.clone(), fill(value, kept))).collect();
    let mut add = |name: &str, value: String| {
        if !headers.iter().any(|(known, _)| known == name) {
            headers.push((name.to_owned(), value));
        }
    };
    if !body.is_empty() {
        add("content-type", "application/json".to_owned());
    }
    match step.who.as_str() {
        "nobody" => {}
        "person" => {
            add("cookie", server.cookie.clone());
            add("origin", server.origin());
        }
        scopes => {
            let scopes: Vec<_> = scopes.split(' ').map(|scope| format!("{scope:?}")).collect();
            add("authorization", format!("Bearer {}", server.token(&scopes.join(","))));
        }
    }
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    server.send(method, path, &headers, body.as_bytes())
}

fn fill(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn holds(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(key, value)| holds(value, found.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| holds(expected, found))
        }
        (Value::String(part), Value::String(whole)) => match part.strip_prefix("…") {
            Some(part) => whole.contains(part.trim_end_matches('…')),
            None => part == whole,
        },
        (expected, found) => expected == found,
    }
}

#[test]
fn who_may_do_what() {
    play(include_str!("api/access.yaml"));
}

#[test]
fn what_intake_takes_and_says() {
    play(include_str!("api/intake.yaml"));
}

#[test]
fn how_a_finding_is_handled() {
    play(include_str!("api/finding.yaml"));
}

#[test]
fn what_is_told_of_controls_sources_rules_and_the_service() {
    play(include_str!("api/look.yaml"));
}
