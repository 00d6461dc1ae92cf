//! Nodes join by an invitation, ship batches that count once, and are shut out at once.

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use control::shipment::{self, Head, JoinRequest, JoinToken, Joined, Receipt, RenewRequest};
use event::Time;
use harness::{Server, settings};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use server::{Clock, SourceSetting};
use sha2::{Digest, Sha256};

/// A server that hears nodes, and where.
fn start() -> (Server, String) {
    let dir = tempfile::tempdir().unwrap();
    let sources = vec![SourceSetting::K8sAuditWebhook];
    let mut settings = settings(dir.path(), sources, Clock::system());
    settings.agents = Some("127.0.0.1:0".parse().unwrap());
    let server = Server::start_as(dir, settings);
    let url = server.person("GET", "/v1/nodes", "").json()["url"].as_str().unwrap().to_owned();
    (server, url.strip_prefix("https://").unwrap().to_owned())
}

/// A node with the key it made.
struct Agent {
    address: String,
    roots: RootCertStore,
    held: Option<(CertificateDer<'static>, Vec<u8>)>,
}

impl Agent {
    /// Trusts the authority that lies in the server's data directory.
    fn new(server: &Server, address: &str) -> Agent {
        let path = server.dir.path().join("nodes/authority.pem");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(path).unwrap()).unwrap();
        Agent { address: address.to_owned(), roots, held: None }
    }

