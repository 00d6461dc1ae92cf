use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const FINDING: Lane = Lane::Finding;

fn open(dir: &Path) -> (Spool, Found) {
    Spool::open(dir, SPOOL_BYTES_MIN).unwrap()
}

fn append(spool: &mut Spool, lane: Lane, lines: &[&str]) {
    let entries: Vec<_> = lines.iter().map(|line| (lane, line.as_bytes())).collect();
    spool.append(&entries).unwrap();
}

/// Ships one parcel; shows its lane, and its lines with their numbers.
fn ship(spool: &mut Spool) -> Option<String> {
    let parcel = spool.next(1 << 20).unwrap()?;
    let lines: Vec<_> = parcel
        .lines
        .iter()
        .map(|(number, line)| format!("{number}:{}", String::from_utf8_lossy(line)))
        .collect();
    spool.acknowledge(&parcel, 0).unwrap();
    Some(format!("{} {}", parcel.lane.name(), lines.join(" ")))
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension() == Some("seg".as_ref())).collect();
    paths.sort();
    paths
}

#[test]
fn a_spool_has_one_owner_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (first, _) = Spool::open(dir.path(), SPOOL_BYTES_MIN).unwrap();
    let second = Spool::open(dir.path(), SPOOL_BYTES_MIN);
    assert!(matches!(second, Err(SpoolError::Held(_))));
    drop(first);
    Spool::open(dir.path(), SPOOL_BYTES_MIN).unwrap();
}

#[test]
fn findings_leave_first_and_each_kind_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, found) = open(dir.path());
    assert_eq!(found, Found::default());
    append(&mut spool, Lane::Activity, &["a", "b"]);
    append(&mut spool, FINDING, &["f"]);
    append(&mut spool, Lane::Status, &["s"]);
    append(&mut spool, FINDING, &["g"]);
    assert_eq!(spool.waiting(), 5);
    assert_eq!(ship(&mut spool).unwrap(), "finding 1:f 2:g");
    assert_eq!(ship(&mut spool).unwrap(), "status 1:s");
    assert_eq!(ship(&mut spool).unwrap(), "activity 1:a 2:b");
    assert_eq!(ship(&mut spool), None);
}

#[test]
fn what_was_not_acknowledged_is_there_after_a_kill_under_its_old_number() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, FINDING, &["a", "b"]);
    let first = spool.next(1 << 20).unwrap().unwrap();
    append(&mut spool, FINDING, &["c"]);
    drop(spool);
    let (mut spool, found) = open(dir.path());
    assert_eq!((found.waiting, found.bytes_cut), (3, 0));
    append(&mut spool, FINDING, &["d"]);
    let again = spool.next(1 << 20).unwrap().unwrap();
    assert_eq!((&again.stream, again.lines.len()), (&first.stream, 3));
    assert_eq!(again.lines[..2], first.lines);
    spool.acknowledge(&first, 0).unwrap();
    drop(spool);
    let (mut spool, found) = open(dir.path());
    assert_eq!(found.waiting, 2);
    assert_eq!(ship(&mut spool).unwrap(), "finding 3:c");
    // Another run has numbers of its own, in a stream of its own.
    let last = spool.next(1 << 20).unwrap().unwrap();
    assert_ne!(last.stream, first.stream);
    assert_eq!(ship(&mut spool).unwrap(), "finding 1:d");
}

#[test]
fn a_torn_tail_is_cut_wherever_it_was_torn_and_counted() {
    let written = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(written.path());
    append(&mut spool, FINDING, &["{\"first\":1}", "{\"second\":2}"]);
    drop(spool);
    let path = segments(written.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in first..whole.len() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(path.file_name().unwrap()), &whole[..length]).unwrap();
        let (mut spool, found) = open(dir.path());
        let torn = length - first;
        assert_eq!((found.waiting, found.bytes_cut), (1, torn as u64));
        let counted = spool.take_dropped().get(&FINDING).copied().unwrap_or(0);
        assert_eq!(counted, u64::from(torn > 0));
        assert_eq!(ship(&mut spool).unwrap(), "finding 1:{\"first\":1}");
        assert_eq!(ship(&mut spool), None);
    }
}

#[test]
fn a_damaged_record_is_counted_and_its_neighbours_are_shipped() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, FINDING, &["aaaa", "bbbb", "cccc"]);
    let path = segments(dir.path()).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|window| window == b"bbbb").unwrap();
    bytes[at] = b'x';
    fs::write(&path, bytes).unwrap();
    assert_eq!(ship(&mut spool).unwrap(), "finding 1:aaaa 3:cccc");
    assert_eq!(spool.take_dropped(), BTreeMap::from([(FINDING, 1)]));
    assert_eq!(ship(&mut spool), None);
}

