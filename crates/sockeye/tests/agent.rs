//! `sockeye agent` as a person runs it: it joins, watches this machine, and is killed at any time.
//! What it found comes to the server once. Needs root and a kernel that loads the programs.
//! `SOCKEYE_KILLS` says how often it is killed.

mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use control::evidence::{Canary, Entry, Line, Outcome, SourceStatus};
use event::Time;
use serde_json::Value;
use serving::{Server, alone, send};
use trail::Reader;

const KILLS: u32 = 4;
/// Families of rules for system calls.
const FAMILIES: usize = 15;
/// Markers removed before each kill.
const MARKERS: u32 = 5;
const RULE: &str = "
- rule: Marker removed
  desc: A file of this test is removed.
  condition: evt.type = unlink and evt.arg.path startswith FOLDER/marker-
  output: removed %evt.arg.path
  priority: NOTICE
";

fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// A server that hears nodes, and what an agent of it needs.
struct Place {
    folder: tempfile::TempDir,
    agents: String,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let rule = RULE.replace("FOLDER", folder.path().to_str().unwrap());
        fs::write(folder.path().join("rule.yaml"), rule).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Place { folder, agents: free.to_string() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self) -> Server {
        Server::start_with(
            &self.path("data"),
            &[("SOCKEYE_AGENTS", &self.agents), ("SOCKEYE_SENSOR", "off")],
        )
    }

