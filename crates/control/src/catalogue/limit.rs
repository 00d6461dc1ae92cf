//! A span of time as people write it: `30s`, `15m`, `4h`, `3d`.

use std::fmt;
use std::str::FromStr;

use event::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest limit: ten years.
const SECONDS_MAX: i64 = 10 * 366 * 86_400;

/// A limit in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    seconds: i64,
}

impl Limit {
    /// Returns a limit of so many seconds.
    pub fn of_seconds(seconds: i64) -> Limit {
        Limit { seconds: seconds.clamp(0, SECONDS_MAX) }
    }

    /// Returns its length in seconds.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the instant at which the limit, running from `start`, is reached.
    pub fn after(self, start: Time) -> Time {
        start.plus(self.seconds * Time::SECOND)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, letter) = [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
            .into_iter()
            .find(|(unit, _)| self.seconds != 0 && self.seconds % unit == 0)
            .unwrap_or((1, 's'));
        write!(f, "{}{letter}", self.seconds / unit)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is no span of time; write it like 30s, 15m, 4h or 3d");
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(refuse()),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: i64 = if plain { digits.parse().map_err(|_| refuse())? } else { -1 };
        match count.checked_mul(unit) {
            Some(seconds) if (0..=SECONDS_MAX).contains(&seconds) => Ok(Limit { seconds }),
            _ => Err(refuse()),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_people_write_them() {
        for text in ["0s", "45s", "15m", "4h", "3d", "90s"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        assert_eq!("24h".parse::<Limit>().unwrap().to_string(), "1d");
        for text in ["", "4", "h", "-4h", "4 h", "4w", "9999999999999999999d", "4hé"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
