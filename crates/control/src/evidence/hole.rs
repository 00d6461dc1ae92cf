//! Entries of a node that never came.

use event::{Period, Time};
use serde::{Deserialize, Serialize};

/// Entries that a node numbered and that never came. It stands in the block of the entry that came
/// in their place, and nothing that comes later takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// Source that the node is watched by.
    pub source: String,
    /// Instance of it: the node.
    pub instance: String,
    /// Which of its streams.
    pub stream: String,
    /// Number of the first that is missing.
    pub first: u64,
    /// Number of the last.
    pub last: u64,
    /// When what came before them happened, by the node's clock; absent if nothing ever came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// When what came after them happened, by the same.
    pub until: Time,
}

impl Hole {
    /// Returns the whole minutes in which the missing entries may have been made.
    pub fn period(&self) -> Period {
        // Neighbours in a stream need not be in the order of time.
        let from = self.since.map_or(Time(i64::MIN), |since| since.min(self.until).minute());
        let until = self.since.map_or(self.until, |since| since.max(self.until));
        Period { from, until: until.minute().plus(Time::MINUTE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Line;

    /// Holes as version 1 has them; they stay readable.
    const V1: &str = include_str!("frozen/holes-v1.jsonl");

    #[test]
    fn holes_of_version_1_are_read_and_written_as_they_were() {
        for text in V1.lines() {
            let line: Line = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
        }
        assert_eq!(V1.lines().count(), 2, "with and without anything before it");
    }

    #[test]
    fn a_hole_takes_the_whole_minutes_of_both_its_neighbours() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let of = |since: &str, until: &str| {
            let hole = Hole {
                source: "syscall".into(),
                instance: "n1".into(),
                stream: "a".into(),
                first: 2,
                last: 3,
                since: Some(at(since)),
                until: at(until),
            };
            let Period { from, until } = hole.period();
            format!("{from} {until}")
        };
        let wanted = "2026-11-22T12:00:00Z 2026-11-22T12:03:00Z";
        assert_eq!(of("2026-11-22T12:00:59Z", "2026-11-22T12:02:00Z"), wanted);
        assert_eq!(of("2026-11-22T12:02:01Z", "2026-11-22T12:00:30Z"), wanted, "out of order");
    }
}
