//! `sockeye detect --live` as a person runs it. Needs root and a kernel that loads the programs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

const RULE: &str = "
- rule: Marker removed
  desc: The file of this test is removed.
  condition: evt.type in (unlink, unlinkat) and evt.arg.name endswith a-marker-of-this-test
  output: removed %evt.arg.name by %proc.name of %user.name
  priority: NOTICE
";

fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

#[test]
fn what_happens_on_this_machine_is_told_and_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("rule.yaml"), RULE).unwrap();
    let mut live = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["detect", "--live", "--for", "60s", "-o", "json", "-r"])
        .arg(path("rule.yaml"))
        .arg("--summary")
        .arg(path("summary.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(live.stderr.take().unwrap()).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| {
        said.push(line.clone());
        line.starts_with("ready: step ")
    });
    if !ready {
        let status = live.wait().unwrap();
        assert_eq!(status.code(), Some(2), "{said:?}");
        assert!(said.iter().any(|line| line.starts_with("error: cannot watch this machine")));
        return skip(&said.join(" "));
    }
    fs::write(path("a-marker-of-this-test"), "").unwrap();
    let removed = Command::new("rm").arg(path("a-marker-of-this-test")).status().unwrap();
    assert!(removed.success());
    let mut alerts = BufReader::new(live.stdout.take().unwrap()).lines();
    let alert: Value = serde_json::from_str(&alerts.next().unwrap().unwrap()).unwrap();
    assert_eq!(alert["rule"], "Marker removed");
    assert_eq!(alert["source"], "syscall");
    assert_eq!(alert["reliability"], "complete", "what was seen was seen, on every step");
    assert_eq!(alert["subject"]["process"], "rm");
    let name = path("a-marker-of-this-test").display().to_string();
    assert_eq!(alert["output_fields"]["evt.arg.name"], name);
    let stopped = Command::new("kill").args(["-INT", &live.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    // What it still says must be read, or it could wait for a reader.
    said.extend(lines.map_while(Result::ok));
    assert!(live.wait().unwrap().success(), "Ctrl-C ends it cleanly");
    let text = fs::read_to_string(path("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["alerts"]["Marker removed"], 1);
    assert!(summary["seen"].as_u64().unwrap() > 0);
    assert!(["fexit", "tracepoint", "btf"].contains(&summary["step"].as_str().unwrap()));
    assert_eq!(summary["lost"]["ring_full"], 0);
    // What the step cannot see is said at the start and in the summary.
    let blind = summary["blind"].as_array().into_iter().flatten();
    for unseen in blind.filter_map(Value::as_str) {
        assert!(said.contains(&format!("degraded: {unseen}")), "{unseen}: {said:?}");
    }
}

const LOADED: &str = "
- rule: Program loaded into the kernel
  desc: Somebody loads a BPF program.
  condition: evt.type = bpf and evt.arg.cmd contains BPF_PROG_LOAD
  output: loaded by %proc.name
  priority: NOTICE
";

#[test]
fn what_the_sensor_loads_itself_raises_no_alert_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("rule.yaml"), LOADED).unwrap();
    // One watches while the other loads.
    let live = |name: &str, time: &str| {
        let mut live = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        live.args(["detect", "--live", "--for", time, "-o", "json", "-r"]);
        live.arg(path("rule.yaml")).arg("--summary").arg(path(name));
        live.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut first = live("first.json", "60s");
    let mut said = BufReader::new(first.stderr.take().unwrap()).lines();
    if !said.by_ref().map_while(Result::ok).any(|line| line.starts_with("ready: step ")) {
        first.wait().unwrap();
        return skip("the sensor does not start here");
    }
    let second = live("second.json", "100ms").wait_with_output().unwrap();
    assert!(second.status.success());
    let mut alerts = BufReader::new(first.stdout.take().unwrap()).lines();
    let alert: Value = serde_json::from_str(&alerts.next().unwrap().unwrap()).unwrap();
    assert_eq!(alert["output_fields"]["proc.name"], "sockeye", "another one is no exception");
    let stopped = Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    said.for_each(drop);
    alerts.for_each(drop);
    assert!(first.wait().unwrap().success());
    for name in ["first.json", "second.json"] {
        let text = fs::read_to_string(path(name)).unwrap();
        let summary: Value = serde_json::from_str(&text).unwrap();
        assert!(summary["own"].as_u64().unwrap() > 0, "{name}: {summary}");
        if name == "second.json" {
            assert_eq!(summary["alerts"].as_object().unwrap().len(), 0, "{summary}");
        }
    }
}

const NAMED: &str = "
- rule: Connection to this machine by name
  desc: Somebody connects to an address that a name of /etc/hosts stands for.
  condition: >
    evt.type = connect and fd.sip.name in (localhost, no-such-name.invalid)
    and fd.sport = PORT
  output: connected to %fd.sip.name
  priority: NOTICE
";

#[test]
fn an_address_is_known_by_the_name_that_a_rule_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let there = listener.local_addr().unwrap();
    let rule = NAMED.replace("PORT", &there.port().to_string());
    fs::write(path("rule.yaml"), rule).unwrap();
    let mut live = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["detect", "--live", "--for", "60s", "-o", "json", "-r"])
        .arg(path("rule.yaml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(live.stderr.take().unwrap()).lines();
    if !said.by_ref().map_while(Result::ok).any(|line| line.starts_with("ready: step ")) {
        live.wait().unwrap();
        return skip("the sensor does not start here");
    }
    let mut alerts = BufReader::new(live.stdout.take().unwrap()).lines();
    // The name is looked up beside the reading, so the first connection may be too early.
    let seen = AtomicBool::new(false);
    let alert = thread::scope(|scope| {
        scope.spawn(|| {
            while !seen.load(Ordering::Relaxed) {
                TcpStream::connect(there).unwrap();
                listener.accept().unwrap();
                thread::sleep(Duration::from_millis(20));
            }
        });
        let alert = alerts.next();
        seen.store(true, Ordering::Relaxed);
        alert.expect("an alert within a minute").unwrap()
    });
    let alert: Value = serde_json::from_str(&alert).unwrap();
    assert_eq!(alert["output_fields"]["fd.sip.name"], "localhost");
    let stopped = Command::new("kill").args(["-INT", &live.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    alerts.for_each(drop);
    said.for_each(drop);
    assert!(live.wait().unwrap().success());
}

#[test]
fn what_only_a_watch_asks_for_is_refused_for_recorded_events() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    fs::write(&log, "").unwrap();
    let detect = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        command.arg("detect").args(options).arg(&log).env("SOCKEYE_KUBECONFIG", "/nowhere");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for options in [
        ["--for", "1s"],
        ["--step", "btf"],
        ["--push-down", "off"],
        ["--kubeconfig", "/nowhere"],
        ["--kubernetes-node", "n1"],
    ] {
        let (code, said) = detect(&options);
        assert_eq!(code, Some(2), "{options:?}: {said}");
        assert!(said.contains("--live"), "{options:?}: {said}");
    }
    // A variable may stand there for other commands.
    let (code, said) = detect(&[]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_watch_in_a_pid_namespace_of_its_own_says_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let rule = folder.path().join("rule.yaml");
    fs::write(&rule, RULE).unwrap();
    let done = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", env!("CARGO_BIN_EXE_sockeye")])
        .args(["detect", "--live", "--for", "1s", "-r"])
        .arg(&rule)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if !said.contains("ready: step ") {
        return skip(&said);
    }
    assert!(said.contains("degraded: processes: this program is in a pid namespace"), "{said}");
    assert!(said.contains("hostPID: true"), "{said}");
}
