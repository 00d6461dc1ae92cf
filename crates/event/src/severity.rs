//! How bad something is, in the words of Falco and syslog.

use std::fmt;
use std::str::FromStr;

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
