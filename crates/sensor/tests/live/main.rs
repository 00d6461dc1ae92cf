//! The sensor on the kernel that runs: a program does every operation, and the sensor tells of
//! each, on every step of the ladder that this kernel allows.

mod acts;
mod parent;
mod select;
mod text;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sensor::{Blind, Choice, Options, Step};
use syscall::record::{IO_URING, Operation, Record, What};

use acts::{Acts, Watch, all_operations, start};

/// Operations that only 32-bit calls have.
const ONLY_COMPAT: [Operation; 1] = [Operation::Umount];

/// What every step must tell of `acts all`: the steps differ in cost, never in what is seen.
fn every_operation_is_seen_on(step: Step) {
    let Some(mut watch) = start(Choice::Only(step), all_operations()) else { return };
    let (records, dir) = watch.watch("all");
    let from = records.iter().position(|found| name(found) == "creat").expect("no creat");
    let done = |bytes: &Vec<u8>| name(bytes) == "execve" && record(bytes).succeeded();
    let to = from + records[from..].iter().position(done).expect("no execve");
    let seen = &records[from..=to];
    // A kernel built without modules, say, has no such call and so no hook.
    let missing: BTreeSet<&str> =
        watch.sensor.standing().missing.iter().map(|missing| missing.operation.name()).collect();
    let expected: String = include_str!("acts.expected")
        .lines()
        .filter(|line| !missing.contains(line.split(':').next().unwrap_or_default()))
        .map(|line| format!("{line}\n"))
        .collect();
    text::is("acts.expected", &expected, &text::all(seen, &dir));
    let names: BTreeSet<&str> = seen.iter().map(|bytes| name(bytes)).collect();
    let unseen: Vec<&str> = Operation::all()
        .filter(|operation| !ONLY_COMPAT.contains(operation))
        .map(Operation::name)
        .filter(|name| !names.contains(name) && !missing.contains(name))
        .collect();
    assert_eq!(unseen, Vec::<&str>::new());
}

#[test]
fn every_operation_is_seen_by_the_tracepoint_of_all_calls() {
    every_operation_is_seen_on(Step::Btf);
}

#[test]
fn every_operation_is_seen_by_the_tracepoints_of_calls() {
    every_operation_is_seen_on(Step::Tracepoint);
}

#[test]
fn every_operation_is_seen_at_the_end_of_functions() {
    every_operation_is_seen_on(Step::Fexit);
}

#[test]
fn calls_made_the_32_bit_way_are_seen_or_said_to_be_unseen() {
    use Operation::{Chmod, Close, Connect, Open, Openat, Socket, Unlink};
    for step in Step::LADDER {
        let wanted = [Open, Openat, Chmod, Unlink, Socket, Connect, Close];
        let Some(mut watch) = start(Choice::Only(step), wanted.into()) else { continue };
        let blind = watch.sensor.standing().blind.contains(&Blind::CompatCalls);
        assert_eq!(blind, step == Step::Tracepoint);
        let (records, dir) = watch.watch("compat");
        let compat: Vec<Vec<u8>> =
            records.into_iter().filter(|bytes| record(bytes).flags & 4 != 0).collect();
        if blind {
            assert_eq!(compat.len(), 0);
        } else {
            let seen = text::all(&compat, &dir);
            text::is("compat.expected", include_str!("compat.expected"), &seen);
        }
    }
}

