//! Over TLS everything works, and nothing works without it.

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use harness::{Server, settings, still};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use server::{SourceSetting, Tls};

/// Starts a server with a certificate of its own; returns a client that trusts no other.
fn start() -> (Server, ClientConfig) {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["sockeye.example.org".to_owned()]).unwrap();
    let tls = Tls { certificate: dir.path().join("tls.crt"), key: dir.path().join("tls.key") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let mut settings = settings(dir.path(), vec![SourceSetting::K8sAuditWebhook], still());
    settings.tls = Some(tls);
    settings.hosts = vec!["sockeye.example.org".to_owned()];
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Server::launch(dir, settings), config)
}

fn get(server: &Server, client: &ClientConfig, path: &str) -> String {
    let name = ServerName::try_from("sockeye.example.org").unwrap();
    let connection = ClientConnection::new(Arc::new(client.clone()), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.address).unwrap());
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: sockeye.example.org\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

#[test]
fn a_person_signs_in_over_tls_with_a_cookie_that_never_leaves_it() {
    let (server, client) = start();
    assert!(get(&server, &client, "/healthz").starts_with("HTTP/1.1 200"));
    let path = server.link.strip_prefix("https://sockeye.example.org").unwrap();
    let path = &path[path.find('/').unwrap()..];
    let reply = get(&server, &client, path);
    assert!(reply.starts_with("HTTP/1.1 303"), "{reply}");
    let cookie = reply.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
}

#[test]
fn the_same_port_says_nothing_in_the_clear() {
    let (server, client) = start();
    let reply = server.send("GET", "/healthz", &[], b"");
    assert_eq!(reply.status, 0, "{}", reply.text());
    assert!(get(&server, &client, "/healthz").starts_with("HTTP/1.1 200"), "others are served");
}

#[test]
fn the_api_server_is_given_the_certificate_to_trust() {
    let (server, _) = start();
    let file = std::fs::read_to_string(server.dir.path().join("audit-webhook.yaml")).unwrap();
    assert!(file.contains("server: https://sockeye.example.org:"), "{file}");
    assert!(file.contains("certificate-authority-data: LS0t"), "{file}");
}
