//! Scenarios of sensors that cannot see all from where they stand.

use super::*;
use crate::evidence::SensorStatus;

fn half_blind(status: SourceStatus, instance: &str) -> Entry {
    let blind = vec!["abi: calls made the 32-bit way are not seen".to_owned()];
    let sensor = Some(Box::new(SensorStatus { blind, ..SensorStatus::default() }));
    Entry::Status(SourceStatus { instance: instance.into(), sensor, ..status })
}

#[test]
fn what_a_sensor_cannot_see_is_said_with_what_it_saw_and_changes_no_result() {
    let mut entries = quiet_day();
    entries.push(alert(60, "web"));
    entries.push(decision(90, "web", Action::Acknowledge));
    entries.push(decision(200, "web", RESOLVE));
    let without = judge_of(&control(), &entries).operation.unwrap();
    for instance in ["node-1", "node-2"] {
        entries.extend((0..DAY).map(|minute| half_blind(status(minute), instance)));
    }
    let with = judge_of(&control(), &entries).operation.unwrap();
    assert_eq!(with.result, without.result);
    let said: Vec<&String> =
        with.reasons.iter().filter(|reason| !without.reasons.contains(reason)).collect();
    let expected = expect![[r#"
        ["not seen by k8s_audit/node-1, k8s_audit/node-2: abi: calls made the 32-bit
          way are not seen"]
    "#]];
    expected.assert_eq(&wrapped(&format!("{said:?}")));
}

#[test]
fn what_another_source_cannot_see_is_not_the_controls_matter() {
    let mut entries = quiet_day();
    let other = SourceStatus { source: "syscall".into(), ..status(0) };
    entries.push(half_blind(other, "node-1"));
    let result = judge_of(&control(), &entries).operation.unwrap();
    assert!(!result.reasons.iter().any(|reason| reason.contains("not seen")), "{result:?}");
}