    /// Sends a request; the status is 0 if nothing came back.
    fn post(&self, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let config = match &self.held {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::try_from(key.clone()).unwrap();
                builder.with_client_auth_cert(vec![certificate.clone()], key).unwrap()
            }
        };
        let name = ServerName::try_from(shipment::SERVER_NAME).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(&self.address).unwrap());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut reply = Vec::new();
        let _ = sent.and_then(|()| stream.read_to_end(&mut reply));
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let Some((head, body)) = reply.split_once("\r\n\r\n") else { return (0, reply) };
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn ask<T: serde::Serialize>(&self, path: &str, body: &T) -> (u16, String) {
        self.post(path, "", &serde_json::to_vec(body).unwrap())
    }

    /// Holds the certificate of an answer.
    fn hold(&mut self, answer: &str, key: &KeyPair) -> Joined {
        let joined: Joined = serde_json::from_str(answer).unwrap();
        let certificate = CertificateDer::from_pem_slice(joined.certificate.as_bytes()).unwrap();
        self.held = Some((certificate, key.serialize_der()));
        joined
    }

    fn ship(&self, stream: &str, lines: &[(u64, String)]) -> (u16, String) {
        let head = Head { v: 1, stream: stream.into(), sent: Time(0), agent: "0.1.0".into() };
        let mut body = head.begin();
        for (number, line) in lines {
            shipment::add(&mut body, *number, line.as_bytes());
        }
        let packed = zstd::encode_all(body.as_slice(), 1).unwrap();
        self.post("/v1/batch", "content-encoding: zstd\r\n", &packed)
    }

    fn receipt(&self, stream: &str, lines: &[(u64, String)]) -> Receipt {
        let (status, body) = self.ship(stream, lines);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

fn request(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

/// Invites a node, and returns its token.
fn invite(server: &Server, name: &str) -> JoinToken {
    let reply = server.person("POST", "/v1/nodes", &format!(r#"{{"name": "{name}"}}"#));
    assert_eq!(reply.status, 201, "{}", reply.text());
    let command = reply.json()["command"].as_str().unwrap().to_owned();
    assert!(command.starts_with("sockeye agent --server https://127.0.0.1:"), "{command}");
    command.split_once("--join ").unwrap().1.parse().unwrap()
}

fn join(server: &Server, address: &str, name: &str) -> Agent {
    let token = invite(server, name);
    let (mut agent, key) = (Agent::new(server, address), KeyPair::generate().unwrap());
    let asked =
        JoinRequest { v: 1, secret: token.secret, request: request(&key), agent: "0.1.0".into() };
    let (status, body) = agent.ask("/v1/join", &asked);
    assert_eq!(status, 200, "{body}");
    let joined = agent.hold(&body, &key);
    assert_eq!(joined.node, name);
    let authority = CertificateDer::from_pem_slice(joined.authority.as_bytes()).unwrap();
    assert_eq!(token.authority, <[u8; 32]>::from(Sha256::digest(&authority)));
    agent
}

/// A line as a node writes it.
fn event(node: &str, id: u64) -> String {
    let alert = serde_json::json!({
        "uuid": format!("{node}-{id}"), "time": "2026-11-22T12:00:00Z", "rule": "Shell",
        "priority": "Warning", "source": "syscall", "tags": [], "hostname": node,
        "output": "a shell", "output_fields": {},
    });
    let event = serde_json::json!({
        "source": "syscall", "time": "2026-11-22T12:00:00Z", "received": "2026-11-22T12:00:00Z",
        "id": format!("boot/{id}"), "alerts": [alert], "raw": {"v": 1},
    });
    serde_json::json!({"v": 1, "entry": {"event": event}}).to_string()
}

fn node(server: &Server) -> serde_json::Value {
    server.person("GET", "/v1/nodes", "").json()["items"][0].clone()
}

#[test]
fn a_node_joins_ships_and_what_comes_twice_counts_once() {
    let (server, address) = start();
    let agent = join(&server, &address, "n1");
    let lines: Vec<_> = (1..=3).map(|number| (number, event("n1", number))).collect();
    let first = agent.receipt("a", &lines);
    assert_eq!((first.accepted, first.duplicates, first.refused), (3, 0, 0));
    let again = agent.receipt("a", &lines);
    assert_eq!((again.accepted, again.duplicates), (0, 3));
    let later = agent.receipt("a", &[(6, event("n1", 6))]);
    assert_eq!(later.accepted, 1);
    let finding = &server.person("GET", "/v1/findings", "").json()["items"][0];
    assert_eq!(
        (finding["count"].as_str(), finding["subject"]["node"].as_str()),
        (Some("4"), Some("n1"))
    );
    let known = node(&server);
    assert_eq!(
        (known["state"].as_str(), known["missing"].as_str()),
        (Some("connected"), Some("2"))
    );
    assert_eq!(
        (known["holes"][0]["first"].as_str(), known["agent"].as_str()),
        (Some("4"), Some("0.1.0"))
    );
    let acts = server.person("GET", "/v1/administration", "").text();
    for act in ["node_invited", "node_joined", "system:node/n1", "Ada Lovelace"] {
        assert!(acts.contains(act), "{acts}");
    }
}

/// A status as a node writes it.
fn status(node: &str, minute: Time) -> String {
    let status = serde_json::json!({
        "source": "syscall", "instance": node, "minute": minute, "records": 10, "rejected": 0,
        "duplicates": 0, "lost": 0, "bytes": 1000, "alerts": 0, "newest": null, "connected": true,
        "rules": "hash-one",
    });
    serde_json::json!({"v": 1, "entry": {"status": status}}).to_string()
}

#[test]
fn minutes_of_which_an_entry_never_came_are_gaps_of_the_node_and_its_controls() {
    let (server, address) = start();
    let agent = join(&server, &address, "n1");
    let first = Clock::system().now().minute().plus(-20 * Time::MINUTE);
    let minute = |nth: i64| first.plus(nth * Time::MINUTE);
    let statuses: Vec<_> = (0..10_u32)
        .map(|nth| (u64::from(nth) + 1, status("n1", minute(i64::from(nth)))))
        .filter(|(number, _)| !(4..=5).contains(number))
        .collect();
    assert_eq!(agent.receipt("0190-status", &statuses).accepted, 8);
    let span = format!("from={}&until={}", minute(0), minute(10));
    let gaps = |server: &Server| {
        let sources = server.person("GET", &format!("/v1/sources?{span}"), "").json();
        let items = sources["items"].as_array().unwrap().clone();
        let of_node = items.into_iter().find(|item| item["instance"] == "n1").unwrap();
        of_node["gaps"].clone()
    };
    let told = gaps(&server).to_string();
    assert!(told.contains("entries 4 to 5 of its stream 0190-status never came"), "{told}");
    let (from, until) = (minute(2).to_string(), minute(6).to_string());
    assert!(told.contains(&from) && told.contains(&until), "{told}");
    // A control that rests on system calls did not operate in these minutes, and says why.
    let resting = |server: &Server| {
        let controls = server.person("GET", &format!("/v1/controls?{span}"), "").json();
        let items = controls["items"].as_array().unwrap().clone();
        let details = items.iter().map(|item| {
            let path = format!("/v1/controls/{}?{span}", item["id"].as_str().unwrap());
            server.person("GET", &path, "").json()
        });
        let with_hole = |detail: &serde_json::Value| {
            detail["gaps"].to_string().contains("0190-status never came")
        };
        details.filter(with_hole).map(|detail| detail["observed_s"].clone()).collect::<Vec<_>>()
    };
    let before = resting(&server);
    assert!(!before.is_empty());
    // The trail alone gives the same.
    let dir = server.stop();
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let mut settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], Clock::system());
    settings.agents = Some("127.0.0.1:0".parse().unwrap());
    let server = Server::start_as(dir, settings);
    assert_eq!(gaps(&server).to_string(), told);
    assert_eq!(resting(&server), before);
}

#[test]
fn what_is_wrong_with_one_entry_keeps_no_neighbour_out() {
    let (server, address) = start();
    let agent = join(&server, &address, "n1");
    let receipt = agent.receipt(
        "a",
        &[(1, event("n1", 1)), (2, event("n2", 2)), (3, "{".into()), (4, event("n1", 4))],
    );
    assert_eq!((receipt.accepted, receipt.refused), (2, 2));
    let numbers: Vec<_> = receipt.reasons.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [2, 3]);
    assert!(receipt.reasons[0].reason.contains("`n1` may speak for itself only"));
    // Refused entries stand in the trail with the reason, so their numbers are no hole.
    assert_eq!(node(&server)["missing"], "0");
    let rejected = server.person("GET", "/v1/sources/rejected?source=syscall", "").json();
    assert_eq!(rejected["items"].as_array().unwrap().len(), 2, "{rejected}");
    assert_eq!(rejected["items"][0]["instance"], "n1");
}

#[test]
fn an_invitation_works_once_and_a_stranger_never() {
    let (server, address) = start();
    let token = invite(&server, "n1");
    let agent = Agent::new(&server, &address);
    let asked = |secret: &str| JoinRequest {
        v: 1,
        secret: secret.to_owned(),
        request: request(&KeyPair::generate().unwrap()),
        agent: "0.1.0".into(),
    };
    assert_eq!(agent.ask("/v1/join", &asked("guess")).0, 403);
    assert_eq!(agent.ask("/v1/join", &asked(&token.secret)).0, 200);
    assert_eq!(agent.ask("/v1/join", &asked(&token.secret)).0, 403);
    // Without a certificate nothing is shipped, and people's pages are not here.
    assert_eq!(agent.ship("a", &[(1, event("n1", 1))]).0, 403);
    assert_eq!(agent.ask("/v1/renew", &RenewRequest { v: 1, request: String::new() }).0, 403);
    assert_eq!(agent.post("/v1/findings", "", b"").0, 404);
    // A certificate of another authority does not even shake hands.
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::default().self_signed(&key).unwrap();
    let mut forger = Agent::new(&server, &address);
    forger.held = Some((own.der().clone(), key.serialize_der()));
    assert_eq!(forger.ship("a", &[(1, event("n1", 1))]).0, 0);
}

#[test]
fn a_node_renews_its_certificate_and_is_shut_out_at_once() {
    let (server, address) = start();
    let mut agent = join(&server, &address, "n1");
    let key = KeyPair::generate().unwrap();
    let asked = RenewRequest { v: 1, request: request(&key) };
    let (status, body) = agent.ask("/v1/renew", &asked);
    assert_eq!(status, 200, "{body}");
    // The old one holds until the new one is used, since the answer may be lost.
    assert_eq!(agent.receipt("a", &[(1, event("n1", 1))]).accepted, 1);
    let renewed = agent.hold(&body, &key);
    assert_eq!((renewed.node.as_str(), renewed.until > renewed.from), ("n1", true));
    assert_eq!(agent.receipt("a", &[(2, event("n1", 2))]).accepted, 1);
    assert_eq!(server.person("DELETE", "/v1/nodes/n1", "").status, 204);
    assert_eq!(server.person("DELETE", "/v1/nodes/n2", "").status, 404);
    let (status, body) = agent.ship("a", &[(3, event("n1", 3))]);
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("revoked"), "{body}");
    assert_eq!(node(&server)["state"], "revoked");
    // Who is invited again may join again.
    let agent = join(&server, &address, "n1");
    assert_eq!(agent.receipt("b", &[(1, event("n1", 3))]).accepted, 1);
}