#[test]
fn what_is_asked_for_through_io_uring_is_seen() {
    for step in Step::LADDER {
        let Some(mut watch) = start(Choice::Only(step), all_operations()) else { continue };
        if watch.sensor.standing().blind.contains(&Blind::IoUring) {
            text::say("skipped: this kernel does not tell of requests through io_uring");
            continue;
        }
        let (records, dir) = watch.watch("uring");
        let asked: Vec<Vec<u8>> =
            records.into_iter().filter(|bytes| record(bytes).flags & IO_URING != 0).collect();
        let seen = text::all(&asked, &dir);
        // Older kernels have no such requests.
        let since_6_11 = ["bind", "listen"].map(|name| format!("{name} (io_uring)"));
        let known = |line: &&str| {
            let name = since_6_11.iter().find(|name| line.starts_with(*name));
            name.is_none_or(|name| seen.contains(name))
        };
        let expected: String = include_str!("uring.expected")
            .lines()
            .filter(known)
            .map(|line| format!("{line}\n"))
            .collect();
        text::is("uring.expected", &expected, &seen);
    }
}

/// What the program wrote can be changed while the kernel works; what the kernel opened cannot.
#[test]
fn the_kernels_path_tells_the_truth_when_an_argument_is_swapped() {
    let Some(mut watch) = start(Choice::Auto, [Operation::Openat].into()) else { return };
    let (records, dir) = watch.watch("swap");
    let (mut swapped, mut seen) = (0, 0);
    for bytes in records {
        let record = record(&bytes);
        let name = record.param("name").unwrap();
        let What::Path(text, base) = name.what else { continue };
        let Some(What::File(file)) = record.param("file").map(|value| value.what) else {
            panic!("no file")
        };
        if text.starts_with(b"/") || !file.is_open() {
            continue;
        }
        seen += 1;
        assert!(name.swappable);
        assert_eq!(base, dir.as_bytes());
        let path = String::from_utf8_lossy(file.path);
        assert!(["innocent", "guilty"].iter().any(|name| path == format!("{dir}/{name}")));
        let written = text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        swapped += usize::from(!file.path.ends_with(written));
    }
    text::say(&format!(
        "{swapped} of {seen} arguments were swapped after their use, and found out"
    ));
    assert!(seen >= 20_000);
}

#[test]
fn what_does_not_fit_the_ring_is_counted_exactly() {
    const STORM: u64 = 20_000;
    let options = Options {
        operations: [Operation::Swapoff].into(),
        ring_len: sensor::RING_LEN_MIN,
        ..Options::default()
    };
    let Some(mut watch) = Watch::start(&options) else { return };
    let acts = Acts::new();
    acts.run("storm").wait();
    let mut read = 0;
    while watch.sensor.read(1_000, |_| read += 1) > 0 {}
    let tally = watch.tally(Operation::Swapoff);
    assert_eq!(tally.seen, STORM);
    assert_eq!(tally.sent, read);
    assert_eq!(tally.sent + tally.lost(), STORM);
    assert!(tally.ring_full > STORM / 2, "{tally:?}");
    assert_eq!(watch.sensor.unreadable(), 0);
}

#[test]
fn nothing_of_the_sensor_stays_in_the_kernel() {
    let before = acts::programs();
    let begin = Instant::now();
    let wanted = [Operation::Execve, Operation::Openat, Operation::Connect, Operation::Clone];
    let Some(watch) = start(Choice::Auto, wanted.into()) else { return };
    let standing = watch.sensor.standing();
    let (step, hooks) = (standing.step, standing.hooks);
    text::say(&format!("step {step}: {hooks} hooks attached in {:?}", begin.elapsed()));
    let ours: BTreeSet<u32> = acts::programs().difference(&before).copied().collect();
    assert!(!ours.is_empty());
    let begin = Instant::now();
    drop(watch);
    text::say(&format!("detached in {:?}", begin.elapsed()));
    // The kernel frees a program a moment after its last user is gone.
    let end = Instant::now() + Duration::from_secs(60);
    while !acts::programs().is_disjoint(&ours) {
        assert!(Instant::now() < end, "programs are still loaded");
        std::thread::yield_now();
    }
}

fn record(bytes: &[u8]) -> Record<'_> {
    Record::parse(bytes).expect("a record")
}

fn name(bytes: &[u8]) -> &'static str {
    record(bytes).operation.name()
}
