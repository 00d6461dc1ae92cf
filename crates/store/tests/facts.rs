//! The tables and a reading of the whole trail give the same facts.

mod shared;

use control::Gather;
use control::evidence::{Entry, Line, Origin, SourceStatus};
use event::{Period, Severity, Time};
use finding::Action;
use proptest::prelude::*;
use shared::*;
use store::{Draft, View};

fn gathered(view: &View, period: Period, as_of: Time) -> control::Facts {
    let mut gather = Gather::new(period);
    for number in 0..view.trail().blocks() {
        let block = view.trail().block(number).unwrap();
        for (index, bytes) in block.entries().enumerate() {
            let line: Line = serde_json::from_slice(bytes).unwrap();
            gather.see(&format!("{number}.{index}"), &line.entry);
        }
    }
    gather.finish(as_of)
}

fn entry(kind: u8, seconds: i64, pick: usize) -> Entry {
    let pods = ["web", "db", "queue"];
    let rules = ["Shell", "Secret read"];
    let (pod, rule) = (pods[pick % 3], rules[pick / 3 % 2]);
    let severity = Severity::ALL[pick % 5];
    let id = finding(rule, pod);
    match kind {
        0..=3 => {
            let alerts = vec![alert(rule, pod, severity, at(seconds))];
            event(&format!("{seconds}-{pick}"), seconds, alerts)
        }
        4 => mostly_up(seconds / 60, 4),
        5 => decision(id, seconds + 1, Action::Acknowledge),
        6 => decision(id, seconds + 1, RESOLVE),
        7 => decision(id, seconds + 1, Action::Accept { until: at(seconds + 900) }),
        8 => decision(id, seconds + 1, Action::Reopen),
        9 => rules_loaded(seconds, ["aa", "bb"][pick % 2]),
        10 => act(seconds, "sign_in", "console"),
        11 => canary(seconds, pick),
        12 => Entry::Status(SourceStatus {
            source: "syscall".into(),
            instance: "n1".into(),
            ..up(seconds / 60)
        }),
        _ => act(seconds, "source_retired", "k8s_audit/webhook"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn facts_from_tables_equal_facts_from_the_trail(
        steps in proptest::collection::vec((0_u8..14, 1_i64..20_000, 0_usize..12), 1..60),
        from in 0_i64..300_000,
        length in 0_i64..300_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(dir.path());
        let (mut seconds, mut number) = (0, 0);
        let mut end = 0;
        for chunk in steps.chunks(4) {
            let mut batch = Vec::new();
            for (kind, later, pick) in chunk {
                seconds += later;
                number += 1 + u64::from(*pick > 8);
                let from = Origin { node: "n1".into(), stream: "a".into(), number };
                let entry = entry(*kind, seconds, *pick);
                batch.push(match *pick % 2 {
                    0 => Draft::shipped(entry, from),
                    _ => Draft::new(entry),
                });
            }
            end = seconds;
            journal.commit(batch).unwrap();
        }
        let view = journal.view();
        let as_of = at(end + 60);
        let whole = Period { from: at(from.min(end)), until: at(end + 61) };
        prop_assert_eq!(view.facts(whole, as_of).unwrap(), gathered(&view, whole, as_of));
        let part = Period { from: at(from), until: at(from + length) };
        prop_assert_eq!(view.facts(part, as_of).unwrap(), gathered(&view, part, as_of));
    }
}