#[test]
fn a_batch_that_cannot_be_read_is_refused_with_the_reason() {
    let (server, address) = start();
    let agent = join(&server, &address, "n1");
    let zstd = "content-encoding: zstd\r\n";
    let large = zstd::encode_all(vec![b' '; 5 << 20].as_slice(), 1).unwrap();
    let future = zstd::encode_all(
        br#"{"v":9,"stream":"a","sent":"2026-11-22T12:00:00Z","agent":"9"}"#.as_slice(),
        1,
    );
    for (headers, body, told) in [
        ("", b"{}".to_vec(), "zstd"),
        (zstd, b"{}".to_vec(), "no valid zstd"),
        (zstd, large, "longer than 4194304 bytes"),
        (zstd, future.unwrap(), "version 9"),
    ] {
        let (status, reply) = agent.post("/v1/batch", headers, &body);
        assert!((400..500).contains(&status) && reply.contains(told), "{status} {reply}");
    }
    assert_eq!(agent.receipt("a", &[(1, event("n1", 1))]).accepted, 1, "it goes on");
}

#[test]
fn without_a_listener_nobody_is_invited() {
    let server = Server::start();
    let reply = server.person("POST", "/v1/nodes", r#"{"name": "n1"}"#);
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert!(reply.text().contains("--agents"), "{}", reply.text());
    let (server, _) = start();
    for body in [r#"{"name": "a b"}"#, r#"{"name": "n1", "ttl_s": 1}"#] {
        assert_eq!(server.person("POST", "/v1/nodes", body).status, 400);
    }
    let reader = server.token("\"read\"");
    let bearer = format!("Bearer {reader}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    assert_eq!(server.send("GET", "/v1/nodes", &headers, b"").status, 200);
    assert_eq!(server.send("POST", "/v1/nodes", &headers, br#"{"name": "n1"}"#).status, 403);
}

#[test]
fn a_command_on_the_servers_machine_invites_lists_and_revokes() {
    let (server, _) = start();
    let data = server.dir.path();
    let invited = server::add_node(data, "n1", 60, "root").unwrap();
    assert!(invited.command.contains("--join sockeye-join-1."), "{}", invited.command);
    let nodes = server::list_nodes(data).unwrap();
    assert_eq!((nodes.len(), nodes[0].name.as_str()), (1, "n1"));
    let refused = server::add_node(data, "n 1", 60, "root").unwrap_err().to_string();
    assert!(refused.contains("no name of a node"), "{refused}");
    server::revoke_node(data, "n1", "root").unwrap();
    assert!(server::revoke_node(data, "n2", "root").is_err());
    let dir = server.stop();
    let refused = server::list_nodes(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("no server runs"), "{refused}");
}
