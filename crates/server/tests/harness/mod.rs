//! A real server in this process, and the plainest of HTTP clients.

#![allow(dead_code, reason = "each test uses the part it needs")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use control::evidence::{Entry, Line, VERSION};
use event::Time;
use serde_json::json;
use server::{Clock, Running, Settings, SourceSetting};
use tempfile::TempDir;

/// The time at which tests take place: half past noon and thirty seconds.
pub const NOW: &str = "2026-11-22T12:30:30Z";

/// A server with someone signed in.
pub struct Server {
    pub dir: TempDir,
    pub address: SocketAddr,
    pub cookie: String,
    pub link: String,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        self.head.lines().find(|it| line(it)).map(|it| it[name.len() + 1..].trim())
    }
}

pub fn settings(data: &Path, sources: Vec<SourceSetting>, clock: Clock) -> Settings {
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        agents: None,
        connections_max: server::CONNECTIONS_LEN_MAX,
        hosts: Vec::new(),
        data: data.to_owned(),
        environment: "test".to_owned(),
        cluster: Some("eu-1".to_owned()),
        hostname: "host-1".to_owned(),
        admin_name: "Ada Lovelace".to_owned(),
        started_by: "tester".to_owned(),
        rules: Vec::new(),
        rules_approved_by: Some("Grace Hopper".to_owned()),
        controls: None,
        service_model: control::catalogue::ServiceModel::Iaas,
        canaries: false,
        sources,
        clock,
    }
}

/// A clock that stands still at [`NOW`].
pub fn still() -> Clock {
    let now: Time = NOW.parse().unwrap();
    Clock::of(move || now)
}

impl Server {
    pub fn start() -> Server {
        Server::start_with(vec![SourceSetting::K8sAuditWebhook], still())
    }

    pub fn start_with(sources: Vec<SourceSetting>, clock: Clock) -> Server {
        Server::start_in(tempfile::tempdir().unwrap(), sources, clock)
    }

    pub fn start_in(dir: TempDir, sources: Vec<SourceSetting>, clock: Clock) -> Server {
        let settings = settings(dir.path(), sources, clock);
        Server::start_as(dir, settings)
    }

    pub fn start_as(dir: TempDir, settings: Settings) -> Server {
        let mut server = Server::launch(dir, settings);
        server.sign_in();
        server
    }

    /// Starts a server that nobody is signed in at.
    pub fn launch(dir: TempDir, settings: Settings) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let running = runtime.block_on(Running::start(settings)).unwrap();
        let (address, link) = (running.address, running.sign_in_link.clone());
        Server { dir, address, cookie: String::new(), link, runtime, running: Some(running) }
    }

    /// Reads the rules again; says how many judge, or why the old ones stay.
    pub fn reload(&self) -> Result<usize, String> {
        let running = self.running.as_ref().unwrap();
        self.runtime.block_on(running.reload_rules()).map_err(|error| error.to_string())
    }

    /// Takes entries in, as from a watch of its own node.
    pub fn tell(&self, entries: Vec<Entry>) {
        let own = self.running.as_ref().unwrap().own_node();
        let lines = entries.into_iter().map(|entry| Line { v: VERSION, from: None, entry });
        let lines: Vec<Vec<u8>> = lines.map(|line| serde_json::to_vec(&line).unwrap()).collect();
        self.runtime.block_on(own.keep(lines.iter().map(Vec::as_slice))).unwrap();
    }

    /// Hash of the rules in force.
    pub fn rules(&self) -> String {
        self.running.as_ref().unwrap().rules().0
    }

    fn sign_in(&mut self) {
        let path = self.link.split_once("/signin").unwrap().1.to_owned();
        let reply = self.send("GET", &format!("/signin{path}"), &[], b"");
        assert_eq!(reply.status, 303, "{}", reply.text());
        let cookie = reply.header("set-cookie").unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Stops in good order and gives back the directory.
    pub fn stop(mut self) -> TempDir {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
        self.dir
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request as the person who is signed in.
    pub fn person(&self, method: &str, path: &str, body: &str) -> Reply {
        let (cookie, origin) = (self.cookie.clone(), self.origin());
        let headers = [
            ("cookie", cookie.as_str()),
            ("origin", origin.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(method, path, &headers, body.as_bytes())
    }

    /// Makes a token with these scopes.
    pub fn token(&self, scopes: &str) -> String {
        let body = format!(r#"{{"name": "test", "scopes": [{scopes}]}}"#);
        let reply = self.person("POST", "/v1/tokens", &body);
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()["secret"].as_str().unwrap().to_owned()
    }

    /// Delivers to the audit webhook.
    pub fn deliver(&self, token: &str, body: &[u8]) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send("POST", "/k8s-audit", &headers, body)
    }

    /// Sends a request; `host` is the server's own unless given.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).unwrap();
        // A server may answer and close before it has read everything.
        let _ = stream.write_all(body);
        read_reply(&mut stream)
    }
}

fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Reply { status, head, body: if chunked { unchunk(&body) } else { body } }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let length = std::str::from_utf8(&body[..end]).unwrap_or("0");
        let length = usize::from_str_radix(length, 16).unwrap_or(0);
        let Some(chunk) = body.get(end + 2..end + 2 + length).filter(|it| !it.is_empty()) else {
            break;
        };
        whole.extend_from_slice(chunk);
        body = body.get(end + 4 + length..).unwrap_or_default();
    }
    whole
}

/// An exec into a pod, which the shipped rules alert on.
pub fn exec(id: &str) -> String {
    exec_at(id, "2026-11-22T12:30:00.000000Z")
}

pub fn exec_at(id: &str, time: &str) -> String {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": id, "stage": "ResponseStarted",
        "requestURI": "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&container=web",
        "verb": "create",
        "user": {"username": "alice", "groups": ["system:authenticated"]},
        "sourceIPs": ["192.0.2.10"],
        "userAgent": "kubectl",
        "objectRef": {
            "resource": "pods", "namespace": "shop", "name": "web-1", "apiVersion": "v1",
            "subresource": "exec",
        },
        "responseStatus": {"code": 101},
        "requestReceivedTimestamp": time,
        "stageTimestamp": time,
    })
    .to_string()
}

/// A read that no rule minds.
pub fn quiet(id: &str) -> String {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": id, "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods",
        "verb": "list",
        "user": {"username": "bob", "groups": ["system:authenticated"]},
        "objectRef": {"resource": "pods", "namespace": "shop"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-11-22T12:30:00.000000Z",
        "stageTimestamp": "2026-11-22T12:30:00.000000Z",
    })
    .to_string()
}

pub fn list(items: &[String]) -> String {
    format!(
        r#"{{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{{}},"items":[{}]}}"#,
        items.join(",")
    )
}

/// Waits until `look` finds something; bounded by a time that no sound machine needs.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
