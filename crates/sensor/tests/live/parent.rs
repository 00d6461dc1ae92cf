//! A process with a sensor loses its parent, or the pid namespace that it lives in.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sensor::{Choice, Kernel, Options, POLL, Sensor, Step};
use syscall::record::Operation;

use crate::acts::{self, Acts};
use crate::text::say;

/// Tells this program to hold a sensor on that step instead of testing one.
const HOLD: &str = "SOCKEYE_HOLD";
/// Longest time until a process has ended and its programs are gone.
const WAIT: Duration = Duration::from_secs(60);

#[test]
fn a_sensor_goes_on_without_the_parent_of_its_process_and_ends_with_the_process() {
    if let Ok(step) = std::env::var(HOLD) {
        return hold(step.parse().expect("a step"));
    }
    for step in Step::LADDER {
        let _alone = acts::alone();
        let before = acts::programs();
        let script = "\"$@\" & wait";
        let Some(mut holder) = Holder::start(&["sh", "-c", script, "sh"], step.name()) else {
            continue;
        };
        let pid = child_of(holder.parent.id());
        holder.parent.kill().expect("the parent can be killed");
        holder.parent.wait().expect("the parent ends");
        Acts::new().run("storm").wait();
        assert!(holder.tells("seen"), "{step}: nothing is seen without the parent");
        kill(pid);
        until_gone(pid, &before);
    }
}

/// On some kernels a process that takes programs off functions hangs for ever when its pid
/// namespace ends meanwhile; there that step is not taken.
#[test]
fn a_sensor_ends_with_its_pid_namespace() {
    let _alone = acts::alone();
    let before = acts::programs();
    let script = "\"$@\" & wait";
    let wrap = ["unshare", "-p", "-f", "sh", "-c", script, "sh"];
    let Some(mut holder) = Holder::start(&wrap, "auto") else { return };
    let init = child_of(holder.parent.id());
    let pid = child_of(init);
    if Kernel::here().waits_for_ending_tasks {
        assert_ne!(holder.step, "fexit");
    }
    kill(init);
    until_gone(pid, &before);
    holder.parent.wait().expect("unshare ends");
    say(&format!("on step {} it ended with its pid namespace", holder.step));
}

/// Holds a sensor until killed, and says what it sees.
fn hold(step: Choice) {
    let mut out = std::io::stdout();
    let options = Options { step, operations: [Operation::Swapoff].into(), ..Options::default() };
    let mut sensor = match Sensor::start(&options) {
        Ok(sensor) => sensor,
        Err(error) => return writeln!(out, "\nrefused {error}").expect("it can be said"),
    };
    writeln!(out, "\nready {}", sensor.standing().step).expect("it can be said");
    let end = Instant::now() + WAIT;
    let mut said = false;
    while Instant::now() < end {
        if sensor.read(1_000, |_| ()) > 0 && !said {
            writeln!(out, "seen").expect("it can be said");
            said = true;
        }
        std::thread::sleep(POLL);
    }
}

/// This program, once more, as the child of something that will be killed.
struct Holder {
    parent: Child,
    lines: Lines<BufReader<ChildStdout>>,
    step: String,
}

impl Holder {
    /// Starts it; says why not, where there is no sensor.
    fn start(wrap: &[&str], step: &str) -> Option<Holder> {
        if !rustix::process::geteuid().is_root() {
            say("skipped: the sensor needs root");
            return None;
        }
        let name = "parent::a_sensor_goes_on_without_the_parent_of_its_process_and_ends_with_the_\
            process";
        let mut parent = Command::new(wrap[0])
            .args(&wrap[1..])
            .arg(std::env::current_exe().expect("this program"))
            .args(["--exact", "--nocapture", name])
            .env(HOLD, step)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the parent runs");
        let lines = BufReader::new(parent.stdout.take().expect("its output")).lines();
        let mut holder = Holder { parent, lines, step: String::new() };
        let answer = holder
            .lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.starts_with("ready ") || line.starts_with("refused "));
        let answer = answer.expect("it says whether it has a sensor");
        match answer.strip_prefix("ready ") {
            Some(step) => step.clone_into(&mut holder.step),
            None => {
                say(&format!("skipped: {answer}"));
                holder.parent.wait().expect("it ends");
                return None;
            }
        }
        Some(holder)
    }

    fn tells(&mut self, what: &str) -> bool {
        self.lines.by_ref().map_while(Result::ok).any(|line| line == what)
    }
}

/// Returns the one child of a process, as the machine numbers it.
fn child_of(parent: u32) -> u32 {
    let is_child = |pid: &u32| status(*pid, "PPid:") == Some(parent.to_string());
    let mut names = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    names.find(is_child).expect("a child")
}

fn status(pid: u32, key: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(value.split_whitespace().next()?.to_owned())
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process");
    kill_process(pid, Signal::KILL).expect("it can be killed");
}

/// Waits until a process has ended, and its programs are gone from the kernel.
fn until_gone(pid: u32, before: &BTreeSet<u32>) {
    let end = Instant::now() + WAIT;
    // Whoever inherits it may not ask how it ended.
    while status(pid, "State:").is_some_and(|state| state != "Z") {
        assert!(Instant::now() < end, "it is still in state {:?}", status(pid, "State:"));
        std::thread::sleep(POLL);
    }
    while acts::programs().difference(before).next().is_some() {
        assert!(Instant::now() < end, "programs are still loaded");
        std::thread::sleep(POLL);
    }
}
