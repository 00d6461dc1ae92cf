//! JSON can be spelt in many ways: escaped letters, blanks, members in another order. Whoever
//! chooses the spelling must not choose the alerts. Every event of every rule's page is judged
//! again as somebody who wants to hide would write it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use detect::page::cases as cases_of;
use detect::{Detector, own_rules};
use event::Time;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// A page's event, and the rules that it is said to raise.
struct Case {
    page: PathBuf,
    event: Value,
    alerts: BTreeSet<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/k8s_audit");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.sort();
    pages.into_iter().flat_map(|page| of_page(&page)).collect()
}

fn of_page(page: &Path) -> Vec<Case> {
    let (cases, faults) = cases_of(&fs::read_to_string(page).unwrap());
    assert!(faults.is_empty(), "{}: {faults:?}", page.display());
    cases
        .into_iter()
        .map(|case| Case {
            page: page.to_owned(),
            event: serde_json::from_str(&case.event).unwrap(),
            alerts: case.alerts,
        })
        .collect()
}

fn detector() -> Detector {
    let (rules, diagnostics) = rule::load(&own_rules(), source::sources());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let (detector, diagnostics) = Detector::new(&rules, |_| Arc::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    detector
}

/// Spells values by the bits of `chance`, which it uses up from the front and starts again.
struct Speller<'c> {
    chance: std::iter::Cycle<std::slice::Iter<'c, u8>>,
    out: String,
}

impl Speller<'_> {
    fn below(&mut self, bound: u8) -> u8 {
        self.chance.next().copied().unwrap_or_default() % bound
    }

    fn blank(&mut self) {
        let blank = ["", "", " ", "\t"][usize::from(self.below(4))];
        self.out.push_str(blank);
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for letter in text.chars() {
            match (letter, self.below(4)) {
                ('/', 0) => self.out.push_str("\\/"),
                ('"' | '\\' | '\0'..='\u{1f}', _) | (_, 1) => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => self.out.push(letter),
            }
        }
        self.out.push('"');
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index);
                    self.value(item);
                }
                self.out.push(']');
            }
            Value::Object(members) => self.object(members, |_| false),
            plain => self.out.push_str(&plain.to_string()),
        }
    }

    /// Spells members from a chosen one on and around. The caller names those whose spelling the
    /// API server alone decides.
    fn object(&mut self, members: &serde_json::Map<String, Value>, servers: fn(&str) -> bool) {
        let first = usize::from(self.below(u8::MAX)) % members.len().max(1);
        self.out.push('{');
        for index in 0..members.len() {
            let (key, value) = members.iter().nth((first + index) % members.len()).unwrap();
            self.separate(index);
            self.text(key);
            self.blank();
            self.out.push(':');
            self.blank();
            if servers(key) {
                self.out.push_str(&value.to_string());
            } else {
                self.value(value);
            }
        }
        self.out.push('}');
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.blank();
    }
}

fn spelt(event: &Value, chance: &[u8]) -> String {
    let mut speller = Speller { chance: chance.iter().cycle(), out: String::new() };
    speller.object(event.as_object().unwrap(), |key| key == "responseObject");
    speller.out
}

fn alerts(detector: &mut Detector, event: &str) -> BTreeSet<String> {
    let judged = detector.judge("k8s_audit", event.as_bytes(), "host", Time(0)).unwrap();
    judged.alerts.into_iter().map(|alert| alert.rule.to_string()).collect()
}

#[test]
fn no_spelling_of_an_event_changes_its_alerts() {
    let cases = cases();
    assert!(cases.len() > 100);
    let mut detector = detector();
    for case in &cases {
        let plain = alerts(&mut detector, &case.event.to_string());
        assert_eq!(plain, case.alerts, "{}: {}", case.page.display(), case.event);
    }
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let chance = prop::collection::vec(any::<u8>(), 1..200);
    let found = runner.run(&chance, |chance| {
        let mut detector = detector.clone();
        for case in &cases {
            let text = spelt(&case.event, &chance);
            prop_assert_eq!(&alerts(&mut detector, &text), &case.alerts, "{}", text);
        }
        Ok(())
    });
    found.unwrap();
}
