//! How a node is watched, as the API tells of it.

use std::collections::BTreeMap;

use control::evidence::{Canary, Outcome, SensorStatus};
use serde::Serialize;
use store::Placed;
use utoipa::ToSchema;

use super::super::shape::{Count, Moment};

/// How a node was watched in one minute. Counts are of that minute.
#[derive(Debug, Serialize, ToSchema)]
pub struct SensorItem {
    /// How the kernel programs are attached: `fexit`, `tracepoint` or `btf`.
    pub step: String,
    /// Better steps that could not be taken, each with the reason.
    pub refused: Vec<String>,
    /// What cannot be seen from there.
    pub blind: Vec<String>,
    /// This run of the watch; a new one means that it was started anew.
    pub boot: String,
    /// Number of the status within the run.
    pub sequence: Count,
    /// Release of the kernel.
    pub kernel: String,
    /// Version of the program that watched.
    pub version: String,
    /// SHA-256 of that program, hex.
    pub build: String,
    /// SHA-256 over what the sensor was told to see, hex.
    pub configuration: String,
    /// Events that the kernel programs saw.
    pub seen: Count,
    /// Of these, dropped in the kernel because no rule could match them.
    pub filtered: Count,
    /// Records of what the watch itself did while it loaded its kernel programs; no rule judged
    /// them.
    pub own: Count,
    /// Of these, lost on their way, by cause.
    pub lost: BTreeMap<String, Count>,
    /// Entries that were ready and found no room to wait, by kind.
    pub dropped: BTreeMap<String, Count>,
    /// What had to make room in the tables, processes that were not known when they acted, and host
    /// names of rules that were not found.
    pub evicted: BTreeMap<String, Count>,
    /// By how many nanoseconds its clock is ahead of the server's, if it was measured.
    #[schema(value_type = Option<String>, example = "-1500000")]
    pub clock_offset_ns: Option<String>,
    /// In the first status of a run: until when the run before is known to have watched.
    pub silent_since: Option<Moment>,
    /// Likewise: since when activity may be missing that it had gathered and not handed over.
    pub activity_missing_since: Option<Moment>,
    /// Likewise of counts of connections.
    pub connections_missing_since: Option<Moment>,
}

impl From<&SensorStatus> for SensorItem {
    fn from(status: &SensorStatus) -> SensorItem {
        let counts = |counts: &BTreeMap<String, u64>| {
            counts.iter().map(|(name, count)| (name.clone(), (*count).into())).collect()
        };
        SensorItem {
            step: status.step.clone(),
            refused: status.refused.clone(),
            blind: status.blind.clone(),
            boot: status.boot.clone(),
            sequence: status.sequence.into(),
            kernel: status.kernel.clone(),
            version: status.version.clone(),
            build: status.build.clone(),
            configuration: status.configuration.clone(),
            seen: status.seen.into(),
            filtered: status.filtered.into(),
            own: status.own.into(),
            lost: counts(&status.lost),
            dropped: counts(&status.dropped),
            evicted: counts(&status.evicted),
            clock_offset_ns: status.clock_offset_ns.map(|offset| offset.to_string()),
            silent_since: status.silent_since.map(Into::into),
            activity_missing_since: status.activity_missing_since.map(Into::into),
            connections_missing_since: status.connections_missing_since.map(Into::into),
        }
    }
}

/// A harmless act that was planted for a family of rules, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CanaryItem {
    /// Place in the trail of its entry.
    pub position: String,
    /// Family of rules: the page that explains them.
    pub family: String,
    /// The rule that should match; empty where nothing could be planted.
    pub rule: String,
    /// When it was planted.
    pub time: Moment,
    /// `seen`, `missed` or `not-tested`.
    #[schema(example = "seen")]
    pub outcome: &'static str,
    /// Why it was missed or not tested.
    pub reason: Option<String>,
    /// Milliseconds from the act until it was judged.
    pub took_ms: Option<Count>,
}

impl From<Placed<Canary>> for CanaryItem {
    fn from(placed: Placed<Canary>) -> CanaryItem {
        let canary = placed.entry;
        let (reason, took_ms) = match &canary.outcome {
            Outcome::Seen { took_ms, .. } => (None, Some((*took_ms).into())),
            Outcome::Missed { reason } | Outcome::NotTested { reason } => {
                (Some(reason.clone()), None)
            }
        };
        CanaryItem {
            position: placed.position.to_string(),
            outcome: canary.outcome.name(),
            family: canary.family,
            rule: canary.rule,
            time: canary.time.into(),
            reason,
            took_ms,
        }
    }
}
