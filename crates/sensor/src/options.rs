//! What a sensor is asked for, and what it answers about itself.

use std::collections::BTreeSet;

use aya::maps::MapError;
use aya::{BtfError, EbpfError};
use syscall::record::Operation;
use syscall::selection::Selection;

use crate::attach::Missing;
use crate::step::{Blind, Choice, Refusal, Step};

/// Bytes that wait for the reader, on all processors together.
pub const RING_LEN_DEFAULT: u32 = 8 << 20;
/// Least length of the ring.
pub const RING_LEN_MIN: u32 = 64 << 10;
/// Greatest length of the ring.
pub const RING_LEN_MAX: u32 = 256 << 20;

/// What to see, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Steps that may be taken.
    pub step: Choice,
    /// Operations to see; no other costs anything but what its step costs every call.
    pub operations: BTreeSet<Operation>,
    /// What the programs may drop; by default nothing.
    pub selection: Selection,
    /// Length of the ring; rounded up to a power of two.
    pub ring_len: u32,
    /// Whether records of executions hold the environment.
    pub environment: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            step: Choice::Auto,
            operations: BTreeSet::new(),
            selection: Selection::default(),
            ring_len: RING_LEN_DEFAULT,
            environment: false,
        }
    }
}

/// Why there is no sensor.
#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    /// The kernel does not describe its types.
    #[error(
        "kernel {release} does not describe its types (/sys/kernel/btf/vmlinux): the sensor needs \
         one built with CONFIG_DEBUG_INFO_BTF"
    )]
    NoTypes {
        /// Which kernel.
        release: String,
    },
    /// The types cannot be read.
    #[error("cannot read the kernel's types")]
    Types(#[source] BtfError),
    /// The programs cannot be loaded.
    #[error("cannot load the kernel programs: CAP_BPF and CAP_PERFMON are needed")]
    Load(#[source] EbpfError),
    /// A map of the programs cannot be used.
    #[error("cannot use the map `{name}` of the kernel programs")]
    Map {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: MapError,
    },
    /// The object lacks a map.
    #[error("the kernel programs have no map `{0}`")]
    NoMap(&'static str),
    /// No step of the ladder could be taken.
    #[error("no way to attach the kernel programs: {}", reasons(.0))]
    NoStep(Vec<Refusal>),
}

fn reasons(refusals: &[Refusal]) -> String {
    let all: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// Where the sensor stands and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The step taken.
    pub step: Step,
    /// Better steps, and why they were not taken.
    pub refused: Vec<Refusal>,
    /// What cannot be seen from here.
    pub blind: Vec<Blind>,
    /// Hooks that this kernel does not have.
    pub missing: Vec<Missing>,
    /// Hooks with a program.
    pub hooks: usize,
    /// Length of the ring.
    pub ring_len: u32,
}
