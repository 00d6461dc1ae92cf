//! Times as the API server writes them: RFC 3339 with any number of digits behind the second.

use event::Time;

/// Reads a time; `None` when it is none, or lies outside the years 1678 to 2261.
pub fn parse(text: &[u8]) -> Option<Time> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.split_at_checked(9)?;
    let (year, month, day) = match date {
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => {
            (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
        }
        _ => return None,
    };
    let (hour, minute, second) = match clock {
        [b'T', h1, h2, b':', m1, m2, b':', s1, s2] => {
            (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?)
        }
        _ => return None,
    };
    let possible = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !possible {
        return None;
    }
    let (nanoseconds, rest) = fraction(rest)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = seconds - offset(rest)?;
    seconds.checked_mul(Time::SECOND)?.checked_add(nanoseconds).map(Time)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// Reads digits behind a point; what is finer than a nanosecond is cut.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(b'.' | b',') = text.first() else { return Some((0, text)) };
    let digits = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let kept = &text[1..1 + digits.min(9)];
    let scale = 10_i64.pow(9 - u32::try_from(kept.len()).ok()?);
    Some((number(kept)? * scale, &text[1 + digits..]))
}

/// Reads `Z` or `±hh:mm` as seconds east of Greenwich.
fn offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 24 || minutes >= 60 {
                return None;
            }
            let east = hours * 3600 + minutes * 60;
            Some(if *sign == b'+' { east } else { -east })
        }
        _ => None,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns days since 1970-01-01 (Hinnant's method: years begin in March).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_that_are_and_are_not_times() {
        let shown = |text: &str| parse(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(shown("2026-11-22T04:05:06.5Z").as_deref(), Some("2026-11-22T04:05:06.5Z"));
        assert_eq!(shown("2026-11-22T04:05:06+02:00").as_deref(), Some("2026-11-22T02:05:06Z"));
        assert_eq!(
            shown("2024-02-29T23:59:59.1234567891Z").as_deref(),
            Some("2024-02-29T23:59:59.123456789Z")
        );
        for wrong in [
            "",
            "2026-11-22",
            "2026-11-22T04:05Z",
            "2026-02-29T00:00:00Z",
            "2026-11-22 04:05:06Z",
            "2026-11-22T04:05:06",
            "2026-11-22T04:05:06.Z",
            "2026-11-22T24:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_time_prints_is_read_back(nanoseconds in any::<i64>()) {
            let time = Time(nanoseconds);
            prop_assert_eq!(parse(time.to_string().as_bytes()), Some(time));
        }
    }
}
