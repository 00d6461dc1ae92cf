//! One rule matched one event.

use std::sync::Arc;

use event::{Fields, Severity, Subject, Time};
use serde::{Deserialize, Serialize};

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
    pub rule: Arc<str>,
    /// Severity; `priority` in Falco's words.
    pub priority: Severity,
    /// Name of the source, `k8s_audit`.
    pub source: Arc<str>,
    /// Tags of the rule.
    pub tags: Arc<[String]>,
    /// Host that judged.
    pub hostname: Arc<str>,
    /// The rule's output line with fields filled in.
    pub output: String,
    /// Fields named by the output line; absent ones are null.
    pub output_fields: Fields,
    /// Criteria served by the controls that this rule maps to, `CC6.1`.
    #[serde(default)]
    pub soc2: Arc<[String]>,
    /// Whether anything was being lost at that time.
    #[serde(default)]
    pub reliability: Reliability,
    /// What it happened to.
    #[serde(default)]
    pub subject: Arc<Subject>,
}
