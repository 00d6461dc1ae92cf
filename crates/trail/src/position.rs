//! Where an entry stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Place of one entry in the trail: the block's number and the entry's within it. Printed `12.3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Number of the block, from zero.
    pub block: u64,
    /// Number of the entry in its block, from zero.
    pub entry: u32,
}

/// The text was no position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no position in the trail; one looks like 12.3")]
pub struct PositionError(String);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.block, self.entry)
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let parts = text.split_once('.');
        let parsed = parts.and_then(|(block, entry)| {
            Some(Position { block: digits(block)?, entry: digits(entry)?.try_into().ok()? })
        });
        parsed.ok_or_else(|| PositionError(text.to_owned()))
    }
}

/// Reads a number in its only spelling: no sign, no leading zero.
fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (plain && canonical).then(|| text.parse().ok()).flatten()
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_one_spelling() {
        let position = Position { block: 12, entry: 3 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for bad in ["", "1", "1.", ".1", "01.2", "1.02", "+1.2", "1.2.3", "1.4294967296"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
