//! The live feed: what is durable is told, and nothing is missed by coming again.

mod harness;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use harness::{Server, exec, list};

struct Feed(BufReader<TcpStream>);

impl Feed {
    fn open(server: &Server, last: Option<&str>) -> Feed {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        let head = format!(
            "GET /v1/feed HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n{last}\r\n",
            server.address, server.cookie
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut feed = Feed(BufReader::new(stream));
        feed.line(|line| line.contains("connected"));
        feed
    }

    fn line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the feed ended");
            if wanted(&line) {
                return line.trim().to_owned();
            }
        }
    }

    /// Reads to the end; returns the positions of alerts, and how many the server says were missed.
    fn rest(&mut self) -> (Vec<String>, u64) {
        let (mut positions, mut missed) = (Vec::new(), 0);
        let mut line = String::new();
        while self.0.read_line(&mut line).unwrap() > 0 {
            if let Some(position) = line.strip_prefix("id:") {
                positions.push(position.trim().to_owned());
            }
            if let Some((_, rest)) = line.split_once("{\"missed\":\"") {
                missed = rest.split('"').next().unwrap().parse().unwrap();
            }
            line.clear();
        }
        (positions, missed)
    }

    /// Returns the position of the next alert.
    fn next(&mut self) -> String {
        let line = self.line(|line| line.starts_with("id:"));
        line.trim_start_matches("id:").trim().to_owned()
    }
}

fn deliver(server: &Server, token: &str, ids: std::ops::Range<u32>) {
    let items: Vec<String> = ids.map(|id| exec(&id.to_string())).collect();
    assert_eq!(server.deliver(token, list(&items).as_bytes()).status, 200);
}

/// Positions of all alerts, oldest first.
fn all(server: &Server) -> Vec<String> {
    let page = server.person("GET", "/v1/alerts?limit=500", "").json();
    let items = page["items"].as_array().unwrap();
    items.iter().rev().map(|item| item["position"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn alerts_are_told_in_order_as_they_become_durable() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut feed = Feed::open(&server, None);
    deliver(&server, &token, 0..3);
    deliver(&server, &token, 3..5);
    let told: Vec<_> = (0..5).map(|_| feed.next()).collect();
    assert_eq!(told, all(&server));
}

#[test]
fn a_listener_that_comes_again_misses_nothing() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    deliver(&server, &token, 0..3);
    let before = all(&server);
    deliver(&server, &token, 3..300);
    let mut feed = Feed::open(&server, Some(&before[0]));
    deliver(&server, &token, 300..303);
    let told: Vec<_> = (0..302).map(|_| feed.next()).collect();
    assert_eq!(told, all(&server)[1..]);
}

#[test]
fn duplicates_are_not_told() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut feed = Feed::open(&server, None);
    deliver(&server, &token, 0..2);
    deliver(&server, &token, 1..3);
    let told: Vec<_> = (0..3).map(|_| feed.next()).collect();
    assert_eq!(told, all(&server));
}

#[test]
fn a_place_that_is_none_is_refused() {
    let server = Server::start();
    let (cookie, origin) = (server.cookie.clone(), server.origin());
    let headers =
        [("cookie", cookie.as_str()), ("origin", origin.as_str()), ("last-event-id", "x")];
    assert_eq!(server.send("GET", "/v1/feed", &headers, b"").status, 400);
}

/// More than the feed keeps for one who is behind.
const MANY: u32 = 4400;
/// Alerts, and bytes of each, that fill whatever stands between server and client.
const LONG: (u32, usize) = (160, 48 * 1024);

#[test]
fn a_listener_that_is_too_slow_is_told_so_and_misses_nothing_by_coming_again() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut feed = Feed::open(&server, None);
    let padding = format!("command=sh&pad={}", "x".repeat(LONG.1));
    let long: Vec<String> = (0..LONG.0)
        .map(|id| exec(&format!("long-{id}")).replacen("command=sh", &padding, 1))
        .collect();
    assert_eq!(server.deliver(&token, list(&long).as_bytes()).status, 200);
    for first in (0..MANY).step_by(1100) {
        deliver(&server, &token, first..first + 1100);
    }
    let (before, missed) = feed.rest();
    assert!(missed > 0, "the client was never behind");
    let mut feed = Feed::open(&server, before.last().map(String::as_str));
    let after: Vec<_> = (0..(LONG.0 + MANY) as usize - before.len()).map(|_| feed.next()).collect();
    let told: std::collections::BTreeSet<_> = before.iter().chain(&after).collect();
    assert_eq!(told.len(), (LONG.0 + MANY) as usize, "each was told once");
}
