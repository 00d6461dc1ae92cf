//! Sets of time: sorted spans that neither overlap nor touch.

use event::{Period, Time};
use serde::Serialize;

/// A set of instants, as spans in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Spans(Vec<Period>);

impl Spans {
    /// Returns the set of all instants of these spans, in any order, overlapping or not.
    pub fn of(spans: impl IntoIterator<Item = Period>) -> Spans {
        let mut spans: Vec<Period> =
            spans.into_iter().filter(|span| span.from < span.until).collect();
        spans.sort_unstable();
        let mut merged: Vec<Period> = Vec::with_capacity(spans.len().min(1024));
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
                _ => merged.push(span),
            }
        }
        Spans(merged)
    }

    /// Returns the spans in order.
    pub fn iter(&self) -> impl Iterator<Item = &Period> {
        self.0.iter()
    }

    /// Tells whether no instant is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the instants that are in both sets.
    pub fn and(&self, other: &Spans) -> Spans {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            common.extend(one.overlap(two));
            if one.until <= two.until {
                left.next();
            } else {
                right.next();
            }
        }
        Spans(common)
    }

    /// Returns the instants that are in either set.
    pub fn or(&self, other: &Spans) -> Spans {
        Spans::of(self.0.iter().chain(&other.0).copied())
    }

    /// Returns the instants of this set that are not in the other.
    pub fn without(&self, other: &Spans) -> Spans {
        let mut rest = Vec::new();
        let mut holes = other.0.iter().peekable();
        for span in &self.0 {
            let mut from = span.from;
            while holes.next_if(|hole| hole.until <= from).is_some() {}
            let mut ahead = holes.clone();
            while let Some(hole) = ahead.next_if(|hole| hole.from < span.until) {
                rest.push(Period { from, until: hole.from });
                from = from.max(hole.until);
            }
            rest.push(Period { from, until: span.until });
        }
        Spans::of(rest)
    }

    /// Returns the total length in whole seconds.
    pub fn seconds(&self) -> i64 {
        let total: i128 =
            self.0.iter().map(|span| i128::from(span.until.0) - i128::from(span.from.0)).sum();
        i64::try_from(total / i128::from(Time::SECOND)).unwrap_or(i64::MAX)
    }
}

impl From<Period> for Spans {
    fn from(span: Period) -> Spans {
        Spans::of([span])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Spans> {
        proptest::collection::vec((0i64..60, 0i64..12), 0..8).prop_map(|list| {
            Spans::of(
                list.into_iter()
                    .map(|(from, length)| Period { from: Time(from), until: Time(from + length) }),
            )
        })
    }

    fn has(set: &Spans, instant: i64) -> bool {
        set.iter().any(|span| span.contains(Time(instant)))
    }

    proptest! {
        #[test]
        fn sets_of_time_behave_like_sets(one in spans(), two in spans()) {
            for instant in 0..80 {
                let (left, right) = (has(&one, instant), has(&two, instant));
                prop_assert_eq!(has(&one.and(&two), instant), left && right);
                prop_assert_eq!(has(&one.or(&two), instant), left || right);
                prop_assert_eq!(has(&one.without(&two), instant), left && !right);
            }
            let rest = one.without(&two);
            prop_assert_eq!(rest.or(&one.and(&two)), one.clone());
            prop_assert!(rest.0.windows(2).all(|pair| pair[0].until < pair[1].from));
        }
    }
}
