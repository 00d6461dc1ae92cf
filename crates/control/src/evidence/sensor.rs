//! What the watch of a node says of itself, beside the counts that every source gives.

use std::collections::BTreeMap;

use event::Time;
use serde::{Deserialize, Serialize};

/// How a node was watched in one minute. Counts are of that minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorStatus {
    /// This run of the watch, a UUID. A new one means that it was started anew; ids of events begin
    /// with it.
    pub boot: String,
    /// Number of this status within the run, from 1. A jump is a status that never came.
    pub sequence: u64,
    /// This start of the machine, as its kernel names it.
    pub machine_boot: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Version of the program that watched.
    pub version: String,
    /// SHA-256 of that program, hex; empty in the status that a run begins with.
    pub build: String,
    /// SHA-256 over what the sensor was told to see and how, hex.
    pub configuration: String,
    /// Step of the ladder: `fexit`, `tracepoint` or `btf`; empty while there is no sensor.
    pub step: String,
    /// Better steps that could not be taken, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// What cannot be seen from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind: Vec<String>,
    /// Events that the kernel programs saw.
    pub seen: u64,
    /// Of these, dropped in the kernel because no rule could match them.
    pub filtered: u64,
    /// Records of what the watch's own process did while it loaded its kernel programs: they are
    /// known by its pid, its start and the time, and no rule judged them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub own: u64,
    /// Of these, lost on their way, by cause. Their sum is the status's `lost`, together with
    /// `dropped`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: BTreeMap<String, u64>,
    /// The same by call, as far as it is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost_calls: BTreeMap<String, u64>,
    /// Entries that were ready and found no room to wait, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// What had to make room in the tables, processes that were not known when they acted, and host
    /// names of rules that were not found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evicted: BTreeMap<String, u64>,
    /// By how many nanoseconds the node's clock is ahead of the server's, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ns: Option<i64>,
    /// In statuses of a run's first minute: until when the run before is known to have watched, and
    /// to have handed over what it saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Time>,
    /// In statuses of a run's first minute: since when activity may be missing that the run before
    /// had gathered and not handed over. Not later than `silent_since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_missing_since: Option<Time>,
    /// In statuses of a run's first minute: since when the same is so of connections that are
    /// summed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections_missing_since: Option<Time>,
    /// In statuses of a run's first minute: when it began to watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watching_since: Option<Time>,
}

impl SensorStatus {
    /// Tells whether this only says that a run began, and nothing of a minute.
    pub fn begins(&self) -> bool {
        self.sequence == 1 && self.seen == 0
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use crate::evidence::Line;

    /// A status of a node as version 1 has it; it stays readable.
    const V1: &str = include_str!("frozen/node-status-v1.jsonl");

    #[test]
    fn a_status_of_version_1_is_read_and_written_as_it_was() {
        for text in V1.lines() {
            let line: Line = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
        }
        assert_eq!(
            V1.lines().count(),
            3,
            "the first of a run, also after a kill; one without a loss"
        );
    }
}
