//! Sees what programs do, in the kernel: eBPF programs and their loader.
//!
//! The sensor sends a [`Record`](syscall::record::Record) for each wanted operation. It judges
//! nothing and keeps no state of processes. Whatever was seen is counted as sent, filtered or
//! lost; nothing is lost in silence.

mod attach;
mod choose;
mod kernel;
mod number;
mod options;
mod plan;
mod reader;
mod step;
mod tally;
mod tracefs;

#[cfg(test)]
mod tests;

pub use attach::Missing;
pub use kernel::{Kernel, is_in_host_pids};
pub use options::{Options, SensorError, Standing};
pub use options::{RING_LEN_DEFAULT, RING_LEN_MAX, RING_LEN_MIN};
pub use reader::{POLL, Sensor};
pub use step::{Blind, Choice, NoStep, Refusal, Step};
pub use tally::Tally;