    /// Invites a node and has it join; it keeps its things in `agent`.
    fn join(&self, node: &str) {
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
    fn watch(&self, command: &mut Command) -> Result<Agent, String> {
        command.args(["agent", "-r"]).arg(self.path("rule.yaml"));
        self.begin(command)
    }

    /// Starts an agent, by whatever rules.
    fn begin(&self, command: &mut Command) -> Result<Agent, String> {
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
    fn until_canaries(&self) -> Vec<Canary> {
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

    fn remove_marker(&self, number: u32) {
        let path = self.path(&format!("marker-{number}"));
        fs::write(&path, "").unwrap();
        fs::remove_file(path).unwrap();
    }

    /// Returns what the trail has, entry by entry.
    fn trail(&self) -> Vec<Line> {
        let reader = Reader::open(&self.path("data").join("trail")).unwrap();
        let blocks = (0..reader.blocks()).map(|number| reader.block(number).unwrap());
        let read = |block: std::sync::Arc<trail::Block>| {
            block.entries().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect::<Vec<_>>()
        };
        blocks.flat_map(read).collect()
    }

    /// Waits until the trail has a marker; says how often it has each.
    fn until_marker(&self, number: u32) -> BTreeMap<u32, u32> {
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
struct Agent {
    child: Child,
    said: Vec<String>,
    stderr: BufReader<ChildStderr>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    fn of(command: &mut Command) -> Agent {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Agent { child, said: Vec::new(), stderr }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The cgroup that a service manager gives an agent; nothing can be made in the topmost one.
struct Service(PathBuf);

impl Service {
    fn of(agent: &Agent) -> Service {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let mount = mounts.lines().find(|line| line.contains(" cgroup2 ")).unwrap();
        let pid = agent.child.id();
        let path = Path::new(mount.split(' ').nth(1).unwrap()).join(format!("sockeye-test-{pid}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("cgroup.procs"), pid.to_string()).unwrap();
        Service(path)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

fn sockeye(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(words).env("SOCKEYE_LOG", "warn");
    command
}

/// Counts how often each marker stands in the trail.
fn markers(lines: &[Line]) -> BTreeMap<u32, u32> {
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
fn statuses(lines: &[Line]) -> Vec<&SourceStatus> {
    let of_node = |line| match line {
        &Line { entry: Entry::Status(ref status), from: Some(_), .. } => Some(status),
        _ => None,
    };
    lines.iter().filter_map(of_node).collect()
}

fn now() -> Time {
    node::now()
}

/// Fails if a number of a stream stands twice, or one is missing.
fn check_numbers(lines: &[Line]) {
    let mut last: BTreeMap<(String, String), u64> = BTreeMap::new();
    for from in lines.iter().filter_map(|line| line.from.as_ref()) {
        assert_eq!(from.node, "n1");
        let last = last.entry((from.node.clone(), from.stream.clone())).or_default();
        assert_eq!(from.number, *last + 1, "{}", from.stream);
        *last = from.number;
    }
    assert!(!last.is_empty());
}

#[test]
fn what_an_agent_found_comes_once_whoever_is_killed() {
    let kills = std::env::var("SOCKEYE_KILLS").ok().and_then(|text| text.parse().ok());
    let place = Place::new();
    let mut server = place.serve();
    place.join("n1");
    let mut number = 0;
    let mut killed = None;
    for round in 0..kills.unwrap_or(KILLS) {
        let agent = match place.watch(&mut sockeye(&[])) {
            Ok(agent) => agent,
            Err(reason) => return skip(&reason),
        };
        // Every other time the server is away, or goes in the middle.
        if round % 2 == 1 {
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        }
        for _ in 0..MARKERS {
            place.remove_marker(number);
            number += 1;
        }
        std::thread::sleep(Duration::from_millis(u64::from(round * 137 % 700)));
        if round % 2 == 1 {
            server = place.serve();
        }
        agent.kill();
        killed = Some(now());
    }
    let killed = killed.unwrap();
    let agent = place.watch(&mut sockeye(&[])).unwrap();
    place.remove_marker(number);
    let markers = place.until_marker(number);
    assert!(markers.values().all(|count| *count == 1), "{markers:?}");
    agent.stop();
    let lines = place.trail();
    check_numbers(&lines);
    // The gap before the last run is told to the second.
    let statuses = statuses(&lines);
    let sensor = statuses.last().unwrap().sensor.as_deref().unwrap();
    let since = sensor.silent_since.unwrap();
    let late = (since.0 - killed.0).abs();
    assert!(late <= 2 * Time::SECOND, "silent since {since}, killed at {killed}");
    assert!(sensor.watching_since.unwrap() > since);
    assert!(
        statuses.last().unwrap().reason.as_ref().unwrap().contains("nothing was watched since")
    );
    assert!(sensor.clock_offset_ns.is_none_or(|ns| ns.abs() < Time::SECOND));
    end(server);
}

/// What is said of an act that the kernel forbids.
const NOT_ALLOWED: &str = "this program may not do what the act needs";

/// Tells whether a program may make a user namespace, and in it a root of its own: in a `chroot`
/// and under some security policies none may.
fn may_have_roots_of_their_own() -> bool {
    Command::new("unshare").args(["--user", "true"]).status().is_ok_and(|status| status.success())
}

#[test]
fn an_agents_canaries_are_shown_and_open_no_finding() {
    let _alone = alone();
    let place = Place::new();
    let server = place.serve();
    place.join("n1");
    let agent = match place.begin(&mut sockeye(&["agent"])) {
        Ok(agent) => agent,
        Err(reason) => return skip(&reason),
    };
    let _service = Service::of(&agent);
    let canaries = place.until_canaries();
    let roots = may_have_roots_of_their_own();
    for canary in &canaries {
        let outcome = match &canary.outcome {
            Outcome::NotTested { reason } if reason == NOT_ALLOWED && !roots => "seen",
            other => other.name(),
        };
        let none = canary.family == "container-launch";
        assert_eq!(outcome, if none { "not-tested" } else { "seen" }, "{canary:?}");
        assert_eq!((&*canary.source, &*canary.instance), ("syscall", "n1"));
    }
    let expected = canaries.iter().filter(|one| one.outcome.name() == "seen").count();
    assert!(expected > 0, "{canaries:?}");
    // Its last status comes before it ends, and with it the server lists it.
    agent.stop();
    let headers = server.sign_in();
    let get = |path: &str| {
        let (status, _, body) =
            send(&server.address, &format!("GET {path} HTTP/1.1"), &headers, b"");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let sources = get("/v1/sources");
    let node = sources["items"].as_array().unwrap().iter().find(|one| one["instance"] == "n1");
    let shown = node.unwrap()["canaries"].as_array().unwrap();
    let seen = shown.iter().filter(|one| one["outcome"] == "seen").count();
    assert_eq!((shown.len(), seen), (FAMILIES, expected), "{shown:?}");
    let findings = get("/v1/findings?limit=200").to_string();
    assert!(!findings.contains("sockeye-canary"), "{findings}");
    assert!(!findings.contains("Canary missed"), "{findings}");
    end(server);
}

/// Returns the one child of a process.
fn child_of(parent: u32) -> u32 {
    let mut names = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse().ok()
    });
    let is_child = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| *line == format!("PPid:\t{parent}"))
    };
    names.find(is_child).expect("a child")
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
    // It is nobody's child here, so all there is to wait for is that it holds nothing any more: its
    // files are closed once the last of its threads has ended, and the first may end before.
    let end = Instant::now() + Duration::from_secs(20);
    let gone = || match fs::read_dir(format!("/proc/{pid}/task")) {
        Ok(tasks) => {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            tasks.count() <= 1 && (stat.is_empty() || stat.contains(") Z "))
        }
        Err(_) => true,
    };
    while !gone() {
        assert!(Instant::now() < end, "{pid} does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Started by something, and not alone in its session.
fn under(wrap: &[&str]) -> Command {
    let mut command = Command::new(wrap[0]);
    let agent = env!("CARGO_BIN_EXE_sockeye");
    command.args(&wrap[1..]).args(["sh", "-c", "\"$@\" & wait $!", "sh", agent]);
    command.env("SOCKEYE_LOG", "warn");
    command
}

#[test]
fn an_agent_outlives_its_parent_and_the_end_of_its_pid_namespace_is_told_as_a_gap() {
    let _alone = alone();
    let place = Place::new();
    let server = place.serve();
    place.join("n1");
    let mut agent = match place.watch(&mut under(&["env"])) {
        Ok(agent) => agent,
        Err(reason) => return skip(&reason),
    };
    let pid = child_of(agent.child.id());
    agent.child.kill().unwrap();
    agent.child.wait().unwrap();
    place.remove_marker(0);
    place.until_marker(0);
    kill(pid);
    // As in a pod that does not share the node's pids: the runtime kills the first process.
    let mut agent = place.watch(&mut under(&["unshare", "--pid", "--fork"])).unwrap();
    place.remove_marker(1);
    place.until_marker(1);
    kill(child_of(agent.child.id()));
    let killed = now();
    agent.child.wait().unwrap();
    let agent = place.watch(&mut sockeye(&[])).unwrap();
    place.remove_marker(2);
    let markers = place.until_marker(2);
    assert!(markers.values().all(|count| *count == 1), "{markers:?}");
    agent.stop();
    let lines = place.trail();
    check_numbers(&lines);
    let statuses = statuses(&lines);
    let since = statuses.last().unwrap().sensor.as_deref().unwrap().silent_since.unwrap();
    assert!((since.0 - killed.0).abs() <= 2 * Time::SECOND, "{since}, killed at {killed}");
    end(server);
}

fn end(mut server: Server) {
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

/// Runs as nobody, with these capabilities and no others.
fn as_nobody(capabilities: &str) -> Command {
    let plus: Vec<String> = capabilities.split(',').map(|name| format!("+{name}")).collect();
    let sets = format!("-all,{}", plus.join(","));
    // The tracepoints' numbers are in tracefs, which a machine mounts at its start.
    let mounted = "mount -t tracefs tracefs /sys/kernel/tracing; exec \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", mounted, "sh", "setpriv"])
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"])
        .arg(format!("--bounding-set={sets}"))
        .arg(format!("--inh-caps={sets}"))
        .arg(format!("--ambient-caps={sets}"))
        .arg(env!("CARGO_BIN_EXE_sockeye"))
        .env("SOCKEYE_LOG", "warn");
    command
}

fn give_away(path: &Path) {
    chown(path, Some(65534), Some(65534)).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

/// Bits 2, 19, 38 and 39: to read what others may not, ptrace, perfmon and bpf.
const FOUR: &str = "CapEff:\t000000c000080004";

#[test]
fn an_agent_watches_as_nobody_with_four_capabilities() {
    let place = Place::new();
    let server = place.serve();
    place.join("n1");
    // Started with more, it keeps no more.
    match place.watch(&mut sockeye(&[])) {
        Ok(agent) => {
            let status = fs::read_to_string(format!("/proc/{}/status", agent.child.id())).unwrap();
            assert!(status.contains(FOUR), "{status}");
            agent.stop();
        }
        Err(reason) => return skip(&reason),
    }
    give_away(place.folder.path());
    for (number, step) in [(0, "tracepoint"), (1, "btf")] {
        let four = "bpf,perfmon,sys_ptrace,dac_read_search";
        let agent = place.watch(as_nobody(four).env("SOCKEYE_STEP", step)).unwrap();
        let ready = agent.said.last().unwrap();
        assert!(ready.contains(&format!("watches on step {step}")), "{ready}");
        assert!(agent.said.iter().all(|line| !line.contains(" missing,")), "{:?}", agent.said);
        let status = fs::read_to_string(format!("/proc/{}/status", agent.child.id())).unwrap();
        assert!(status.contains(FOUR), "{status}");
        place.remove_marker(number);
        place.until_marker(number);
        agent.stop();
    }
    // Without them it says what it takes.
    let refused = place.watch(&mut as_nobody("chown")).err().unwrap();
    assert!(refused.contains("CAP_BPF") && refused.contains("cannot watch this node"), "{refused}");
    end(server);
}

#[test]
fn an_agent_that_has_not_joined_says_how() {
    let dir = tempfile::tempdir().unwrap();
    let output = sockeye(&["agent", "--data"]).arg(dir.path().join("agent")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("sockeye nodes add NAME"), "{said}");
}
