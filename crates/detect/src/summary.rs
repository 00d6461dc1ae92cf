//! What a replay saw, in figures.

use std::collections::BTreeMap;

use event::Severity;
use finding::Alert;
use serde::{Deserialize, Serialize};

/// Figures of a replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Records by source.
    pub sources: BTreeMap<String, Counts>,
    /// Alerts by rule.
    pub alerts: BTreeMap<String, u64>,
    /// Alerts by priority, in Falco's words.
    pub priorities: BTreeMap<String, u64>,
    /// Rejected records by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Seconds from start to end.
    pub seconds: f64,
    /// What the sensor saw; only where one was at work.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub sensed: Option<Sensed>,
}

/// What a sensor saw and lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sensed {
    /// Step of the ladder that it stood on.
    pub step: String,
    /// Better steps that could not be taken, with the reason.
    pub refused: Vec<String>,
    /// What cannot be seen from there.
    pub blind: Vec<String>,
    /// Events that the kernel programs saw.
    pub seen: u64,
    /// Events that were dropped in the kernel because no rule could match them.
    pub filtered: u64,
    /// Records of what the sensor's own process did while it loaded; no rule judged them.
    #[serde(default)]
    pub own: u64,
    /// Events that were lost, by cause.
    pub lost: BTreeMap<String, u64>,
    /// Events that were lost, by call.
    pub lost_calls: BTreeMap<String, u64>,
    /// Processes that were not known when they acted, and what had to make room, by kind.
    pub gaps: BTreeMap<String, u64>,
}

/// Records of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All that came, rejected ones included.
    pub read: u64,
    /// Could not be taken.
    pub rejected: u64,
    /// Matched no rule, and were therefore neither read to their end nor checked.
    pub dismissed_unread: u64,
    /// Alerts raised; one record may raise several.
    pub alerts: u64,
}

impl Summary {
    /// Counts an alert.
    pub fn alert(&mut self, alert: &Alert) {
        count(&mut self.alerts, &alert.rule);
        count(&mut self.priorities, alert.priority.name());
    }

    /// Counts a reason why a record was rejected.
    pub fn reject(&mut self, reason: &str) {
        count(&mut self.rejected, reason);
    }

    /// Returns the number of alerts.
    pub fn total_alerts(&self) -> u64 {
        self.alerts.values().sum()
    }

    /// Tells whether any alert was at least as severe as `bound`.
    pub fn reaches(&self, bound: Severity) -> bool {
        Severity::ALL
            .into_iter()
            .filter(|severity| severity.at_least(bound))
            .any(|severity| self.priorities.contains_key(severity.name()))
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
