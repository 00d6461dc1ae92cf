//! `sockeye serve` as a process, and the plainest of HTTP clients.

#![allow(dead_code, reason = "each test uses the part it needs")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Waits until no other test of this machine plants canaries: to each of two watches, what the
/// other plants is real.
pub fn alone() -> File {
    let lock = File::create(std::env::temp_dir().join("sockeye-canaries.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// A server that runs.
pub struct Server {
    pub child: Child,
    pub address: String,
    /// What it said until it was ready.
    pub said: String,
    link: String,
}

impl Drop for Server {
    /// Leaves nothing behind when a test fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(data: &Path) -> Server {
        Server::start_with(data, &[])
    }

    /// Starts with more variables in the environment.
    pub fn start_with(data: &Path, variables: &[(&str, &str)]) -> Server {
        Server::start_as(data, &[], variables)
    }

    /// Starts with more arguments, too.
    pub fn start_as(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sockeye"))
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-name", "Ada Lovelace", "--data"])
            .arg(data)
            .args(arguments)
            .env("SOCKEYE_LOG", "warn")
            // Tests that watch this machine say so; the others must not depend on what it does.
            .env("SOCKEYE_SENSOR", "off")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut address, mut link, mut said) = (String::new(), String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            said.push_str(&line);
            said.push('\n');
            if let Some((_, url)) = line.split_once("listens on http://") {
                url.clone_into(&mut address);
            }
            if let Some((_, token)) = line.split_once("/signin?token=") {
                token.clone_into(&mut link);
                break;
            }
        }
        assert!(!link.is_empty(), "the server did not start");
        Server { child, address, link, said }
    }

    /// Signs in by the link, and returns what a browser would send.
    pub fn sign_in(&self) -> Vec<String> {
        let (_, head, _) =
            send(&self.address, &format!("GET /signin?token={} HTTP/1.1", self.link), &[], b"");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        vec![
            format!("cookie: {}", cookie.split(';').next().unwrap()),
            format!("origin: http://{}", self.address),
            "content-type: application/json".to_owned(),
        ]
    }

    /// Makes a token that delivers.
    pub fn token(&self, headers: &[String]) -> String {
        let body = br#"{"name": "kill test", "scopes": ["intake"]}"#;
        let (status, _, body) = send(&self.address, "POST /v1/tokens HTTP/1.1", headers, body);
        assert_eq!(status, 201, "{body}");
        let made: serde_json::Value = serde_json::from_str(&body).unwrap();
        made["secret"].as_str().unwrap().to_owned()
    }
}

/// Sends one request on a connection of its own; status 0 when there is no whole reply.
pub fn send(address: &str, line: &str, headers: &[String], body: &[u8]) -> (u16, String, String) {
    let Ok(mut stream) = TcpStream::connect(address) else { return Default::default() };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let mut head = format!("{line}\r\nhost: {address}\r\nconnection: close\r\n");
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut reply = Vec::new();
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    if sent.and_then(|()| stream.read_to_end(&mut reply)).is_err() {
        return Default::default();
    }
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let Some((head, body)) = reply.split_once("\r\n\r\n") else { return Default::default() };
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, head.to_owned(), body.to_owned())
}

/// Returns an audit event; every second one raises an alert.
pub fn event(id: u64) -> String {
    let subresource = if id.is_multiple_of(2) { "exec" } else { "status" };
    let time = format!("2026-11-22T12:30:{:02}.{:06}Z", id / 1000 % 60, id % 1000);
    serde_json::json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1",
        "auditID": format!("k-{id}"), "stage": "ResponseStarted",
        "requestURI": format!("/api/v1/namespaces/shop/pods/web-1/{subresource}"),
        "verb": "create",
        "user": {"username": "alice"},
        "objectRef": {
            "resource": "pods", "namespace": "shop", "name": "web-1", "subresource": subresource,
        },
        "responseStatus": {"code": 101},
        "stageTimestamp": time,
    })
    .to_string()
}
