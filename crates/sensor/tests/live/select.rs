//! Push-down: what is dropped is what was asked to be, and is counted.

use sensor::{Blind, Choice, Options, Step};
use syscall::record::{IO_URING, Operation, What};
use syscall::selection::{Needle, SITUATION_COUNT, Selection, Sort, Verdict};

use crate::acts::Watch;
use crate::{name, record};

fn selection(operation: Operation, verdict: Verdict, needles: &[Needle]) -> Selection {
    let mut verdicts = vec![Verdict::Send; SITUATION_COUNT];
    for situation in Sort::of(operation).unwrap().situations() {
        verdicts[situation.index()] = verdict;
    }
    let sets = vec![needles.iter().cloned().collect()];
    Selection { verdicts: [(operation, verdicts)].into(), sets }
}

/// Every step takes the same decisions.
fn on_every_step(selection: &Selection, operations: &[Operation], see: impl Fn(Watch, Step)) {
    for step in Step::LADDER {
        let options = Options {
            step: Choice::Only(step),
            operations: operations.iter().copied().collect(),
            selection: selection.clone(),
            ..Options::default()
        };
        if let Some(watch) = Watch::start(&options) {
            see(watch, step);
        }
    }
}

#[test]
fn what_nobody_needs_is_dropped_in_the_kernel_and_counted() {
    let none = selection(Operation::Swapoff, Verdict::Drop, &[]);
    on_every_step(&none, &[Operation::Swapoff, Operation::Acct], |mut watch, step| {
        let records = watch.watch("all").0;
        let names: Vec<&str> = records.iter().map(|bytes| name(bytes)).collect();
        assert_eq!(names, ["acct"], "{step}");
        assert_eq!(watch.tally(Operation::Swapoff).filtered, 1);
    });
}

/// The names that `acts paths` opens and that are let through.
fn opened(watch: &mut Watch) -> Vec<String> {
    let records = watch.watch("paths").0;
    let path = |bytes: &Vec<u8>| match record(bytes).param("name").unwrap().what {
        What::Path(path, _) => Some(String::from_utf8_lossy(path).into_owned()),
        _ => None,
    };
    records.iter().filter_map(path).collect()
}

#[test]
fn only_paths_that_are_looked_for_or_are_not_plain_are_sent() {
    let begins = |text: &str| Needle::Begins(text.as_bytes().to_vec());
    let cases: [(&[Needle], &[&str]); 6] = [
        (&[begins("/no/such/dir/")], &["/no/such/dir/file", "/no/such/dir/"]),
        (&[Needle::Is(b"/no/such/dir".to_vec())], &["/no/such/dir"]),
        (&[Needle::Ends(*b".key")], &["/no/such/place/my.key"]),
        (&[Needle::InRoot], &["/nothing-of-a-rather-long-name"]),
        (&[Needle::Hidden], &["/no/such/.hidden/file"]),
        (&[Needle::Holds(*b"zq")], &["/no/such/long/way/to/a/place/xyzq"]),
    ];
    // Of these the programs cannot tell where they lead, so they are always sent.
    let doubtful = [
        "relative",
        "/no/such/../dir/file",
        "/no/suc/../x",
        "/no//such",
        "/no/./such",
        "/no/such/.",
        "/no/such/..",
        "/a",
    ];
    for (needles, named) in cases {
        let among = selection(Operation::Openat, Verdict::Among(0), needles);
        on_every_step(&among, &[Operation::Openat], |mut watch, step| {
            let mut seen = opened(&mut watch);
            seen.retain(|path| path.len() < 250);
            let mut expected: Vec<&str> = named.iter().chain(&doubtful).copied().collect();
            seen.sort_unstable();
            expected.sort_unstable();
            assert_eq!(seen, expected, "{step} {needles:?}");
        });
    }
}

#[test]
fn a_path_that_is_too_long_to_be_looked_at_is_sent() {
    let among = selection(Operation::Openat, Verdict::Among(0), &[Needle::Ends(*b".key")]);
    on_every_step(&among, &[Operation::Openat], |mut watch, _| {
        let long = opened(&mut watch).into_iter().filter(|path| path.len() >= 250);
        assert_eq!(long.map(|path| path.len()).collect::<Vec<_>>(), [300]);
    });
}

#[test]
fn ports_are_looked_at_where_both_are_known() {
    let among = selection(Operation::Sendto, Verdict::Among(0), &[Needle::Port(9)]);
    on_every_step(&among, &[Operation::Sendto], |mut watch, step| {
        let records = watch.watch("ports").0;
        let data = |bytes: &Vec<u8>| match record(bytes).param("data").unwrap().what {
            What::Bytes(data) => String::from_utf8_lossy(data).into_owned(),
            _ => String::new(),
        };
        let sent: Vec<String> = records.iter().map(data).collect();
        assert_eq!(sent, ["to 9", "unconnected"], "{step}");
    });
}

#[test]
fn what_nobody_needs_is_dropped_when_it_is_asked_for_through_io_uring_too() {
    let none = selection(Operation::Sendto, Verdict::Drop, &[]);
    on_every_step(&none, &[Operation::Sendto, Operation::Mkdirat], |mut watch, step| {
        if watch.sensor.standing().blind.contains(&Blind::IoUring) {
            return crate::text::say("skipped: this kernel tells of no requests through io_uring");
        }
        let records = watch.watch("uring").0;
        let asked = records.iter().filter(|bytes| record(bytes).flags & IO_URING != 0);
        assert_eq!(asked.map(|bytes| name(bytes)).collect::<Vec<_>>(), ["mkdirat"], "{step}");
        assert!(watch.tally(Operation::Sendto).filtered >= 2);
    });
}