#[test]
fn without_room_the_oldest_activity_goes_first_and_findings_last() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let line = "x".repeat(100_000);
    let mut dropped = BTreeMap::<Lane, u64>::new();
    let mut fill = |spool: &mut Spool, lane, count| {
        (0..count).for_each(|_| append(spool, lane, &[&line]));
        assert!(spool.bytes() <= SPOOL_BYTES_MIN);
        for (lane, count) in spool.take_dropped() {
            *dropped.entry(lane).or_default() += count;
        }
        dropped.clone()
    };
    assert_eq!(fill(&mut spool, FINDING, 40), BTreeMap::new());
    assert_eq!(fill(&mut spool, Lane::Status, 10), BTreeMap::new());
    let lost = fill(&mut spool, Lane::Activity, 100);
    assert!(lost[&Lane::Activity] > 60 && lost.len() == 1, "{lost:?}");
    let lost = fill(&mut spool, FINDING, 30);
    assert!(!lost.contains_key(&FINDING) && !lost.contains_key(&Lane::Status), "{lost:?}");
    let lost = fill(&mut spool, FINDING, 40);
    assert_eq!((lost[&Lane::Activity], lost[&Lane::Status]), (100, 10));
    assert!(lost[&FINDING] >= 27, "{lost:?}");
    // Nothing worth less may push a finding out.
    let lost = fill(&mut spool, Lane::Activity, 5);
    assert_eq!(lost[&Lane::Activity] + 40 + 30 + 40 - lost[&FINDING], 105 + spool.waiting());
}

#[test]
fn what_no_server_takes_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let long = vec![b'x'; LINE_BYTES_MAX + 1];
    assert!(matches!(spool.append(&[(FINDING, &long)]), Err(SpoolError::TooLong(_))));
    assert!(matches!(spool.append(&[(FINDING, b"a\nb")]), Err(SpoolError::Broken)));
    assert_eq!((spool.waiting(), ship(&mut spool)), (0, None));
}

#[test]
fn two_agents_cannot_share_a_spool() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path());
    assert!(Spool::open(dir.path(), SPOOL_BYTES_MIN).is_err());
}

/// Whether the node hears that a parcel was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receipt {
    Heard,
    Lost,
}

/// What may happen to a spool.
#[derive(Clone, Debug)]
enum Step {
    Append(Lane, usize, usize),
    /// Ships a parcel; the receipt may get lost.
    Ship(Receipt),
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let lane = prop::sample::select(Lane::ALL.to_vec());
    prop_oneof![
        6 => (lane, 1..4_usize, 1..400_000_usize)
            .prop_map(|(lane, count, length)| Step::Append(lane, count, length)),
        4 => prop::sample::select(vec![Receipt::Heard, Receipt::Lost]).prop_map(Step::Ship),
        1 => Just(Step::Kill),
    ]
}

/// A server that keeps each number once.
#[derive(Default)]
struct Desk {
    taken: BTreeSet<(String, u64)>,
    by_lane: BTreeMap<Lane, u64>,
    dropped: BTreeMap<Lane, u64>,
}

impl Desk {
    fn ship(&mut self, spool: &mut Spool, receipt: Receipt) -> bool {
        let Some(parcel) = spool.next(1 << 20).unwrap() else { return false };
        for (number, _) in &parcel.lines {
            if self.taken.insert((parcel.stream.clone(), *number)) {
                *self.by_lane.entry(parcel.lane).or_default() += 1;
            }
        }
        if receipt == Receipt::Heard {
            spool.acknowledge(&parcel, 0).unwrap();
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever happens, each entry is delivered, waits, or was counted as dropped. One whose
    /// receipt was lost before it was dropped is both delivered and counted: never neither.
    #[test]
    fn every_entry_is_delivered_or_counted(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        let (mut desk, mut appended) = (Desk::default(), BTreeMap::<Lane, u64>::new());
        let mut lost_receipts = 0;
        for step in steps {
            match step {
                Step::Append(lane, count, length) => {
                    let line = "x".repeat(length);
                    append(&mut spool, lane, &vec![line.as_str(); count]);
                    *appended.entry(lane).or_default() += count as u64;
                }
                Step::Ship(receipt) => {
                    desk.ship(&mut spool, receipt);
                    lost_receipts += u64::from(receipt == Receipt::Lost);
                }
                Step::Kill => {
                    drop(spool);
                    spool = open(dir.path()).0;
                }
            }
            prop_assert!(spool.bytes() <= SPOOL_BYTES_MIN);
        }
        while desk.ship(&mut spool, Receipt::Heard) {}
        desk.dropped = spool.take_dropped();
        for (lane, count) in appended {
            let delivered = desk.by_lane.get(&lane).copied().unwrap_or(0);
            let dropped = desk.dropped.get(&lane).copied().unwrap_or(0);
            prop_assert!(delivered + dropped >= count, "{delivered} + {dropped} < {count}");
            prop_assert!(lost_receipts > 0 || delivered + dropped == count);
        }
    }
}
