//! `sockeye serve` watches the machine that it runs on: from a system call to the finding, the
//! trail entry that proves it, and the statuses that tell when nothing was watched. Needs root and
//! a kernel that loads the programs.

mod serving;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use control::evidence::{Canary, Entry, Event, Line, SourceStatus};
use serde_json::Value;
use serving::{Server, alone, send};
use trail::Reader;

const RULE: &str = "
- rule: Marker removed
  desc: The file of this test is removed.
  condition: evt.type in (unlink, unlinkat) and evt.arg.name endswith a-marker-of-this-test
  output: removed %evt.arg.name by %proc.name of %user.name
  priority: NOTICE
";
/// Longest time from the act to the finding.
const WAIT: Duration = Duration::from_secs(20);

fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

fn start(folder: &Path, variables: &[(&str, &str)]) -> Server {
    let rule = folder.join("rule.yaml");
    fs::write(&rule, RULE).unwrap();
    let arguments =
        ["-r", rule.to_str().unwrap(), "--rules-approved-by", "Grace Hopper", "--cluster", "eu-1"];
    Server::start_as(&folder.join("data"), &arguments, variables)
}

fn stop(mut server: Server) {
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

fn get(server: &Server, headers: &[String], path: &str) -> Value {
    let (status, _, body) = send(&server.address, &format!("GET {path} HTTP/1.1"), headers, b"");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Removes the marker, and waits for its finding.
fn act(server: &Server, headers: &[String], folder: &Path) -> Value {
    let marker = folder.join("a-marker-of-this-test");
    fs::write(&marker, "").unwrap();
    assert!(Command::new("rm").arg(&marker).status().unwrap().success());
    let end = Instant::now() + WAIT;
    loop {
        let alerts = get(server, headers, "/v1/alerts");
        if let Some(alert) = alerts["items"].as_array().unwrap().first() {
            return alert.clone();
        }
        assert!(Instant::now() < end, "nobody told of the act");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the watch put into the trail.
fn told(folder: &Path) -> (Vec<Event>, Vec<SourceStatus>) {
    let reader = Reader::open(&folder.join("data/trail")).unwrap();
    let (mut events, mut statuses) = (Vec::new(), Vec::new());
    for number in 0..reader.blocks() {
        for bytes in reader.block(number).unwrap().entries() {
            let line: Line = serde_json::from_slice(bytes).unwrap();
            match line.entry {
                Entry::Event(event) => events.push(event),
                Entry::Status(status) if status.source == "syscall" => statuses.push(status),
                _ => {}
            }
        }
    }
    (events, statuses)
}

#[test]
fn what_happens_on_the_servers_own_node_is_found_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = start(folder, &[("SOCKEYE_SENSOR", "auto")]);
    let headers = server.sign_in();
    let status = get(&server, &headers, "/v1/status");
    let rules = &status["rules_by_source"][0];
    assert_eq!(rules["source"], "syscall");
    if let Some(why) = rules["unfed"].as_str() {
        assert!(why.starts_with("no system calls are watched here: "), "{why}");
        assert!(server.said.contains(why), "the banner says so, too: {}", server.said);
        stop(server);
        return skip(why);
    }
    assert!(server.said.contains("sensor       step "), "{}", server.said);
    let sources = get(&server, &headers, "/v1/sources");
    let node = sources["items"].as_array().unwrap().iter().find(|one| one["source"] == "syscall");
    assert_eq!(node.unwrap()["state"], "receiving");
    let found = act(&server, &headers, folder);
    assert_eq!(found["alert"]["rule"], "Marker removed");
    assert_eq!(found["alert"]["subject"]["cluster"], "eu-1");
    stop(server);

    let (events, statuses) = told(folder);
    let [event] = events.as_slice() else { panic!("one event: {events:?}") };
    let raw: Value = serde_json::from_str(event.raw.get()).unwrap();
    assert_eq!(raw["process"]["name"], "rm");
    let lineage = raw["lineage"].as_array().unwrap();
    assert_eq!(lineage[0]["pid"], std::process::id(), "who ran `rm`: this test");
    let [begun, first] = statuses.as_slice() else { panic!("two statuses: {statuses:?}") };
    assert_eq!((begun.records, begun.connected, &begun.minute), (0, false, &first.minute));
    let sensor = first.sensor.as_ref().unwrap();
    assert_eq!(event.id, format!("{}/1", sensor.boot));
    assert_eq!((sensor.sequence, first.alerts, first.connected), (2, 1, false));
    assert!(first.records > 0 && sensor.seen >= first.records, "{first:?}");
    assert_eq!((sensor.build.len(), sensor.silent_since), (64, None));

    // After a restart the first status says to the second since when nothing was watched.
    stop(start(folder, &[("SOCKEYE_SENSOR", "on")]));
    let (_, statuses) = told(folder);
    let again = statuses.last().unwrap();
    let sensor_again = again.sensor.as_ref().unwrap();
    assert_ne!(sensor_again.boot, sensor.boot);
    let silent = sensor_again.silent_since.unwrap();
    let (since, until) = (event.received, sensor_again.watching_since.unwrap());
    assert!(since <= silent && silent < until, "{since} {silent} {until}");
    let reason = again.reason.as_ref().unwrap();
    assert!(reason.contains("; nothing was watched since "), "{reason}");
}

/// Longest time until every canary was planted and told of.
const CANARIES_WAIT: Duration = Duration::from_secs(120);

#[test]
fn every_family_of_rules_is_shown_to_see_by_a_canary_that_opens_no_finding() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &[("SOCKEYE_SENSOR", "auto")]);
    if !server.said.contains("sensor       step ") {
        let said = server.said.clone();
        stop(server);
        return skip(&said);
    }
    let end = Instant::now() + CANARIES_WAIT;
    let canaries = loop {
        let canaries = canaries(&data);
        if canaries.len() >= 15 {
            break canaries;
        }
        assert!(Instant::now() < end, "{canaries:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let headers = server.sign_in();
    let findings = get(&server, &headers, "/v1/findings?limit=200").to_string();
    assert!(!findings.contains("sockeye-canary"), "{findings}");
    assert!(!findings.contains("Canary missed"), "{findings}");
    stop(server);
    for canary in canaries {
        let none = canary.family == "container-launch";
        let outcome = if none { "not-tested" } else { "seen" };
        assert_eq!(canary.outcome.name(), outcome, "{canary:?}");
        assert!(canary.rules.contains(&canary.rule) || none, "{canary:?}");
    }
}

/// Two rules that will tell of nothing: one is switched off, one asks for too much.
const SILENCED: &str = "
- rule: Known crypto miner started
  enabled: false
  override: {enabled: replace}
- rule: Tunnel opened past the boundary
  condition: and proc.name = nobody-is-called-so
  override: {condition: append}
";

#[test]
fn a_canary_that_is_missed_opens_a_finding() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let silenced = folder.path().join("silenced.yaml");
    fs::write(&silenced, SILENCED).unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/syscall");
    let rules = ["-r", rules.to_str().unwrap(), "-r", silenced.to_str().unwrap()];
    let server = Server::start_as(&data, &rules, &[("SOCKEYE_SENSOR", "auto")]);
    if !server.said.contains("sensor       step ") {
        let said = server.said.clone();
        stop(server);
        return skip(&said);
    }
    let headers = server.sign_in();
    let end = Instant::now() + CANARIES_WAIT;
    let missed = loop {
        let canaries = canaries(&data);
        let missed: Vec<Canary> =
            canaries.into_iter().filter(|canary| canary.outcome.missed() == Some(true)).collect();
        if missed.len() >= 2 {
            break missed;
        }
        assert!(Instant::now() < end, "{missed:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let families: Vec<&str> = missed.iter().map(|canary| &*canary.family).collect();
    assert_eq!(families, ["miners", "network-boundary"]);
    let findings = get(&server, &headers, "/v1/findings?status=open&limit=200");
    let open =
        |rule: &str| findings["items"].as_array().unwrap().iter().any(|one| one["rule"] == rule);
    assert!(open("Canary missed: miners") && open("Canary missed: network-boundary"), "{findings}");
    let sources = get(&server, &headers, "/v1/sources").to_string();
    let why = "no alert within 20 s: it is switched off";
    assert!(sources.contains(why), "{sources}");
    stop(server);
}

fn canaries(data: &Path) -> Vec<Canary> {
    let reader = Reader::open(&data.join("trail")).unwrap();
    let blocks = (0..reader.blocks()).map(|number| reader.block(number).unwrap());
    let mut canaries = Vec::new();
    for block in blocks {
        for bytes in block.entries() {
            let line: Line = serde_json::from_slice(bytes).unwrap();
            if let Entry::Canary(canary) = line.entry
                && canary.source == "syscall"
            {
                canaries.push(canary);
            }
        }
    }
    canaries
}

#[test]
fn a_server_told_not_to_watch_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[("SOCKEYE_SENSOR", "off")]);
    let told = "1 of syscall rest: no system calls are watched here: `--sensor off`";
    assert!(server.said.contains(told), "{}", server.said);
    stop(server);
}

#[test]
fn a_server_that_must_watch_and_cannot_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("none.yaml"), "- list: empty\n  items: []\n").unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["serve", "--listen", "127.0.0.1:0", "--sensor", "on", "--data"])
        .arg(folder.path().join("data"))
        .arg("-r")
        .arg(folder.path().join("none.yaml"))
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("(`--sensor on`) and cannot be: none of the rules is"), "{said}");
}
