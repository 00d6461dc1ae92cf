//! Scenarios of entries that a source numbered and that never came.

use super::*;
use crate::coverage::GapKind;
use crate::evidence::Hole;

fn hole(instance: &str, since: Option<i64>, until: i64) -> Entry {
    Entry::Hole(Hole {
        source: "k8s_audit".into(),
        instance: instance.into(),
        stream: "0190-finding".into(),
        first: 4,
        last: 5,
        since: since.map(at),
        until: at(until),
    })
}

#[test]
fn minutes_of_which_an_entry_never_came_count_for_nothing() {
    let mut entries = quiet_day();
    entries.push(hole("webhook", Some(60), 69));
    let result = judge_of(&control(), &entries);
    let coverage = result.coverage.unwrap();
    assert_eq!(coverage.expected_seconds - coverage.observed_seconds, 600);
    let [gap] = coverage.gaps.as_slice() else { panic!("{:?}", coverage.gaps) };
    assert_eq!(
        (gap.kind, gap.period.from, gap.period.until),
        (GapKind::EntriesMissing, at(60), at(70))
    );
    assert!(gap.reason.starts_with("entries 4 to 5 of its stream 0190-finding never came"));
    let of_source = crate::coverage::of_sources(&facts(&entries, question()));
    assert_eq!(of_source[0].coverage.observed_seconds, coverage.observed_seconds);
}

#[test]
fn without_anything_before_it_a_hole_reaches_back_to_the_first_status() {
    let mut entries = quiet_day();
    entries.push(hole("webhook", None, 9));
    let coverage = judge_of(&control(), &entries).coverage.unwrap();
    assert_eq!(coverage.expected_seconds - coverage.observed_seconds, 600);
}

#[test]
fn holes_of_others_make_no_difference() {
    let mut entries = quiet_day();
    entries.push(hole("elsewhere", Some(60), 69));
    assert_eq!(judge_of(&control(), &entries).coverage.unwrap().share(), 100.0);
}
