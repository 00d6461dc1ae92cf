//! Planted acts that show that something there is seen.

use std::sync::Arc;
use std::time::Duration;

use event::{Fields, Severity, Subject, Time};
use finding::{Alert, Reliability};
use serde::{Deserialize, Serialize};

/// A harmless act was planted for a family of rules, and this came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// When it was planted, by the clock of where it was.
    pub time: Time,
    /// Source that should tell of it.
    pub source: String,
    /// Instance of it.
    pub instance: String,
    /// Family of rules: the page that explains them.
    pub family: String,
    /// The rule that should match; empty where nothing could be planted for the family.
    pub rule: String,
    /// All rules of the family: what is shown for one counts for each.
    pub rules: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule matched. Its alert stands here and nowhere else, so that it opens no finding.
    Seen {
        /// The alert.
        alert: Box<Alert>,
        /// Milliseconds from the act until it was judged.
        took_ms: u64,
    },
    /// Nobody told of it.
    Missed {
        /// What was waited for.
        reason: String,
    },
    /// Nothing could be planted.
    NotTested {
        /// Why.
        reason: String,
    },
}

impl Canary {
    /// How often all are planted.
    pub const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
    /// How long after the start of a watch, or of other rules, the first ones are planted.
    pub const SETTLE: Duration = Duration::from_secs(5);
    /// How long may pass until one is told of.
    pub const WAIT: Duration = Duration::from_secs(20);

    /// Returns the alert that says that it was missed, under this id; nothing if it was not.
    pub fn missed(&self, uuid: &str, hostname: &str, subject: Subject) -> Option<Alert> {
        let Outcome::Missed { reason } = &self.outcome else { return None };
        let output = format!(
            "Canary missed: what was planted for the rules of `{}` was not told of ({reason}); the \
             rule waited for was `{}`",
            self.family, self.rule
        );
        let mut output_fields = Fields::with_capacity(2);
        output_fields.push("canary.family".into(), self.family.as_str().into());
        output_fields.push("canary.rule".into(), self.rule.as_str().into());
        Some(Alert {
            uuid: uuid.to_owned(),
            time: self.time,
            rule: format!("Canary missed: {}", self.family).into(),
            priority: Severity::Error,
            source: self.source.as_str().into(),
            tags: ["sockeye".to_owned(), "canary".to_owned()].into(),
            hostname: hostname.into(),
            output,
            output_fields,
            soc2: Arc::default(),
            reliability: Reliability::Complete,
            subject: Arc::new(subject),
        })
    }
}

impl Outcome {
    /// Returns the word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Seen { .. } => "seen",
            Outcome::Missed { .. } => "missed",
            Outcome::NotTested { .. } => "not-tested",
        }
    }

    /// Tells whether it was missed; nothing where it was not tested.
    pub fn missed(&self) -> Option<bool> {
        match self {
            Outcome::Seen { .. } => Some(false),
            Outcome::Missed { .. } => Some(true),
            Outcome::NotTested { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::Line;

    /// Canaries as version 1 has them; they stay readable.
    const V1: &str = include_str!("frozen/canaries-v1.jsonl");

    #[test]
    fn canaries_of_version_1_are_read_and_written_as_they_were() {
        for text in V1.lines() {
            let line: Line = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
        }
        assert_eq!(V1.lines().count(), 3, "one of each outcome");
    }
}
