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

/// A time written out, `2026-11-22T04:05:06.000000789`, UTC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stamp([u8; 29]);

impl Stamp {
    /// Returns date and time of day with nine digits behind the second.
    pub fn as_str(&self) -> &str {
        self.part(0, 29)
    }

    /// Returns the date, `2026-11-22`.
    pub fn date(&self) -> &str {
        self.part(0, 10)
    }

    /// Returns the time of day with nine digits behind the second.
    pub fn clock(&self) -> &str {
        self.part(11, 29)
    }

    /// Returns the time of day in whole seconds, `04:05:06`.
    pub fn clock_seconds(&self) -> &str {
        self.part(11, 19)
    }

    fn part(&self, from: usize, until: usize) -> &str {
        std::str::from_utf8(&self.0[from..until]).unwrap_or_default()
    }
}

impl Time {
    /// Writes the time out. Every time that can be held has a year of four digits.
    pub fn stamp(self) -> Stamp {
        let (days, second) = (self.seconds().div_euclid(86_400), self.seconds().rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000000000";
        write(&mut text[..4], year);
        write(&mut text[5..7], month);
        write(&mut text[8..10], day);
        write(&mut text[11..13], second / 3600);
        write(&mut text[14..16], second % 3600 / 60);
        write(&mut text[17..19], second % 60);
        write(&mut text[20..], self.0.rem_euclid(Self::SECOND));
        Stamp(text)
    }
}

/// Fills a place with the last digits of a number below 2^32.
#[inline]
fn write(digits: &mut [u8], number: i64) {
    let mut number = number as u32;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Returns year, month and day of a number of days since 1970-01-01 (Hinnant's method: years begin
/// in March).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = self.stamp();
        let text = stamp.as_str().trim_end_matches('0').trim_end_matches('.');
        // A whole second ends in zeros that count.
        f.write_str(if text.len() < 19 { stamp.part(0, 19) } else { text })?;
        f.write_str("Z")
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_survives_its_text_form() {
        let time: Time = "2026-11-22T04:05:06.123456789Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-22T04:05:06.123456789Z");
    }

    proptest! {
        #[test]
        fn every_time_is_written_as_the_standard_has_it(nanoseconds in any::<i64>()) {
            for time in [Time(nanoseconds), Time(nanoseconds - nanoseconds % Time::SECOND)] {
                let jiff = jiff::Timestamp::from_nanosecond(time.0.into()).unwrap();
                prop_assert_eq!(time.to_string(), jiff.to_string());
                let nine_digits = format!("{}Z", time.stamp().as_str());
                prop_assert_eq!(nine_digits, format!("{jiff:.9}"));
            }
        }
    }

    #[test]
    fn periods_that_only_touch_do_not_overlap() {
        let early = Period { from: Time(0), until: Time(5) };
        let late = Period { from: Time(5), until: Time(9) };
        assert_eq!(early.overlap(&late), None);
    }
}
