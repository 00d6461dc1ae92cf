//! The live sensor: starts the programs, reads their records, counts what was lost.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use aya::maps::{Array, Map, MapData, MapError, PerCpuArray, RingBuf};
use aya::{Btf, Ebpf, EbpfLoader};
use syscall::record::{Operation, Record};
use syscall::selection::Sort;

use crate::attach::Attached;
use crate::choose;
use crate::kernel::Kernel;
use crate::number::{NUMBERS, SOCKET_CALLS, URING_CALLS};
use crate::options::{Options, RING_LEN_MAX, RING_LEN_MIN, SensorError, Standing};
use crate::plan::{Plan, plan};
use crate::step::{Blind, Refusal, Step};
use crate::tally::{COUNTER_COUNT, Tally};

/// The programs.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/sensor.bpf.o"));

/// How often a reader looks: programs never wake it, which makes a record four times cheaper.
pub const POLL: Duration = Duration::from_millis(2);

/// Slots in which records are put together.
const SLOT_COUNT_MAX: u32 = 256;
const SLOTS_PER_PROCESSOR: u32 = 4;
/// Cgroups that are known to be no container's.
pub(crate) const HOST_COUNT_MAX: u32 = 16_384;
/// Where 32-bit calls begin in the table of numbers, as `bpf/slot.h` says.
const COMPAT_NUMBERS: u32 = 1024;
/// Where the parts of the 32-bit `socketcall` begin.
const SOCKET_NUMBERS: u32 = 2048;
/// Where requests through io_uring begin.
pub(crate) const URING_NUMBERS: u32 = 2112;

/// A running sensor. Dropping it takes the programs off, which can take seconds.
pub struct Sensor {
    ring: RingBuf<MapData>,
    tallies: PerCpuArray<MapData, [u64; COUNTER_COUNT]>,
    hosts: Array<MapData, u64>,
    operations: BTreeSet<Operation>,
    standing: Standing,
    attached: Attached,
    unreadable: u64,
    // Keeps the maps that only the programs use.
    _ebpf: Ebpf,
}

impl Sensor {
    /// Loads the programs and attaches them on the best step allowed. When this returns, every
    /// wanted operation that begins is seen.
    pub fn start(options: &Options) -> Result<Self, SensorError> {
        let kernel = Kernel::here();
        if !kernel.types {
            return Err(SensorError::NoTypes { release: kernel.release });
        }
        let btf = Btf::from_sys_fs().map_err(SensorError::Types)?;
        let mut refused = Vec::new();
        for step in options.step.steps() {
            if let Some(reason) = step.refused_by(&kernel) {
                refused.push(Refusal { step, reason: reason.to_owned() });
                continue;
            }
            let mut ebpf = load(options, &btf)?;
            match Attached::new(&mut ebpf, &btf, step, &options.operations) {
                Ok(attached) => {
                    let sensor = Self::begin(ebpf, attached, options, (step, refused))?;
                    return Ok(sensor.look_around(&kernel, &btf));
                }
                Err(error) => refused.push(Refusal { step, reason: error.to_string() }),
            }
        }
        Err(SensorError::NoStep(refused))
    }

    fn begin(
        mut ebpf: Ebpf,
        mut attached: Attached,
        options: &Options,
        (step, refused): (Step, Vec<Refusal>),
    ) -> Result<Self, SensorError> {
        let ring = RingBuf::try_from(take(&mut ebpf, "ring")?).map_err(wrong("ring"))?;
        let tallies = take(&mut ebpf, "tallies")?;
        let tallies = PerCpuArray::try_from(tallies).map_err(wrong("tallies"))?;
        let hosts = Array::try_from(take(&mut ebpf, "hosts")?).map_err(wrong("hosts"))?;
        let standing = Standing {
            step,
            refused,
            blind: Vec::new(),
            missing: std::mem::take(&mut attached.missing),
            hooks: attached.len(),
            ring_len: ring_len(options.ring_len),
        };
        let operations = options.operations.clone();
        let unreadable = 0;
        Ok(Self { ring, tallies, hosts, operations, standing, attached, unreadable, _ebpf: ebpf })
    }

    /// Attaches what sees beyond system calls, and notes what stays unseen.
    fn look_around(mut self, kernel: &Kernel, btf: &Btf) -> Self {
        let blind = &mut self.standing.blind;
        if self.standing.step == Step::Tracepoint && kernel.compat_calls {
            blind.push(Blind::CompatCalls);
        }
        if kernel.io_uring && !self.attached.attach_uring(&mut self._ebpf, btf) {
            blind.push(Blind::IoUring);
        }
        if !kernel.host_pids {
            blind.push(Blind::Processes);
        }
        self.standing.hooks = self.attached.len();
        self
    }

