//! A server that hears nodes, agents of it, and what their trail holds.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use control::evidence::{Canary, Entry, Line, SourceStatus};
use event::Time;
use trail::Reader;

use super::serving::Server;

/// Families of rules for system calls.
pub const FAMILIES: usize = 15;
const RULE: &str = "
- rule: Marker removed
  desc: A file of this test is removed.
  condition: evt.type = unlink and evt.arg.path startswith FOLDER/marker-
  output: removed %evt.arg.path
  priority: NOTICE
";

/// Returns the agent, or says why nothing can be watched here: then there is nothing to test.
pub fn or_skip(agent: Result<Agent, String>) -> Option<Agent> {
    agent.inspect_err(|reason| skip(reason)).ok()
}

pub fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// A server that hears nodes, and what an agent of it needs.
pub struct Place {
    pub folder: tempfile::TempDir,
    agents: String,
}

impl Place {
    pub fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let rule = RULE.replace("FOLDER", folder.path().to_str().unwrap());
        fs::write(folder.path().join("rule.yaml"), rule).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Place { folder, agents: free.to_string() }
    }

    /// Makes one with a server that the node `n1` has joined.
    pub fn joined() -> (Place, Server) {
        let place = Place::new();
        let server = place.serve();
        place.join("n1");
        (place, server)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn serve(&self) -> Server {
        Server::start_with(
            &self.path("data"),
            &[("SOCKEYE_AGENTS", &self.agents), ("SOCKEYE_SENSOR", "off")],
        )
    }

    /// Invites a node and has it join; it keeps its things in `agent`.
    pub fn join(&self, node: &str) {
        let data = self.path("data");
        let invited = sockeye(&["nodes", "add", node, "--data"]).arg(data).output().unwrap();
        assert!(invited.status.success(), "{invited:?}");
        let command = String::from_utf8(invited.stdout).unwrap();
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let mut join = sockeye(&words);
        let joined = join.arg("--join-only").arg("--data").arg(self.path("agent")).output();
        let joined = joined.unwrap();
        assert!(joined.status.success(), "{joined:?}");
    }

    /// Starts to watch; says why not, where it cannot be.
    pub fn watch(&self, command: &mut Command) -> Result<Agent, String> {
        command.args(["agent", "-r"]).arg(self.path("rule.yaml"));
        self.begin(command)
    }

    /// Starts an agent, by whatever rules.
    pub fn begin(&self, command: &mut Command) -> Result<Agent, String> {
        command.arg("--data").arg(self.path("agent"));
        let mut agent = Agent::of(command.stderr(Stdio::piped()));
        loop {
            let mut line = String::new();
            if agent.stderr.read_line(&mut line).unwrap() == 0 {
                let status = agent.child.wait().unwrap();
                assert_eq!(status.code(), Some(2), "{:?}", agent.said);
                return Err(agent.said.join(" "));
            }
            agent.said.push(line.trim().to_owned());
            if line.starts_with("ready: ") {
                return Ok(agent);
            }
        }
    }

    /// Waits until the trail has a canary of every family of rules.
    pub fn until_canaries(&self) -> Vec<Canary> {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let canary = |line| match line {
                Line { entry: Entry::Canary(canary), from: Some(_), .. } => Some(canary),
                _ => None,
            };
            let canaries: Vec<Canary> = self.trail().into_iter().filter_map(canary).collect();
            if canaries.len() >= FAMILIES {
                return canaries;
            }
            assert!(Instant::now() < end, "{canaries:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub fn remove_marker(&self, number: u32) {
        let path = self.path(&format!("marker-{number}"));
        fs::write(&path, "").unwrap();
        fs::remove_file(path).unwrap();
    }

    /// Returns what the trail has, entry by entry.
    pub fn trail(&self) -> Vec<Line> {
        let reader = Reader::open(&self.path("data").join("trail")).unwrap();
        let blocks = (0..reader.blocks()).map(|number| reader.block(number).unwrap());
        let read = |block: std::sync::Arc<trail::Block>| {
            block.entries().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect::<Vec<_>>()
        };
        blocks.flat_map(read).collect()
    }

    /// Waits until the trail has a marker; says how often it has each.
    pub fn until_marker(&self, number: u32) -> BTreeMap<u32, u32> {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let markers = markers(&self.trail());
            if markers.contains_key(&number) {
                return markers;
            }
            assert!(Instant::now() < end, "marker {number} did not come, only {markers:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// An agent that watches.
pub struct Agent {
    pub child: Child,
    pub said: Vec<String>,
    stderr: BufReader<ChildStderr>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    pub fn of(command: &mut Command) -> Agent {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Agent { child, said: Vec::new(), stderr }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

pub fn sockeye(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(words).env("SOCKEYE_LOG", "warn");
    command
}

/// Counts how often each marker stands in the trail.
pub fn markers(lines: &[Line]) -> BTreeMap<u32, u32> {
    let mut markers = BTreeMap::new();
    for line in lines {
        let Entry::Event(event) = &line.entry else { continue };
        let name = event.alerts[0].output.clone();
        let number = name.rsplit('-').next().unwrap().parse().unwrap();
        *markers.entry(number).or_default() += 1;
    }
    markers
}

/// Returns the statuses of nodes, in the order of the trail.
pub fn statuses(lines: &[Line]) -> Vec<&SourceStatus> {
    let of_node = |line| match line {
        &Line { entry: Entry::Status(ref status), from: Some(_), .. } => Some(status),
        _ => None,
    };
    lines.iter().filter_map(of_node).collect()
}

pub fn now() -> Time {
    node::now()
}

/// Fails if a number of a stream stands twice, or one is missing.
pub fn check_numbers(lines: &[Line]) {
    let mut last: BTreeMap<(String, String), u64> = BTreeMap::new();
    for from in lines.iter().filter_map(|line| line.from.as_ref()) {
        assert_eq!(from.node, "n1");
        let last = last.entry((from.node.clone(), from.stream.clone())).or_default();
        assert_eq!(from.number, *last + 1, "{}", from.stream);
        *last = from.number;
    }
    assert!(!last.is_empty());
}

/// Stops a server.
pub fn end(mut server: Server) {
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}
