//! Alerts of one fingerprint, handled by people.

use std::fmt;

use data_encoding::HEXLOWER;
use event::{Subject, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Alert, Severity};

/// Identity of a finding: the first 16 bytes of SHA-256 over source, rule and what tells its
/// subject from any other, in hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub String);

impl FindingId {
    /// Returns the finding an alert belongs to.
    pub fn of(alert: &Alert) -> FindingId {
        let mut hash = Sha256::new();
        let about = [Some(&*alert.source), Some(&*alert.rule)];
        for part in about.into_iter().chain(alert.subject.identity()) {
            let text = part.unwrap_or_default();
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        let digest = hash.finalize();
        FindingId(HEXLOWER.encode(&digest[..16]))
    }

    /// Returns the first eight bytes as a number: the key under which the trail is searched.
    pub fn key(&self) -> u64 {
        self.0.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0)
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has looked yet, or it was reopened.
    Open,
    /// A named person is on it.
    Acknowledged,
    /// The risk was taken by a named person until a date.
    Accepted,
    /// Handled, with a verdict.
    Resolved,
}

/// What a person found the alerts to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A real breach or attack.
    TruePositive,
    /// Real, and allowed.
    Benign,
    /// The rule was wrong.
    FalsePositive,
}

/// A step of a finding's lifecycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Someone takes it on.
    Acknowledge,
    /// The risk is taken until a date; alerts after it reopen the finding.
    Accept {
        /// End of the acceptance.
        until: Time,
    },
    /// It is handled.
    Resolve {
        /// What it was.
        verdict: Verdict,
    },
    /// It is not handled after all.
    Reopen,
}

/// Who decided what about a finding, when and why. Immutable; a correction is a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The finding.
    pub finding: FindingId,
    /// The named person.
    pub actor: String,
    /// When.
    pub time: Time,
    /// What.
    #[serde(flatten)]
    pub action: Action,
    /// Why, in the person's words; required.
    pub reason: String,
}

/// Alerts of one fingerprint with their lifecycle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity.
    pub id: FindingId,
    /// Rule that raised it.
    pub rule: String,
    /// Source of the rule.
    pub source: String,
    /// Most severe of its alerts.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Criteria it bears on.
    pub soc2: Vec<String>,
    /// Where it stands.
    pub status: Status,
    /// Verdict, once resolved.
    pub verdict: Option<Verdict>,
    /// End of acceptance, while accepted.
    pub accepted_until: Option<Time>,
    /// Event time of its first alert.
    pub first_seen: Time,
    /// Event time of its last alert.
    pub last_seen: Time,
    /// Receipt time of the alert that opened it, this time. Handling is measured from here.
    pub opened: Time,
    /// Number of its alerts.
    pub count: u64,
    /// Output line of its last alert.
    pub output: String,
}
