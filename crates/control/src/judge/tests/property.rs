//! What holds for any trail.

use proptest::prelude::*;

use super::*;

/// A trail of an hour or two: statuses, alerts, decisions.
fn story() -> impl Strategy<Value = Vec<Entry>> {
    let step = (0u8..9, 0i64..120, 0u8..3);
    proptest::collection::vec(step, 0..60).prop_map(|mut steps| {
        // The trail is written in the order in which things reach it.
        steps.sort_by_key(|(_, minute, _)| *minute);
        let mut entries = vec![rules(0, Some("grace@example.org"), &["Shell"])];
        entries.extend((0..125).map(|minute| Entry::Status(status(minute))));
        for (kind, minute, pod) in steps {
            let pod = ["web", "db", "cache"][usize::from(pod)];
            entries.push(match kind {
                0..3 => alert(minute, pod),
                3 => decision(minute, pod, Action::Acknowledge),
                4 => decision(minute, pod, RESOLVE),
                5 => decision(minute, pod, Action::Reopen),
                6 => decision(minute, pod, Action::Accept { until: at(minute + 20) }),
                7 => act(minute, "ada@example.org"),
                _ => {
                    let mut lossy = status(minute);
                    lossy.lost = 1;
                    Entry::Status(lossy)
                }
            });
        }
        entries
    })
}

fn short() -> Question {
    Question::Type2 { period: Period { from: at(0), until: at(120) } }
}

proptest! {
    #[test]
    fn more_gaps_never_make_a_pass_nor_more_coverage(
        entries in story(), from in 0i64..120, length in 1i64..60
    ) {
        let whole = facts(&entries, short());
        let before = judge_one(&control(), &whole, short(), ServiceModel::Iaas);
        let kept: Vec<Entry> = entries.into_iter().filter(|entry| !matches!(entry,
            Entry::Status(one) if one.minute >= at(from) && one.minute < at(from + length)
        )).collect();
        let holed = facts(&kept, short());
        let after = judge_one(&control(), &holed, short(), ServiceModel::Iaas);
        let passed = |result: &ControlResult| {
            result.operation.as_ref().is_some_and(|one| one.result == Outcome::Pass)
        };
        prop_assert!(passed(&before) || !passed(&after));
        let observed = |result: &ControlResult| {
            result.coverage.as_ref().map_or(0, |coverage| coverage.observed_seconds)
        };
        prop_assert!(observed(&after) <= observed(&before));
    }

    #[test]
    fn observed_time_and_gaps_make_up_the_expected_time(entries in story()) {
        let coverage = crate::coverage::of_control(&control(), &facts(&entries, short()));
        let holes = crate::Spans::of(coverage.gaps.iter().map(|gap| gap.period));
        prop_assert_eq!(coverage.observed_seconds + holes.seconds(), coverage.expected_seconds);
        prop_assert!(coverage.observed.and(&holes).is_empty());
    }

    #[test]
    fn the_order_of_facts_does_not_matter(entries in story(), seed in any::<u64>()) {
        let sorted = facts(&entries, short());
        let mut shuffled = sorted.clone();
        let mut state = seed | 1;
        let mut next = |len: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % len.max(1)
        };
        for index in 0..shuffled.cases.len() {
            let other = next(shuffled.cases.len());
            shuffled.cases.swap(index, other);
        }
        for index in 0..shuffled.acts.len() {
            let other = next(shuffled.acts.len());
            shuffled.acts.swap(index, other);
        }
        shuffled.sort();
        prop_assert_eq!(&shuffled, &sorted);
        let judged = |facts| judge_one(&control(), facts, short(), ServiceModel::Iaas);
        prop_assert_eq!(judged(&shuffled), judged(&sorted));
    }

    #[test]
    fn the_entries_that_facts_rest_on_give_the_same_facts_again(
        entries in story(), from in 0i64..100
    ) {
        let period = Period { from: at(from), until: at(120) };
        let mut gather = Gather::new(period);
        for (index, entry) in entries.iter().enumerate() {
            gather.see(&format!("{index}.0"), entry);
        }
        let (whole, support) = gather.finish_with_support(at(10 * DAY));
        let mut again = Gather::new(period);
        for (index, entry) in entries.iter().enumerate() {
            let position = format!("{index}.0");
            let kind = crate::facts::Kind::of(entry);
            if kind.is_some_and(|kind| support.of(kind).contains(&position)) {
                again.see(&position, entry);
            }
        }
        prop_assert_eq!(again.finish(at(10 * DAY)), whole);
    }

    #[test]
    fn every_alert_of_the_period_is_in_exactly_one_case(entries in story()) {
        let facts = facts(&entries, short());
        let alerts: u64 = facts.alerts.iter().map(|one| one.count).sum();
        let in_cases: u64 = facts.cases.iter().map(|case| case.alerts).sum();
        prop_assert_eq!(alerts, in_cases);
    }
}
