//! Calls made in other ways than most are: by 32-bit numbers, through io_uring, on relative paths
//! and through links, and with an argument that another thread swaps. What the kernel's programs
//! drop changes the alerts of none.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use sensor::{Blind, Choice, Step};
use tempfile::TempDir;

use crate::watch::{PushDown, Watch, skip};

/// Times that a program acts before a test gives up on a busy machine.
const TRIES_MAX: usize = 10;
/// Opens of what a second thread renames; their records together fit the ring.
const SWAPS: &str = "1000";

/// Rules for what `acts` does in a folder; the last two name the same file by the argument and by
/// the path that the kernel found.
fn rules(folder: &str) -> String {
    let opens = "evt.type in (open, openat, openat2)";
    let made = format!("({folder}/compat-made, {folder}/uring-made)");
    let conditions = [
        ("written", format!("{opens} and evt.is_open_write=true and fd.name in {made}")),
        ("read", format!("{opens} and evt.is_open_read=true and fd.name in {made}")),
        ("mode", format!("evt.type = chmod and fs.path.name = {folder}/compat-made")),
        ("unlinked", "evt.type = unlink and evt.failed = true".to_owned()),
        ("connected", "evt.type = connect and fd.rport = 9".to_owned()),
        ("missed", format!("{opens} and fd.num < 0 and fd.name startswith /no/such/dir/")),
        ("argument", format!("{opens} and evt.is_open_read=true and fd.name endswith /guilty")),
        ("kernel", format!("{opens} and evt.is_open_read=true and fd.path = {folder}/guilty")),
    ];
    let rule = |(name, condition): (&str, String)| {
        format!(
            "- rule: {name}\n  desc: d\n  priority: INFO\n  output: {folder} {name} %evt.type \
             %fd.path %fs.path.name %evt.res\n  \
             condition: {condition} and proc.exepath startswith {folder}/\n"
        )
    };
    conditions.into_iter().map(rule).collect()
}

/// A folder with the program in it.
fn folder() -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("acts");
    if let Some(built) = std::env::var_os("SOCKEYE_ACTS") {
        fs::copy(built, program).unwrap();
        return Some(folder);
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../sensor/tests/live/acts.c");
    // Not position-independent: the addresses of 32-bit calls must lie low.
    let built = Command::new("cc")
        .args(["-O1", "-no-pie", "-static", "-w", source, "-lpthread", "-o"])
        .arg(program)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        skip("no C compiler (Debian: apt-get install gcc)");
        return None;
    }
    Some(folder)
}

fn act(folder: &Path, words: &[&str]) -> Command {
    let mut act = Command::new(folder.join("acts"));
    act.args(words).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    act
}

/// Lets the program act, once more where records were lost.
fn told(watch: &mut Watch, folder: &TempDir, words: &[&str]) -> Told {
    let name = folder.path().to_str().unwrap();
    for _ in 0..TRIES_MAX {
        for made in ["compat-made", "uring-made"] {
            let _absent = fs::remove_file(folder.path().join(made));
        }
        let printed = folder.path().join("printed");
        let out = fs::File::create(&printed).unwrap();
        let before = watch.lost();
        let lines = watch.seen_of(act(folder.path(), words).stdout(out), name);
        if watch.lost() == before {
            let lines = lines.iter().map(|line| line.replace(name, "DIR")).collect();
            let printed = fs::read_to_string(printed).unwrap();
            return Told { lines, printed, blind: watch.blind().to_vec() };
        }
        skip("records were lost on a busy machine; it acts again");
    }
    panic!("records were lost each time");
}

/// What one run told.
struct Told {
    /// What alerts say.
    lines: Vec<String>,
    /// What the program printed.
    printed: String,
    /// What cannot be seen from there.
    blind: Vec<Blind>,
}

/// Lets a program act on each step, without push-down and with, first while nothing is sure about
/// its cgroup and then again; `see` compares.
fn on_every_step(words: &[&str], see: impl Fn([&Told; 2], Step)) {
    for step in Step::LADDER {
        let runs = [PushDown::Off, PushDown::On].map(|push_down| {
            let folder = folder()?;
            let rules = rules(folder.path().to_str().unwrap());
            let mut watch = Watch::start_with(&[rules], Choice::Only(step), push_down)?;
            let unsure = told(&mut watch, &folder, words);
            watch.settle();
            let dropped = watch.dropped();
            let sure = told(&mut watch, &folder, words);
            let others = told(&mut watch, &folder, &["paths"]);
            assert_eq!(watch.dropped() > dropped, push_down == PushDown::On, "{step}");
            Some([unsure, sure, others])
        });
        let [Some(off), Some(on)] = runs else { continue };
        off.iter().zip(&on).take(2).for_each(|(off, on)| see([off, on], step));
        assert_eq!(off[2].lines, on[2].lines, "{step}");
        assert!(on[2].lines.iter().any(|line| line.starts_with("DIR missed ")), "{step}");
    }
}

fn rule_names(told: &Told) -> Vec<&str> {
    told.lines.iter().filter_map(|line| line.split(' ').nth(1)).collect()
}

fn same_alerts(words: &[&str], blind: Blind, expected: &[&str]) {
    on_every_step(words, |[off, on], step| {
        assert_eq!(off.lines, on.lines, "{step}");
        let expected = if on.blind.contains(&blind) { &[] } else { expected };
        assert_eq!(rule_names(on), expected, "{step}: {:#?}", on.lines);
    });
}

#[test]
fn calls_by_32_bit_numbers_give_the_same_alerts_with_push_down_and_without() {
    let expected = ["written", "read", "mode", "unlinked", "connected", "connected"];
    same_alerts(&["compat"], Blind::CompatCalls, &expected);
}

#[test]
fn requests_through_io_uring_give_the_same_alerts_with_push_down_and_without() {
    same_alerts(&["uring"], Blind::IoUring, &["written", "connected"]);
}

/// The argument may say either name; the path that the kernel found says what was opened, each
/// time.
#[test]
fn a_swapped_argument_hides_nothing_with_push_down_or_without() {
    on_every_step(&["swap", SWAPS], |both, step| {
        for told in both {
            let count = |rule: &str| rule_names(told).iter().filter(|name| **name == rule).count();
            let opened: usize = told.printed.trim().parse().unwrap();
            assert!(opened > 0, "{step}: never swapped");
            assert_eq!(count("kernel"), opened, "{step}");
            assert!(count("argument") > 0, "{step}");
        }
    });
}

/// By its name relative to a folder, through a link, and with detours.
#[test]
fn links_and_relative_paths_give_the_same_alerts_with_push_down_and_without() {
    on_every_step(&["links"], |[off, on], step| {
        assert_eq!(off.lines, on.lines, "{step}");
        assert_eq!(rule_names(on), ["argument", "kernel", "kernel", "kernel"], "{step}");
    });
}
