//! Measures a replay: GB per CPU-second and peak memory, over given logs with given rules.
//!
//! ```text
//! cargo bench -p detect --bench replay -- --rules RULES.yaml LOG…
//! cargo bench -p detect --bench replay            (the built-in rules over a made log)
//! ```
//!
//! What to reach with the 48 published audit rules over a log at RequestResponse level: 1.5 GB per
//! CPU-second in less than 50 MB.
#![allow(clippy::print_stdout, missing_docs, reason = "a benchmark talks to a terminal")]

use std::fs::{self, File};
use std::io;
use std::sync::Arc;
use std::time::Instant;

use detect::{Detector, Matching, Replay, Summary};
use event::Time;
use rule::RuleFile;
use source::input::Lines;

const ROUNDS: usize = 5;
/// In a test run it is enough that it works.
const TEST_ROUNDS: usize = 1;
const MADE_EVENTS: usize = 40_000;

struct Asked {
    rules: Vec<RuleFile>,
    logs: Vec<String>,
    matching: Matching,
    rounds: usize,
}

fn main() -> io::Result<()> {
    let asked = asked()?;
    let (ruleset, diagnostics) = rule::load(&asked.rules, source::sources());
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        println!("{}", diagnostic.message);
    }
    let (detector, _) = Detector::new(&ruleset, |_| Arc::from([]));
    println!("{} rules", detector.rules().count());
    let made = if asked.logs.is_empty() { made_log() } else { Vec::new() };
    for round in 1..=asked.rounds {
        let (cpu, wall) = (cpu_seconds(), Instant::now());
        let mut replay =
            Replay::new(detector.clone(), asked.matching, "bench".to_owned(), Time::default());
        if asked.logs.is_empty() {
            replay.read(Lines::of(&made[..])?, |_| {})?;
        }
        for log in &asked.logs {
            replay.read(Lines::of_file(File::open(log)?)?, |_| {})?;
        }
        let summary = replay.summary();
        tell(round, &summary, cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
        if round == asked.rounds {
            let counts = summary.alerts.iter().chain(&summary.priorities);
            counts.for_each(|(name, count)| println!("  {name}: {count}"));
        }
    }
    Ok(())
}

fn asked() -> io::Result<Asked> {
    let mut asked =
        Asked { rules: Vec::new(), logs: Vec::new(), matching: Matching::First, rounds: ROUNDS };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--test" => asked.rounds = TEST_ROUNDS,
            "--all" => asked.matching = Matching::All,
            "--rules" => {
                let path = arguments.next().unwrap_or_default();
                asked.rules.push(RuleFile::new(path.clone(), fs::read(&path)?));
            }
            _ => asked.logs.push(argument),
        }
    }
    if asked.rules.is_empty() {
        asked.rules = detect::own_rules();
    }
    Ok(asked)
}

fn tell(round: usize, summary: &Summary, cpu: f64, wall: f64) {
    let counts = summary.sources.values().next().copied().unwrap_or_default();
    let gigabytes = summary.bytes as f64 / 1e9;
    println!(
        "round {round}: {gigabytes:.3} GB in {cpu:.3} CPU-s ({wall:.3} s): {:.2} GB per CPU-s, \
         {:.2} M records per CPU-s",
        gigabytes / cpu,
        counts.read as f64 / 1e6 / cpu,
    );
    println!(
        "  {} records, {} rejected, {} unread, {} alerts, peak memory {} MB",
        counts.read,
        counts.rejected,
        counts.dismissed_unread,
        counts.alerts,
        peak_megabytes(),
    );
}

/// Returns CPU time of the main thread, which does all the work.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

fn peak_megabytes() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// Makes a log in the proportions of a real one: half of it tells only that a request came in, most
/// bytes are bodies of answers.
fn made_log() -> Vec<u8> {
    let mut log = Vec::new();
    let body = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"app\":\"web\"},\
                \"managedFields\":[{\"manager\":\"kubelet\",\"fieldsV1\":{\"f:status\":{}}}]}}";
    for number in 0..MADE_EVENTS {
        let (verb, resource) =
            [("list", "pods"), ("get", "leases"), ("update", "endpoints")][number % 3];
        for stage in ["RequestReceived", "ResponseComplete"] {
            let answer = match stage {
                "RequestReceived" => String::new(),
                _ => format!(",\"responseObject\":{{\"items\":[{}]}}", [body; 24].join(",")),
            };
            log.extend_from_slice(
                format!(
                    "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\
                     \"RequestResponse\",\"auditID\":\"{number:08x}\",\"stage\":\"{stage}\",\
                     \"requestURI\":\"/api/v1/{resource}\",\"verb\":\"{verb}\",\"user\":\
                     {{\"username\":\"system:node:n{}\",\"groups\":[\"system:nodes\"]}},\
                     \"objectRef\":{{\"resource\":\"{resource}\",\"namespace\":\"default\"}},\
                     \"responseStatus\":{{\"metadata\":{{}},\"code\":200}}{answer},\
                     \"stageTimestamp\":\"2026-11-22T04:05:06.000001Z\"}}\n",
                    number % 7,
                )
                .as_bytes(),
            );
        }
    }
    log
}
