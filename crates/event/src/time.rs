//! Points in time and spans between them. Nothing here reads a clock: time is always an argument.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: nanoseconds since the Unix epoch, UTC. Written as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// The text was no RFC 3339 time, or lies outside the years 1678 to 2261.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 time")]
pub struct TimeError(String);

impl Time {
    /// Nanoseconds in a second.
    pub const SECOND: i64 = 1_000_000_000;
    /// Nanoseconds in a minute.
    pub const MINUTE: i64 = 60 * Self::SECOND;

    /// Returns the start of the minute this time lies in.
    pub fn minute(self) -> Time {
        Time(self.0 - self.0.rem_euclid(Self::MINUTE))
    }

    /// Returns whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(Self::SECOND)
    }

    /// Returns the time `nanoseconds` later (earlier when negative), held at the ends of the range.
    pub fn plus(self, nanoseconds: i64) -> Time {
        Time(self.0.saturating_add(nanoseconds))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(stamp) => fmt::Display::fmt(&stamp, f),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|stamp| i64::try_from(stamp.as_nanosecond()).ok())
            .map(Time)
            .ok_or_else(|| TimeError(text.to_owned()))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A half-open span of time: `from` belongs to it, `until` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First instant of the span.
    pub from: Time,
    /// First instant after the span.
    pub until: Time,
}

impl Period {
    /// Tells whether `time` lies within the span.
    pub fn contains(&self, time: Time) -> bool {
        self.from <= time && time < self.until
    }

    /// Returns the common part of both spans, if they share one.
    pub fn overlap(&self, other: &Period) -> Option<Period> {
        let span = Period { from: self.from.max(other.from), until: self.until.min(other.until) };
        (span.from < span.until).then_some(span)
    }

    /// Returns the length in whole seconds.
    pub fn seconds(&self) -> i64 {
        (self.until.0 - self.from.0).max(0) / Time::SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_its_text_form() {
        let time: Time = "2026-11-22T04:05:06.123456789Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-22T04:05:06.123456789Z");
    }

    #[test]
    fn periods_that_only_touch_do_not_overlap() {
        let early = Period { from: Time(0), until: Time(5) };
        let late = Period { from: Time(5), until: Time(9) };
        assert_eq!(early.overlap(&late), None);
    }
}
