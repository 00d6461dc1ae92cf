//! A reader and a server that says what an API server would, over TLS on the loopback.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use syscall::table::{Pods, Told};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::{Access, Member, Reader};

/// Longest time until something that is awaited is there.
const WAIT: Duration = Duration::from_secs(60);
const LIST: &str = "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&limit=100";

/// What the server answers a question with.
enum Answer {
    /// Status and body.
    Whole(u16, String),
    /// Events, after which the watch goes on in silence.
    Events(String),
    /// Events, after which the connection breaks.
    Broken(String),
    /// Nothing: the connection breaks.
    HungUp,
}

/// A server, and what it was asked.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one that answers each path; `count` tells how often that path was asked before.
    fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = acceptor(folder.path(), port);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (told, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, told, answer) = (acceptor.clone(), told.clone(), answer.clone());
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            let _ = serve(stream, &told, &*answer).await;
                        }
                    });
                }
            });
        });
        Server { folder, port, asked }
    }

    fn reader(&self) -> Reader {
        let access = Access::Kubeconfig(self.folder.path().join("config"));
        Reader::start(Member { access, node: "node-1".to_owned() })
    }

    /// A reader as the service account of a pod.
    fn reader_in_a_pod(&self) -> Reader {
        let folder = self.folder.path().to_owned();
        let server = format!("https://127.0.0.1:{}", self.port);
        Reader::start(Member {
            access: Access::Account { server, folder },
            node: "node-1".to_owned(),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Makes an authority, a certificate and a kubeconfig that trusts the one and shows a token.
fn acceptor(folder: &Path, port: u16) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::from_params(&params, &key);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&own, &issuer).unwrap();
    std::fs::write(folder.join("ca.crt"), authority.pem()).unwrap();
    std::fs::write(folder.join("token"), "secret\n").unwrap();
    let config = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nclusters: \
         [{{name: c, cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: \
         ca.crt}}}}]\nusers: [{{name: u, user: {{tokenFile: token}}}}]\n"
    );
    std::fs::write(folder.join("config"), config).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(own.serialize_der()).unwrap(),
        );
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

async fn serve(
    mut stream: TlsStream<tokio::net::TcpStream>,
    told: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str, usize) -> Answer + Send + Sync),
) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.contains("authorization: Bearer secret\r\n"), "{head}");
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let count = {
            let mut told = told.lock().unwrap();
            told.push(path.clone());
            told.iter().filter(|one| **one == path).count() - 1
        };
        match answer(&path, count) {
            Answer::Whole(status, body) => {
                let len = body.len();
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {len}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
            }
            Answer::Events(events) => {
                chunk(&mut stream, &events).await?;
                std::future::pending::<()>().await;
            }
            Answer::Broken(events) => return chunk(&mut stream, &events).await,
            Answer::HungUp => return Ok(()),
        }
    }
}

async fn chunk(stream: &mut TlsStream<tokio::net::TcpStream>, text: &str) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    // In two parts, as a long event comes.
    let (one, two) = text.split_at(text.len() / 2);
    stream.write_all(head.as_bytes()).await?;
    for part in [one, two].into_iter().filter(|part| !part.is_empty()) {
        stream.write_all(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).await?;
        stream.flush().await?;
    }
    stream.flush().await
}

/// A pod that a replica set owns.
fn pod(uid: &str, tier: &str, version: u32) -> String {
    format!(
        r#"{{"metadata": {{"name": "web-1", "namespace": "shop", "uid": "{uid}",
        "resourceVersion": "{version}", "labels": {{"tier": "{tier}"}}, "ownerReferences":
        [{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7c", "uid": "r",
        "controller": true}}]}}, "spec": {{"serviceAccountName": "seller"}},
        "status": {{"podIP": "10.1.2.3"}}}}"#
    )
    .replace('\n', " ")
}

