//! What senders get wrong, and worse: each is refused or counted, and the server goes on.

mod harness;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use harness::{Reply, Server, exec, list, quiet};

fn check(reply: &Reply, expected: expect_test::Expect) {
    let json = reply.json();
    let text = match reply.status {
        200 => format!(
            "200 accepted {} duplicates {} rejected {} alerts {}",
            json["accepted"], json["duplicates"], json["rejected"], json["alerts"]
        ),
        status => format!("{status} {}", json["error"]["message"].as_str().unwrap_or_default()),
    };
    expected.assert_eq(&text.replace('"', ""));
}

/// The server takes an ordinary event after whatever came before.
fn goes_on(server: &Server, token: &str) {
    let reply = server.deliver(token, exec("last").as_bytes());
    check(&reply, expect_test::expect!["200 accepted 1 duplicates 0 rejected 0 alerts 1"]);
    assert_eq!(server.send("GET", "/readyz", &[], b"").status, 200);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deliver_gzip(server: &Server, token: &str, body: &[u8]) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json; charset=utf-8"),
        ("content-encoding", "gzip"),
    ];
    server.send("POST", "/k8s-audit", &headers, body)
}

#[test]
fn a_list_cut_short_gives_its_whole_records_and_the_rest_is_counted() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let whole = list(&[exec("1"), quiet("2"), exec("3")]);
    let reply = server.deliver(&token, &whole.as_bytes()[..whole.len() - 60]);
    check(&reply, expect_test::expect!["200 accepted 2 duplicates 0 rejected 1 alerts 1"]);
    assert_eq!(
        reply.json()["reasons"],
        serde_json::json!(["JSON ends before its last bracket is closed"])
    );
    // The sender tries again with all of it.
    check(
        &server.deliver(&token, whole.as_bytes()),
        expect_test::expect!["200 accepted 1 duplicates 2 rejected 0 alerts 1"],
    );
    goes_on(&server, &token);
}

#[test]
fn truncated_json_is_refused_with_the_reason() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let whole = exec("1");
    let reply = server.deliver(&token, &whole.as_bytes()[..whole.len() - 60]);
    check(
        &reply,
        expect_test::expect![
            "400 no record could be read: JSON ends before its last bracket is closed"
        ],
    );
    goes_on(&server, &token);
}

#[test]
fn text_that_is_not_utf_8_is_refused_alone() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut body = list(&[exec("1"), quiet("2"), exec("3")]).into_bytes();
    let at = body.windows(3).position(|window| window == b"bob").unwrap();
    body[at] = 0xFF;
    check(
        &server.deliver(&token, &body),
        expect_test::expect!["200 accepted 2 duplicates 0 rejected 1 alerts 2"],
    );
    goes_on(&server, &token);
}

#[test]
fn deep_nesting_is_refused_alone() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = quiet("2").replacen("\"verb\"", &format!("\"deep\":{deep},\"verb\""), 1);
    check(
        &server.deliver(&token, list(&[exec("1"), nested, exec("3")]).as_bytes()),
        expect_test::expect!["200 accepted 2 duplicates 0 rejected 1 alerts 2"],
    );
    goes_on(&server, &token);
}

#[test]
fn an_event_beyond_the_bound_is_refused_alone() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let padding = "x".repeat(source::k8s_audit::EVENT_BYTES_MAX);
    let huge = quiet("2").replacen("\"verb\"", &format!("\"pad\":\"{padding}\",\"verb\""), 1);
    check(
        &server.deliver(&token, list(&[exec("1"), huge, exec("3")]).as_bytes()),
        expect_test::expect!["200 accepted 2 duplicates 0 rejected 1 alerts 2"],
    );
    goes_on(&server, &token);
}

#[test]
fn one_endless_line_is_refused_without_being_held() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut line = b"{\"kind\":\"Event\",\"a\":\"".to_vec();
    line.resize(40 << 20, b'x');
    check(
        &server.deliver(&token, &line),
        expect_test::expect!["400 no record could be read: event is longer than 8388608 bytes"],
    );
    goes_on(&server, &token);
}

#[test]
fn a_batch_is_never_refused_for_its_size() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let pad = "y".repeat(20_000);
    let items: Vec<String> = (0..500)
        .map(|number| {
            let event = quiet(&number.to_string());
            event.replacen("\"verb\"", &format!("\"pad\":\"{pad}\",\"verb\""), 1)
        })
        .collect();
    check(
        &server.deliver(&token, list(&items).as_bytes()),
        expect_test::expect!["200 accepted 500 duplicates 0 rejected 0 alerts 0"],
    );
    goes_on(&server, &token);
}

#[test]
fn a_compressed_body_is_read() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let body = gzip(list(&[exec("1"), quiet("2")]).as_bytes());
    check(
        &deliver_gzip(&server, &token, &body),
        expect_test::expect!["200 accepted 2 duplicates 0 rejected 0 alerts 1"],
    );
    let reply = deliver_gzip(&server, &token, b"this is no gzip");
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("no valid gzip"), "{}", reply.text());
    goes_on(&server, &token);
}

#[test]
fn a_compressed_bomb_is_refused_without_being_held() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let mut bomb = b"{\"kind\":\"Event\",\"a\":\"".to_vec();
    bomb.resize(64 << 20, b' ');
    check(
        &deliver_gzip(&server, &token, &gzip(&bomb)),
        expect_test::expect!["400 no record could be read: event is longer than 8388608 bytes"],
    );
    goes_on(&server, &token);
}

#[test]
fn json_lines_are_read_with_their_content_type() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-ndjson")];
    let body = format!("{}\nnot json\n{}\n", exec("1"), exec("2"));
    check(
        &server.send("POST", "/k8s-audit", &headers, body.as_bytes()),
        expect_test::expect!["200 accepted 2 duplicates 0 rejected 1 alerts 2"],
    );
}

#[test]
fn rejected_records_beyond_the_bound_of_a_minute_are_counted_only() {
    let server = Server::start();
    let token = server.token("\"intake\"");
    let items: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    assert_eq!(server.deliver(&token, list(&items).as_bytes()).status, 400);
    let figures = server.person("GET", "/metrics", "").text();
    assert!(figures.contains("sockeye_event_rejected_total 2000"), "{figures}");
    assert!(figures.contains("sockeye_event_rejected_uncited_total 1400"), "{figures}");
    goes_on(&server, &token);
}
