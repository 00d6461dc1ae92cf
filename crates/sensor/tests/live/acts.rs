//! The program that acts, and the sensor that watches it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use sensor::{Choice, Options, POLL, Sensor, Step, Tally};
use syscall::record::{Operation, Record};
use tempfile::TempDir;

use crate::text::say;

static BUILT: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    if let Some(program) = std::env::var_os("SOCKEYE_ACTS") {
        return (dir, program.into());
    }
    let program = dir.path().join("acts");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/acts.c");
    // Not position-independent: the addresses of 32-bit calls must lie low.
    let built = Command::new("cc")
        .args(["-O1", "-no-pie", "-static", "-w", source, "-lpthread", "-o"])
        .arg(&program)
        .status();
    assert!(built.expect("cc runs").success(), "cc cannot build acts.c");
    (dir, program)
});

/// Times that the program acts before a test gives up.
const TRIES_MAX: usize = 20;
/// Records read at once.
const READ_LEN: usize = 10_000;
/// Room for what others do meanwhile.
const RING_LEN: u32 = 64 << 20;

/// One sensor at a time: a test counts what only its own sensor loads.
static ALONE: Mutex<()> = Mutex::new(());

/// A directory in which the program acts.
pub struct Acts {
    dir: TempDir,
}

/// The program while it acts.
pub struct Acting(Child);

impl Acts {
    pub fn new() -> Self {
        LazyLock::force(&BUILT);
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub fn dir(&self) -> String {
        self.dir.path().to_str().expect("a name").to_owned()
    }

    pub fn run(&self, what: &str) -> Acting {
        let child = Command::new(&BUILT.1)
            .arg(what)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Acting(child.expect("acts runs"))
    }
}

impl Acting {
    pub fn wait(mut self) {
        assert!(self.0.wait().expect("acts ends").success());
    }
}

/// A sensor, alone on the machine as far as these tests go.
pub struct Watch {
    pub sensor: Sensor,
    _alone: MutexGuard<'static, ()>,
}

impl Watch {
    /// Starts a sensor, or says why it cannot be tested here.
    pub fn start(options: &Options) -> Option<Self> {
        let alone = alone();
        if !rustix::process::geteuid().is_root() {
            say("skipped: the sensor needs root");
            return None;
        }
        match Sensor::start(options) {
            Ok(sensor) => Some(Self { sensor, _alone: alone }),
            // Root may load programs; that this kernel refuses them on functions is no fault.
            Err(error) if options.step == Choice::Only(Step::Fexit) => {
                say(&format!("skipped: {error}"));
                None
            }
            Err(error) => panic!("no sensor: {error}"),
        }
    }

    /// Lets the program act, and returns what it did and where. On a busy machine the ring may be
    /// full of what others do; that is counted, and then it acts again.
    pub fn watch(&mut self, what: &str) -> (Vec<Vec<u8>>, String) {
        for _ in 0..TRIES_MAX {
            let before = self.lost();
            let acts = Acts::new();
            let records = self.records_of(acts.run(what));
            let lost = self.lost() - before;
            if lost == 0 {
                return (records, acts.dir());
            }
            say(&format!("{lost} records were lost; it acts again"));
        }
        panic!("records were lost each time");
    }

    fn records_of(&mut self, mut acting: Acting) -> Vec<Vec<u8>> {
        let pid = acting.0.id();
        let mut records = Vec::new();
        loop {
            // Looked at before reading: what it did is in the ring when it has ended.
            let ended = acting.0.try_wait().expect("acts is waited for").is_some();
            let read = self.sensor.read(READ_LEN, |record: Record<'_>| {
                if record.pid() == pid || record.parent() == pid {
                    records.push(record.bytes().to_vec());
                }
            });
            match read {
                0..READ_LEN if ended => return records,
                0..READ_LEN => std::thread::sleep(POLL),
                _ => {}
            }
        }
    }

    /// Events that no record came of, whatever the cause.
    fn lost(&self) -> u64 {
        let all = self.sensor.tallies().expect("tallies");
        let counted: u64 = all.iter().map(|(_, tally)| tally.lost()).sum();
        counted + self.sensor.recursion_misses() + self.sensor.unreadable()
    }

    pub fn tally(&self, operation: Operation) -> Tally {
        let all = self.sensor.tallies().expect("tallies");
        all.into_iter().find(|(found, _)| *found == operation).expect("a tally").1
    }
}

pub fn start(step: Choice, operations: BTreeSet<Operation>) -> Option<Watch> {
    Watch::start(&Options { step, operations, ring_len: RING_LEN, ..Options::default() })
}

pub fn all_operations() -> BTreeSet<Operation> {
    Operation::all().collect()
}

/// Keeps others from starting a sensor.
pub fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ids of the programs in the kernel.
pub fn programs() -> BTreeSet<u32> {
    aya::programs::loaded_programs().filter_map(|info| info.ok().map(|info| info.id())).collect()
}