    /// Where the sensor stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Shows at most `max` of the records that wait, and returns how many there were. A reader
    /// calls it again at once while it returns `max`, and else after [`POLL`].
    pub fn read(&mut self, max: usize, mut see: impl FnMut(Record<'_>)) -> usize {
        for count in 0..max {
            let Some(bytes) = self.ring.next() else { return count };
            match Record::parse(&bytes) {
                Ok(record) => see(record),
                Err(_) => self.unreadable += 1,
            }
        }
        max
    }

    /// What became of the events of each wanted operation so far.
    pub fn tallies(&self) -> Result<Vec<(Operation, Tally)>, SensorError> {
        let read = |operation: &Operation| {
            let counters = self.tallies.get(&u32::from(operation.number()), 0);
            let mut sum = Tally::default();
            for part in counters.map_err(wrong("tallies"))?.iter() {
                sum += Tally::from(*part);
            }
            Ok((*operation, sum))
        };
        self.operations.iter().map(read).collect()
    }

    /// Says of a cgroup that it is no container's and will not become one. Without this, events
    /// that only rules for containers ask for are sent from everywhere. That goes on for one whose
    /// place another has taken.
    pub fn set_host(&mut self, cgroup: u64) {
        let place = (cgroup % u64::from(HOST_COUNT_MAX)) as u32;
        if self.hosts.get(&place, 0).is_ok_and(|taken| taken == 0) {
            let _kept = self.hosts.set(place, cgroup, 0);
        }
    }

    /// Events that the kernel kept from a program because it ran already; they are in no tally.
    pub fn recursion_misses(&self) -> u64 {
        self.attached.recursion_misses()
    }

    /// Records that could not be read. Zero, unless programs and reader are of two builds.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }
}

impl fmt::Debug for Sensor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sensor").field("standing", &self.standing).finish_non_exhaustive()
    }
}

/// Loads the maps and fills in what the programs do. No program runs yet.
fn load(options: &Options, btf: &Btf) -> Result<Ebpf, SensorError> {
    let slots = slot_count();
    let code = |operation: Operation| u32::from(operation.number());
    let mut ebpf = EbpfLoader::new()
        .btf(Some(btf))
        .map_max_entries("ring", ring_len(options.ring_len))
        .map_max_entries("slots", slots)
        .override_global("slot_count", &slots, true)
        .override_global("want_environment", &u32::from(options.environment), true)
        .override_global("op_execve", &code(Operation::Execve), true)
        .override_global("op_execveat", &code(Operation::Execveat), true)
        .override_global("op_clone", &code(Operation::Clone), true)
        .override_global("op_clone3", &code(Operation::Clone3), true)
        .override_global("op_procexit", &code(Operation::Procexit), true)
        .load(OBJECT)
        .map_err(SensorError::Load)?;
    let map = ebpf.map_mut("plans").ok_or(SensorError::NoMap("plans"))?;
    let mut plans = Array::<_, Plan>::try_from(map).map_err(wrong("plans"))?;
    for operation in &options.operations {
        let selects = options.selection.verdicts.contains_key(operation);
        let plan = plan(operation.call(), Sort::of(*operation).filter(|_| selects));
        plans.set(code(*operation), plan, 0).map_err(wrong("plans"))?;
    }
    let map = ebpf.map_mut("numbers").ok_or(SensorError::NoMap("numbers"))?;
    let mut numbers = Array::<_, u16>::try_from(map).map_err(wrong("numbers"))?;
    for (index, operation) in wanted_numbers(&options.operations) {
        numbers.set(index, operation.number(), 0).map_err(wrong("numbers"))?;
    }
    choose::write(&mut ebpf, &options.selection)?;
    Ok(ebpf)
}

/// Where in the table of numbers each wanted operation stands.
fn wanted_numbers(wanted: &BTreeSet<Operation>) -> Vec<(u32, Operation)> {
    let calls = NUMBERS.iter().flat_map(|row| {
        let native = row.x86_64.map(u32::from);
        let compat = row.ia32.map(|number| COMPAT_NUMBERS + u32::from(number));
        [native, compat].into_iter().flatten().map(|index| (index, row.operation))
    });
    let parts = SOCKET_CALLS.iter().zip(SOCKET_NUMBERS + 1..);
    let parts = parts.filter_map(|(operation, index)| Some((index, (*operation)?)));
    let requests =
        URING_CALLS.iter().map(|(number, operation)| (URING_NUMBERS + number, *operation));
    calls.chain(parts).chain(requests).filter(|(_, operation)| wanted.contains(operation)).collect()
}

fn take(ebpf: &mut Ebpf, name: &'static str) -> Result<Map, SensorError> {
    ebpf.take_map(name).ok_or(SensorError::NoMap(name))
}

pub(crate) fn wrong(name: &'static str) -> impl Fn(MapError) -> SensorError {
    move |source| SensorError::Map { name, source }
}

fn ring_len(wish: u32) -> u32 {
    wish.clamp(RING_LEN_MIN, RING_LEN_MAX).next_power_of_two()
}

fn slot_count() -> u32 {
    let processors = aya::util::nr_cpus().unwrap_or(1) as u32;
    (processors * SLOTS_PER_PROCESSOR).min(SLOT_COUNT_MAX)
}