fn list(pods: &[String], version: u32) -> Answer {
    let items = pods.join(",");
    let text = format!(r#"{{"metadata":{{"resourceVersion":"{version}"}},"items":[{items}]}}"#);
    Answer::Whole(200, text)
}

fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

/// What every server knows: the node, the replica set, its deployment and the namespace.
fn known(path: &str) -> Answer {
    let owned = r#"{"metadata": {"name": "web-7c", "uid": "r", "labels": {"hash": "7c"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web",
        "uid": "d", "controller": true}]}}"#;
    let (status, body) = match path {
        "/apis/apps/v1/namespaces/shop/replicasets/web-7c" => (200, owned),
        "/apis/apps/v1/namespaces/shop/deployments/web" => {
            (200, r#"{"metadata": {"name": "web", "uid": "d", "labels": {"team": "a"}}}"#)
        }
        "/api/v1/namespaces/shop" => {
            (200, r#"{"metadata": {"name": "shop", "uid": "n", "labels": {"zone": "eu"}}}"#)
        }
        "/api/v1/nodes/node-1" => (403, r#"{"message": "nodes are not yours"}"#),
        _ => (404, r#"{"message": "not found"}"#),
    };
    Answer::Whole(status, body.to_owned())
}

/// Waits until something is known of a pod.
fn until(reader: &mut Reader, pods: &mut Pods, uid: &str, is: impl Fn(&Told) -> bool) {
    let end = Instant::now() + WAIT;
    loop {
        reader.take(pods);
        match pods.get(uid) {
            Some(told) if is(told) => return,
            told => assert!(Instant::now() < end, "{told:?} {:?}", reader.blind()),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until what cannot be told is this.
fn until_blind(reader: &Reader, is: impl Fn(&[String]) -> bool) {
    let end = Instant::now() + WAIT;
    while !is(&reader.blind()) {
        assert!(Instant::now() < end, "{:?}", reader.blind());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn label(told: &Told) -> &str {
    told.labels.as_ref().map_or("", |labels| &labels[0].1)
}

#[test]
fn labels_that_change_later_and_owners_are_told() {
    let server = Server::start(|path, _| match path {
        LIST => list(&[pod("u", "front", 5)], 7),
        _ if path.contains("watch=1") => {
            let mark = r#"{"metadata":{"resourceVersion":"9"}}"#;
            Answer::Events(event("MODIFIED", &pod("u", "back", 8)) + &event("BOOKMARK", mark))
        }
        _ => known(path),
    });
    let (mut reader, mut pods) = (server.reader(), Pods::default());
    until(&mut reader, &mut pods, "u", |told| label(told) == "back");
    let told = pods.get("u").unwrap();
    assert_eq!(told.workload.as_deref(), Some("deployments/web"));
    assert_eq!(told.account.as_deref(), Some("seller"));
    assert_eq!(told.address.as_deref(), Some("10.1.2.3"));
    assert_eq!(told.owner("ReplicaSet").unwrap().uid, "r");
    assert_eq!(
        told.owner("Deployment").unwrap().labels.as_ref().unwrap(),
        &[("team".into(), "a".into())]
    );
    assert_eq!(told.namespace.as_ref().unwrap().uid, "n");
    assert_eq!(reader.blind(), [""; 0]);
    let owners = server.asked().into_iter().filter(|path| path.contains("replicasets")).count();
    assert_eq!(owners, 1, "an owner is asked for once");
}

#[test]
fn a_pod_asks_as_its_service_account_and_page_by_page() {
    let server = Server::start(|path, _| match path {
        LIST => {
            let items = pod("one", "front", 5);
            let head = r#"{"resourceVersion": "7", "continue": "a/b="}"#;
            Answer::Whole(200, format!(r#"{{"metadata": {head}, "items": [{items}]}}"#))
        }
        _ if path.ends_with("&limit=100&continue=a%2Fb%3D") => list(&[pod("two", "back", 6)], 7),
        _ if path.contains("watch=1") => Answer::Events(String::new()),
        _ => known(path),
    });
    let (mut reader, mut pods) = (server.reader_in_a_pod(), Pods::default());
    until(&mut reader, &mut pods, "two", |told| label(told) == "back");
    assert_eq!(label(pods.get("one").unwrap()), "front");
}

#[test]
fn a_server_that_hung_up_on_a_silent_connection_is_asked_again() {
    let server = Server::start(|path, count| match path {
        LIST => list(&[pod("u", "front", 5)], 7),
        _ if path.contains("watch=1") => Answer::Events(String::new()),
        _ if path.contains("replicasets") && count == 0 => Answer::HungUp,
        _ => known(path),
    });
    let (mut reader, mut pods) = (server.reader(), Pods::default());
    until(&mut reader, &mut pods, "u", |told| told.workload.is_some());
    assert_eq!(server.asked().iter().filter(|path| path.contains("replicasets")).count(), 2);
    assert_eq!(server.asked().iter().filter(|path| *path == LIST).count(), 1);
}

#[test]
fn a_watch_that_breaks_goes_on_where_it_was() {
    let server = Server::start(|path, _| match path {
        LIST => list(&[], 7),
        _ if path.ends_with("resourceVersion=7") => {
            Answer::Broken(event("ADDED", &pod("u", "front", 8)))
        }
        _ if path.ends_with("resourceVersion=8") => {
            Answer::Events(event("MODIFIED", &pod("u", "back", 9)))
        }
        _ => known(path),
    });
    let (mut reader, mut pods) = (server.reader(), Pods::default());
    until(&mut reader, &mut pods, "u", |told| label(told) == "back");
    assert_eq!(server.asked().iter().filter(|path| *path == LIST).count(), 1);
}

#[test]
fn what_the_server_forgot_is_listed_anew() {
    let server = Server::start(|path, count| match path {
        LIST if count == 0 => list(&[pod("old", "front", 5)], 7),
        LIST => list(&[pod("new", "front", 20)], 21),
        _ if path.ends_with("resourceVersion=7") => {
            Answer::Events(event("ERROR", r#"{"code":410,"message":"too old"}"#))
        }
        _ if path.contains("watch=1") => Answer::Events(String::new()),
        _ => known(path),
    });
    let (mut reader, mut pods) = (server.reader(), Pods::default());
    until(&mut reader, &mut pods, "new", |_| true);
    assert!(pods.get("old").is_some(), "one that is gone is known for a while");
}

#[test]
fn what_cannot_be_asked_is_said_and_asked_again() {
    let server = Server::start(|path, count| match path {
        LIST if count == 0 => Answer::Whole(403, r#"{"message": "pods are not yours"}"#.to_owned()),
        LIST => list(&[pod("u", "front", 5)], 7),
        _ if path.contains("watch=1") => Answer::Events(String::new()),
        _ if path.contains("replicasets") => {
            Answer::Whole(403, r#"{"message": "sets are not yours"}"#.to_owned())
        }
        _ => known(path),
    });
    let mut reader = server.reader();
    until_blind(&reader, |all| all.len() == 1 && all[0].contains("403: pods are not yours"));
    until_blind(&reader, |all| all.len() == 1 && all[0].contains("403: sets are not yours"));
    let mut pods = Pods::default();
    until(&mut reader, &mut pods, "u", |told| label(told) == "front");
    let told = pods.get("u").unwrap();
    assert_eq!(told.workload, None, "what is above the replica set is not guessed");
    assert_eq!(told.owner("ReplicaSet").unwrap().name, "web-7c");
}

#[test]
fn a_server_that_is_not_there_or_not_trusted_is_said() {
    let server = Server::start(|path, _| known(path));
    until_blind(&server.reader(), |all| all[0].contains("status 404"));
    let config = server.folder.path().join("config");
    let other = Server::start(|path, _| known(path));
    std::fs::copy(other.folder.path().join("ca.crt"), server.folder.path().join("ca.crt")).unwrap();
    until_blind(&server.reader(), |all| all[0].contains("is not trusted"));
    let text = std::fs::read_to_string(&config).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap().to_string();
    drop(listener);
    let (head, rest) = text.split_once("127.0.0.1:").unwrap();
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    std::fs::write(&config, format!("{head}{free}{rest}")).unwrap();
    until_blind(&server.reader(), |all| all[0].contains("cannot reach 127.0.0.1:"));
}

#[test]
fn a_node_that_the_cluster_does_not_have_is_said() {
    let server = Server::start(|path, _| match path {
        "/api/v1/nodes/node-1" => {
            let body = r#"{"status": {"nodeInfo": {"bootID": "another"}}}"#;
            Answer::Whole(200, body.to_owned())
        }
        _ => known(path),
    });
    until_blind(&server.reader(), |all| all[0].contains("another machine is node `node-1`"));
    let server = Server::start(|_, _| Answer::Whole(404, String::new()));
    until_blind(&server.reader(), |all| all[0].contains("has no node `node-1`; name this one"));
}
