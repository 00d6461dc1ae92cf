//! Measures what a record of a system call costs the reader, and how large the tables grow.
//!
//! ```text
//! cargo bench -p detect --bench live -- --rules RULES.yaml…
//! cargo bench -p detect --bench live                          (the built-in rules)
//! ```
#![allow(clippy::print_stdout, missing_docs, reason = "a benchmark talks to a terminal")]

use std::fs;
use std::io;
use std::sync::Arc;

use detect::{Detector, Live, Matching};
use event::Time;
use rule::RuleFile;
use syscall::record::{Head, Kind, Operation, PROCESS_LEN, Record, Writer};
use syscall::{Environment, Home, Tables};

const RECORDS: usize = 1_000_000;
/// In a test run it is enough that it works.
const TEST_RECORDS: usize = 1_000;
const PROCESSES: u32 = 50_000;
const TICK: u64 = 10_000_000;

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    let mut records = RECORDS;
    let mut named = false;
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "--bench" => {}
            "--test" => records = TEST_RECORDS,
            "--rules" => named = true,
            path if named => files.push(RuleFile::new(path, fs::read(path)?)),
            other => return Err(io::Error::other(format!("what is `{other}`?"))),
        }
    }
    let files = if files.is_empty() { detect::own_rules() } else { files };
    let (rules, _) = rule::load(&files, source::sources());
    let (detector, told) = Detector::new(&rules, |_| Arc::from([]));
    told.iter().for_each(|one| println!("{}", one.message));
    let judging = detector.rules().filter(|(source, _)| *source == "syscall").count();
    println!("{judging} rules for system calls");
    let home = Home { proc: "/no/such/proc".into(), root: "/no/such/root".into() };
    let tables = Tables::new(home, Time(0), Environment::Left);
    let mut live = Live::new(detector, tables, Matching::All, "bench".to_owned());
    let before = resident_bytes();
    for pid in 1..=PROCESSES {
        let parent = pid / 2;
        take(&mut live, &executes(pid, parent));
    }
    let each = resident_bytes().saturating_sub(before) / u64::from(PROCESSES);
    println!(
        "{PROCESSES} processes: {} MB, {each} bytes each",
        (each * u64::from(PROCESSES)) >> 20
    );
    let one = |what: &str, bytes: &[u8], live: &mut Live| {
        take(live, bytes);
        let cpu = cpu_seconds();
        (0..records).for_each(|_| take(live, bytes));
        let nanoseconds = (cpu_seconds() - cpu) * 1e9 / records as f64;
        println!("{what}: {nanoseconds:.0} ns a record");
    };
    let opens = |path: &str, flags: u64| {
        Writer::new(Operation::Openat, &head(40_000, 3, "app"))
            .number(flags)
            .number(0)
            .path(path.as_bytes(), b"/srv")
            .file(3, 0o100_644, 0, path.as_bytes())
            .finish()
    };
    one("open to read, named by no rule", &opens("/srv/data/some/file.bin", 0), &mut live);
    one("open to write, named by no rule", &opens("/srv/data/some/file.bin", 1), &mut live);
    let connects = Writer::new(Operation::Connect, &head(40_000, 0, "app"))
        .socket(5, 2, (&[10, 0, 0, 9], 40_000), (&[10, 0, 2, 7], 5432))
        .raw(Kind::Address, 0, &[2, 0, 0x15, 0x38, 10, 0, 2, 7])
        .finish();
    one("connect", &connects, &mut live);
    one("execve", &executes(40_000, 20_000), &mut live);
    let closes = Writer::new(Operation::Close, &head(40_000, 0, "app")).number(3).finish();
    one("close, which no rule wants", &closes, &mut live);
    println!("{} alerts", live.summary().total_alerts());
    Ok(())
}

fn take(live: &mut Live, bytes: &[u8]) {
    if let Ok(record) = Record::parse(bytes) {
        live.take(&record, None, Time(0), |_| ());
    }
}

fn head(pid: u32, result: i64, name: &str) -> Head {
    Head {
        pid,
        tid: pid,
        parent: pid / 2,
        start: u64::from(pid) * TICK,
        parent_start: u64::from(pid / 2) * TICK,
        time: 1_000_000 * TICK,
        result,
        uid: 1000,
        gid: 1000,
        cgroup: 1,
        comm: name.to_owned(),
        ..Head::default()
    }
}

fn executes(pid: u32, parent: u32) -> Vec<u8> {
    let mut facts = [0; PROCESS_LEN];
    for (at, number) in [(0, pid), (4, pid), (8, parent), (20, pid), (24, pid), (60, 1000)] {
        facts[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    facts[40..48].copy_from_slice(&(u64::from(pid) * TICK).to_le_bytes());
    facts[48..56].copy_from_slice(&(u64::from(parent) * TICK).to_le_bytes());
    facts[128] = 1;
    let name = format!("worker-{}", pid % 1000);
    let path = format!("/usr/lib/application/bin/{name}");
    let args = format!("{name}\0--config\0/etc/application/{pid}.conf\0--workers\08\0");
    Writer::new(Operation::Execve, &head(pid, 0, &name))
        .raw(Kind::Process, 0, &facts)
        .text(path.as_bytes())
        .text(path.as_bytes())
        .text(path.as_bytes())
        .text(b"/srv/application")
        .text(b"/system.slice/application.service")
        .raw(Kind::Bytes, 0, args.as_bytes())
        .raw(Kind::Bytes, 0, b"")
        .finish()
}

/// Processor time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = stat.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    nanoseconds / 1e9
}

fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}
