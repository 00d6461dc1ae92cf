//! One rule matched one event.

use std::fmt;
use std::str::FromStr;

use event::{Subject, Time};
use serde::{Deserialize, Serialize};

/// How severe a rule's author rates a match, most severe first, in Falco's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are Falco's priorities")]
pub enum Severity {
    Emergency,
    Alert,
    Critical,
    Error,
    Warning,
    Notice,
    Informational,
    Debug,
}

impl Severity {
    /// All severities, most severe first.
    pub const ALL: [Severity; 8] = [
        Severity::Emergency,
        Severity::Alert,
        Severity::Critical,
        Severity::Error,
        Severity::Warning,
        Severity::Notice,
        Severity::Informational,
        Severity::Debug,
    ];

    /// Tells whether this is as severe as `bound`, or more.
    pub fn at_least(self, bound: Severity) -> bool {
        self <= bound
    }

    /// Returns Falco's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Emergency => "Emergency",
            Severity::Alert => "Alert",
            Severity::Critical => "Critical",
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Notice => "Notice",
            Severity::Informational => "Informational",
            Severity::Debug => "Debug",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    /// Accepts any case, and Falco's short form `INFO`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("info") {
            return Ok(Severity::Informational);
        }
        Severity::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is no priority"))
    }
}

/// Whether everything that could have mattered was seen when the alert was raised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reliability {
    /// Nothing was being lost.
    #[default]
    Complete,
    /// Something was, for this reason. Written `degraded: reason`.
    Degraded(String),
}

impl Serialize for Reliability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reliability::Complete => serializer.serialize_str("complete"),
            Reliability::Degraded(reason) => {
                serializer.collect_str(&format_args!("degraded: {reason}"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Reliability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix("degraded: ") {
            Some(reason) => Ok(Reliability::Degraded(reason.to_owned())),
            None if text == "complete" => Ok(Reliability::Complete),
            None => Err(serde::de::Error::custom(format!("`{text}` is no reliability"))),
        }
    }
}

/// One match, in the JSON shape of Falco's output with `soc2`, `reliability` and `subject` added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Unique id (UUID, version 7 in event-time order is not promised).
    pub uuid: String,
    /// When the event happened.
    pub time: Time,
    /// Name of the rule.
    pub rule: String,
    /// Severity; `priority` in Falco's words.
    pub priority: Severity,
    /// Name of the source, `k8s_audit`.
    pub source: String,
    /// Tags of the rule.
    pub tags: Vec<String>,
    /// Host that judged.
    pub hostname: String,
    /// The rule's output line with fields filled in.
    pub output: String,
    /// Fields named by the output line; absent ones are null.
    pub output_fields: serde_json::Map<String, serde_json::Value>,
    /// Criteria served by the controls that this rule maps to, `CC6.1`.
    #[serde(default)]
    pub soc2: Vec<String>,
    /// Whether anything was being lost at that time.
    #[serde(default)]
    pub reliability: Reliability,
    /// What it happened to.
    #[serde(default)]
    pub subject: Subject,
}
