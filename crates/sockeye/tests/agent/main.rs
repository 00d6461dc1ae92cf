//! `sockeye agent` as a person runs it: it joins, watches this machine, and is killed at any time.
//! What it found comes to the server once. Needs root and a kernel that loads the programs.
//! `SOCKEYE_KILLS` says how often it is killed in each test.

mod gathered;
mod kill;
mod place;
#[path = "../serving/mod.rs"]
mod serving;

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use control::evidence::{Entry, Line, Outcome};
use event::Time;
use serde_json::Value;

use place::{Agent, FAMILIES, Place, check_numbers, end, now, or_skip, sockeye, statuses};
use serving::{alone, send};

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
    let (place, server) = Place::joined();
    let Some(agent) = or_skip(place.begin(&mut sockeye(&["agent"]))) else { return };
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
    // What they raised is no alert of the node: its minutes count what its events tell.
    let told = place.trail().iter().map(alerts_of).sum::<usize>();
    assert_eq!(node.unwrap()["totals"]["alerts"], told.to_string());
    let findings = get("/v1/findings?limit=200").to_string();
    assert!(!findings.contains("sockeye-canary"), "{findings}");
    assert!(!findings.contains("Canary missed"), "{findings}");
    end(server);
}

fn alerts_of(line: &Line) -> usize {
    match &line.entry {
        Entry::Event(event) if event.source == "syscall" => event.alerts.len(),
        _ => 0,
    }
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
    let (place, server) = Place::joined();
    let Some(mut agent) = or_skip(place.watch(&mut under(&["env"]))) else { return };
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
    let (place, server) = Place::joined();
    // Started with more, it keeps no more.
    let Some(agent) = or_skip(place.watch(&mut sockeye(&[]))) else { return };
    let status = fs::read_to_string(format!("/proc/{}/status", agent.child.id())).unwrap();
    assert!(status.contains(FOUR), "{status}");
    // Huge pages would double what it holds.
    assert!(!status.contains("THP_enabled:\t1"), "{status}");
    agent.stop();
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
