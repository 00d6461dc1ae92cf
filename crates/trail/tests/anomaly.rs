//! The process is killed at each named point, the disk fills up, fsync fails. What was acknowledged
//! stays, the chain stays whole, and writing goes on.
//!
//! The writer runs in a child: this very test program, told by the environment what to do. It says
//! on its standard output what it acknowledged.

mod shared;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use shared::{Place, open_with_segments, text};
use trail::failpoint::POINTS;
use trail::{AppendError, Condition, Position, Trail};

const SEGMENT_BYTES: u64 = 1200;
const FOLDER: &str = "SOCKEYE_ANOMALY_FOLDER";
const BLOCKS: &str = "SOCKEYE_ANOMALY_BLOCKS";

/// Writes block `number`, whose content follows from its number.
fn write(trail: &mut Trail, number: u64) -> Result<(), AppendError> {
    let entries: Vec<Vec<u8>> = (0..=number % 3).map(|entry| text(number, entry)).collect();
    let keys = [7, 100 + number];
    let entries: Vec<(&[u8], &[u64])> =
        entries.iter().map(|entry| (entry.as_slice(), keys.as_slice())).collect();
    trail.append(&entries).map(drop)
}

/// The writer. As a test of its own it does nothing.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let blocks: u64 = std::env::var(BLOCKS).unwrap().parse().unwrap();
    let mut out = std::io::stdout();
    let (mut trail, _) = open_with_segments(Path::new(&folder), 0, SEGMENT_BYTES).unwrap();
    let mut refused = 0;
    while trail.blocks() < blocks && refused < 20 {
        let number = trail.blocks();
        let word = match write(&mut trail, number) {
            Ok(()) => "acknowledged",
            Err(AppendError::Full(_)) => "full",
            Err(AppendError::Broken(_)) => "broken",
            Err(error) => panic!("{error}"),
        };
        refused += u32::from(word != "acknowledged");
        writeln!(out, "\n{word} {number}").unwrap();
        out.flush().unwrap();
    }
    writeln!(out, "\ncondition {:?}", trail.condition()).unwrap();
}

/// What a writer said before it ended.
#[derive(Debug, Default)]
struct Said {
    acknowledged: Option<u64>,
    full: Vec<u64>,
    broken: Vec<u64>,
    condition: String,
    aborted: bool,
}

fn run(mut command: Command, folder: &Path, blocks: u64) -> Said {
    command.env(FOLDER, folder).env(BLOCKS, blocks.to_string());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = Said::default();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((word, rest)) = line.split_once(' ') else { continue };
        match (word, rest.parse()) {
            ("acknowledged", Ok(number)) => said.acknowledged = Some(number),
            ("full", Ok(number)) => said.full.push(number),
            ("broken", Ok(number)) => said.broken.push(number),
            ("condition", _) => said.condition = rest.to_owned(),
            _ => (),
        }
    }
    said.aborted = child.wait().unwrap().signal() == Some(6);
    said
}

fn child() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writer", "--nocapture", "--test-threads=1"]);
    command
}

fn with_failpoint(point: &str) -> Command {
    let mut command = child();
    command.env("SOCKEYE_FAILPOINT", point);
    command
}

/// Checks that the chain is whole and every block what it should be. Returns how many there are.
fn check(place: &Place, acknowledged: Option<u64>) -> u64 {
    let (trail, _) = open_with_segments(place.folder.path(), 0, SEGMENT_BYTES).unwrap();
    assert_eq!(trail.condition(), &Condition::Writable);
    let reader = trail.reader();
    let blocks = reader.blocks();
    assert!(acknowledged.is_none_or(|number| number < blocks), "{acknowledged:?} of {blocks}");
    for block in 0..blocks {
        for entry in 0..=block % 3 {
            let position = Position { block, entry: entry as u32 };
            assert_eq!(reader.entry(position).unwrap(), text(block, entry));
        }
        let newest = Position { block, entry: (block % 3) as u32 };
        assert_eq!(reader.find(&[100 + block], None, 1).unwrap(), [newest]);
    }
    drop(trail);
    assert_eq!(place.verify().faults, []);
    blocks
}

#[test]
fn killed_at_any_named_point_it_loses_nothing_acknowledged() {
    let place = Place::new();
    let mut blocks = 0;
    for nth in 1..4 {
        for point in POINTS.iter().filter(|point| !point.starts_with("projection")) {
            let said =
                run(with_failpoint(&format!("{point}:{nth}")), place.folder.path(), blocks + 40);
            assert!(said.aborted, "{point} was not reached: {said:?}");
            blocks = check(&place, said.acknowledged);
        }
    }
    assert!(blocks > 60, "{blocks}");
}

#[test]
fn killed_during_recovery_it_recovers_the_next_time() {
    let place = Place::new();
    let _ = run(with_failpoint("tile.torn:9"), place.folder.path(), 40);
    for point in ["tile.torn", "tile.written", "checkpoint.begin", "checkpoint.written"] {
        std::fs::write(place.trail().join("checkpoint"), "").unwrap();
        let _ = run(with_failpoint(&format!("{point}:1")), place.folder.path(), 40);
    }
    assert!(check(&place, None) >= 8);
}

#[test]
fn a_full_disk_stops_the_writer_and_it_goes_on_when_there_is_room() {
    for point in ["block.begin", "block.torn", "tile.torn", "checkpoint.begin", "index.begin"] {
        let place = Place::new();
        let said = run(with_failpoint(&format!("{point}:2:full")), place.folder.path(), 20);
        assert_eq!(said.full.len(), 1, "{point}: {said:?}");
        assert_eq!(said.condition, "Writable", "{point}");
        assert!(check(&place, Some(19)) >= 20, "{point}");
    }
}

#[test]
fn while_the_disk_stays_full_every_append_is_refused() {
    let place = Place::new();
    let said = run(with_failpoint("block.torn:4:full+"), place.folder.path(), 12);
    assert_eq!((said.acknowledged, said.full.len()), (Some(2), 20));
    assert_eq!(check(&place, said.acknowledged), 3);
}

#[test]
fn after_a_failed_fsync_nothing_more_is_promised() {
    let place = Place::new();
    let said = run(with_failpoint("block.synced:4:broken"), place.folder.path(), 12);
    assert_eq!((said.acknowledged, said.broken.len()), (Some(2), 20));
    assert!(said.condition.starts_with("Broken"), "{said:?}");
    check(&place, said.acknowledged);
}

#[test]
fn a_real_limit_on_file_size_is_a_full_disk() {
    let place = Place::new();
    // Files end at 1 KiB: in the middle of a block.
    let mut limited = Command::new("sh");
    limited.arg("-c").arg("trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"");
    limited.arg(std::env::current_exe().unwrap());
    limited.args(["--exact", "writer", "--nocapture", "--test-threads=1"]);
    let said = run(limited, place.folder.path(), 40);
    assert_eq!((said.full.len(), said.condition.as_str()), (20, "Writable"), "{said:?}");
    let blocks = check(&place, said.acknowledged);
    let said = run(child(), place.folder.path(), blocks + 5);
    assert_eq!((said.full.len(), said.acknowledged), (0, Some(blocks + 4)));
    assert_eq!(check(&place, said.acknowledged), blocks + 5);
}
