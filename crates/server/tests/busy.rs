//! Too much at once: who comes too many is sent away, told when to come again, and counted.

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use harness::{Server, exec, settings, still, until};
use server::SourceSetting;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends a request on a connection that stays open; returns the first bytes of the answer.
fn ask(stream: &mut TcpStream, server: &Server) -> String {
    let head = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let mut answer = [0; 12];
    // One that is hung up on may notice when it writes or when it reads.
    let asked = stream.write_all(head.as_bytes()).and_then(|()| stream.read_exact(&mut answer));
    asked.map(|()| String::from_utf8_lossy(&answer).into_owned()).unwrap_or_default()
}

fn figure(figures: &str, name: &str) -> u64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {figures}")).parse().unwrap()
}

#[test]
fn one_client_too_many_is_hung_up_on_and_counted() {
    const MAX: usize = 4;
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    settings.connections_max = MAX;
    let server = Server::start_as(dir, settings);
    // The connection that signed in is closed by now, or will be.
    let mut held: Vec<TcpStream> = (0..MAX)
        .map(|_| {
            until("a place", || {
                let mut stream = connect(&server);
                (ask(&mut stream, &server) == "HTTP/1.1 200").then_some(stream)
            })
        })
        .collect();
    assert_eq!(ask(&mut connect(&server), &server), "");
    for stream in &mut held {
        let mut rest = [0; 4096];
        assert!(stream.read(&mut rest).unwrap() > 0);
        assert_eq!(ask(stream, &server), "HTTP/1.1 200", "one that is connected stays");
    }
    drop(held);
    let figures = until("room again", || {
        let reply = server.person("GET", "/metrics", "");
        (reply.status == 200).then(|| reply.text())
    });
    assert!(figure(&figures, "sockeye_http_connections_refused_total") >= 1);
    assert_eq!(figure(&figures, "sockeye_http_connections_max"), MAX as u64);
    assert!((1..=MAX as u64).contains(&figure(&figures, "sockeye_http_connections")));
}

#[test]
fn one_delivery_too_many_is_told_to_come_again() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut begun = Vec::new();
    let refused = until("a delivery that is sent away", || {
        // A delivery that has begun and does not end holds its place.
        let mut stream = connect(&server);
        let head = format!(
            "POST /k8s-audit HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        begun.push(stream);
        let reply = server.deliver(&token, exec("one too many").as_bytes());
        (reply.status != 200).then_some(reply)
    });
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert_eq!(refused.header("retry-after"), Some("2"));
    assert!(refused.text().contains("too_many_requests"), "{}", refused.text());
    assert!(begun.len() >= 60, "only {} at once", begun.len());
    let figures = server.person("GET", "/metrics", "").text();
    assert!(figure(&figures, "sockeye_intake_sent_away_total") >= 1);
    drop(begun);
    until("room again", || {
        (server.deliver(&token, exec("later").as_bytes()).status == 200).then_some(())
    });
}

/// Changes one byte in the middle of the trail.
fn damage(data: &Path) {
    let path = data.join("trail/segments/00000000000000000000.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn while_intake_is_stopped_a_delivery_is_told_why_and_when_to_come_again() {
    let server = Server::start();
    let token = server.token("\"intake\",\"read\"");
    for id in 0..20 {
        assert_eq!(server.deliver(&token, exec(&id.to_string()).as_bytes()).status, 200);
    }
    let dir = server.stop();
    damage(dir.path());
    let settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    let server = Server::launch(dir, settings);
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 503);
    let reply = server.deliver(&token, exec("new").as_bytes());
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.header("retry-after"), Some("2"));
    // Who comes upon it first says it in more or fewer words.
    assert!(reply.text().contains("its checksum differs"), "{}", reply.text());
    let bearer = format!("Bearer {token}");
    let status = server.send("GET", "/v1/status", &[("authorization", &bearer)], b"");
    assert_eq!(status.json()["intake"]["state"], "stopped");
}
