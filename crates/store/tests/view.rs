//! Questions and their answers.

mod shared;

use control::evidence::Entry;
use event::{Period, Severity, Time};
use expect_test::{Expect, expect};
use finding::{Action, Status};
use shared::*;
use store::{AlertFilter, AlertPosition, FindingFilter, Journal, View};

/// Twenty findings of four rules, the newest last; `pod-3` was resolved, `pod-7` acknowledged.
fn shop() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    for number in 0..20_i64 {
        let pod = format!("pod-{number}");
        let rule = ["Shell", "Secret read", "100% odd_rule", "Host path"][number as usize % 4];
        let severity = Severity::ALL[2 + number as usize % 3];
        let mut alert = alert(rule, &pod, severity, at(number * 60));
        if rule == "Host path" {
            alert.soc2 = ["CC6.8".into()].into();
        }
        let id = format!("id-{number}");
        commit(&mut journal, vec![event(&id, number * 60, vec![alert])]);
    }
    let resolved = finding("Host path", "pod-3");
    commit(&mut journal, vec![decision(resolved, 2000, RESOLVE)]);
    commit(&mut journal, vec![decision(finding("Host path", "pod-7"), 2001, Action::Acknowledge)]);
    (dir, journal)
}

fn pods(view: &View, filter: &FindingFilter, limit: usize) -> String {
    let mut lines = String::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = view.findings(filter, limit, cursor.as_deref()).unwrap();
        assert!(page.items.len() <= limit);
        for finding in page.items {
            lines += &format!("{} ", finding.subject.pod.unwrap().replace("pod-", ""));
        }
        cursor = page.next;
        if cursor.is_none() {
            return lines.trim_end().to_owned();
        }
    }
}

fn check(view: &View, filter: FindingFilter, expected: Expect) {
    expected.assert_eq(&pods(view, &filter, 100));
    // Pages of any size give the same list.
    for limit in [1, 3, 7] {
        assert_eq!(pods(view, &filter, limit), pods(view, &filter, 100), "{filter:?}");
    }
}

#[test]
fn findings_are_listed_last_seen_first_as_the_filter_says() {
    let (_dir, journal) = shop();
    let view = &journal.view();
    let all = FindingFilter::default();
    check(view, all.clone(), expect!["19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0"]);
    let status = vec![Status::Resolved, Status::Acknowledged];
    check(view, FindingFilter { status, ..all.clone() }, expect!["7 3"]);
    let rule = Some("Shell".to_owned());
    check(view, FindingFilter { rule, ..all.clone() }, expect!["16 12 8 4 0"]);
    let severity = vec![Severity::Critical];
    check(view, FindingFilter { severity, ..all.clone() }, expect!["18 15 12 9 6 3 0"]);
    let criterion = Some("CC6.8".to_owned());
    let status = vec![Status::Open];
    check(view, FindingFilter { criterion, status, ..all.clone() }, expect!["19 15 11"]);
    let source = Some("cloudtrail".to_owned());
    check(view, FindingFilter { source, ..all.clone() }, expect![""]);
    let words = |text: &str| FindingFilter { text: Some(text.into()), ..all.clone() };
    check(view, words("POD-1"), expect!["19 18 17 16 15 14 13 12 11 10 1"]);
    check(view, words("odd_rule"), expect!["18 14 10 6 2"]);
    check(view, words("0% o"), expect!["18 14 10 6 2"]);
    check(view, words("%"), expect!["18 14 10 6 2"]);
    check(view, words("-7"), expect!["7"]);
    check(view, words("na"), expect![""]);
    check(view, words("\"; DROP TABLE finding"), expect![""]);
}

#[test]
fn an_acceptance_that_has_ended_is_listed_as_open() {
    let (_dir, mut journal) = shop();
    let until = at(4000);
    let accept = Action::Accept { until };
    commit(&mut journal, vec![decision(finding("Shell", "pod-0"), 3000, accept)]);
    let view = journal.view();
    let listed = |status: Status| -> bool {
        let filter = FindingFilter { status: vec![status], ..FindingFilter::default() };
        pods(&view, &filter, 100).split(' ').any(|pod| pod == "0")
    };
    assert_eq!((listed(Status::Accepted), listed(Status::Open)), (true, false));
    commit(&mut journal, vec![act(4000, "sign_in", "")]);
    assert_eq!((listed(Status::Accepted), listed(Status::Open)), (false, true));
}

#[test]
fn a_cursor_of_another_kind_is_refused() {
    let (_dir, journal) = shop();
    let refused = journal.view().findings(&FindingFilter::default(), 5, Some("what"));
    assert_eq!(refused.unwrap_err().to_string(), "`what` is no cursor of this list");
}

#[test]
fn alerts_are_listed_newest_first_as_the_filter_says_and_page_by_page() {
    let (_dir, journal) = shop();
    let view = journal.view();
    let list = |filter: &AlertFilter, limit: usize| -> Vec<String> {
        let mut uuids = Vec::new();
        let mut before = None;
        loop {
            let page = view.alerts(filter, before, limit).unwrap();
            uuids
                .extend(page.items.into_iter().map(|item| item.alert.subject.pod.clone().unwrap()));
            match page.next {
                Some(next) => before = Some(next.parse().unwrap()),
                None => return uuids,
            }
        }
    };
    let all = AlertFilter::default();
    assert_eq!(list(&all, 100).len(), 20);
    assert_eq!(list(&all, 3), list(&all, 100));
    let rule = AlertFilter { rule: Some("Shell".into()), ..all.clone() };
    assert_eq!(list(&rule, 2), ["pod-16", "pod-12", "pod-8", "pod-4", "pod-0"]);
    let text = AlertFilter { text: Some("IN POD-1".into()), ..all.clone() };
    assert_eq!(list(&text, 100).len(), 11);
    let criterion = AlertFilter { criterion: Some("CC6.8".into()), ..all };
    assert_eq!(list(&criterion, 100), ["pod-19", "pod-15", "pod-11", "pod-7", "pod-3"]);
    let one = view.finding_alerts(&finding("Shell", "pod-8"), None, 10).unwrap();
    assert_eq!((one.items.len(), one.next), (1, None));
}

#[test]
fn several_alerts_of_one_event_each_have_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let alerts = |number: i64| -> Entry {
        let rules = ["Shell", "Secret read", "Host path"];
        let alerts = rules.map(|rule| alert(rule, "web", Severity::Warning, at(number)));
        event(&number.to_string(), number, alerts.to_vec())
    };
    commit(&mut journal, vec![alerts(1), event("quiet", 1, vec![]), alerts(2)]);
    commit(&mut journal, vec![alerts(3)]);
    let view = journal.view();
    let places = |limit: usize| -> Vec<String> {
        let mut places = Vec::new();
        let mut before: Option<AlertPosition> = None;
        loop {
            let page = view.alerts(&AlertFilter::default(), before, limit).unwrap();
            places.extend(page.items.iter().map(|item| item.position.to_string()));
            before = page.next.map(|next| next.parse().unwrap());
            if before.is_none() {
                return places;
            }
        }
    };
    let expected =
        ["2.0.2", "2.0.1", "2.0.0", "1.2.2", "1.2.1", "1.2.0", "1.0.2", "1.0.1", "1.0.0"];
    for limit in 1..10 {
        assert_eq!(places(limit), expected, "{limit}");
    }
    // A feed that saw the second alert of the first event gets the rest, oldest first.
    let missed = view.alerts_after("1.0.1".parse().unwrap(), 4).unwrap();
    let missed: Vec<String> = missed.iter().map(|item| item.position.to_string()).collect();
    assert_eq!(missed, ["1.0.2", "1.2.0", "1.2.1", "1.2.2"]);
    assert_eq!(view.alerts_after("2.0.2".parse().unwrap(), 4).unwrap(), []);
    let detail = view.alert("1.2.1".parse().unwrap()).unwrap().unwrap();
    assert_eq!((&*detail.alert.rule, detail.id.as_str()), ("Secret read", "2"));
    assert!(detail.event.get().contains(r#""auditID":"2""#));
    let verifier = view.trail().verifier();
    assert_eq!(verifier.open(&detail.checkpoint).unwrap().size, 2);
    for missing in ["1.2.3", "1.1.0", "0.0.0", "9.0.0"] {
        assert!(view.alert(missing.parse().unwrap()).unwrap().is_none(), "{missing}");
    }
}

#[test]
fn a_source_tells_its_state_its_totals_and_its_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    for minute in (0..30).filter(|minute| ![5, 6, 20].contains(minute)) {
        commit(
            &mut journal,
            vec![Entry::Status(if [10, 11].contains(&minute) { down(minute) } else { up(minute) })],
        );
    }
    let sources = journal.view().sources(at(33 * 60)).unwrap();
    let [source] = sources.as_slice() else { panic!("{sources:?}") };
    assert_eq!(
        (source.minutes, source.records, source.last.entry.minute),
        (25, 270, at(29 * 60).minute())
    );
    let start = at(0).minute();
    let gaps: Vec<String> = source
        .gaps
        .iter()
        .map(|gap| {
            let minute = |time: Time| (time.0 - start.0) / Time::MINUTE;
            format!("{}..{} {}", minute(gap.from), minute(gap.until), gap.reason)
        })
        .collect();
    let expected =
        ["30..32 no status", "20..21 no status", "10..12 listener closed", "5..7 no status"];
    assert_eq!(gaps, expected);
    let period = Period { from: at(8 * 60).minute(), until: at(12 * 60).minute() };
    assert_eq!(journal.view().minutes(period).unwrap().len(), 4);
}

#[test]
fn a_summary_counts_by_hour_severity_and_rule() {
    let (_dir, mut journal) = shop();
    commit(&mut journal, vec![Entry::Status(up(3))]);
    let period = Period { from: at(-3600), until: at(7200) };
    let summary = journal.view().summary(period).unwrap();
    assert_eq!(summary.hours.iter().map(|hour| hour.alerts).sum::<u64>(), 20);
    assert_eq!(summary.rules.len(), 4);
    assert_eq!(summary.records, [("k8s_audit".to_owned(), 10)]);
    let open: u64 = summary
        .findings
        .iter()
        .filter(|count| count.status == Status::Open)
        .map(|count| count.findings)
        .sum();
    assert_eq!(open, 18);
}

#[test]
fn short_lists_are_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, (0..5).map(|n| act(n, "sign_in", &n.to_string())).collect());
    commit(&mut journal, vec![rules_loaded(6, "aa"), rules_loaded(7, "bb")]);
    let view = journal.view();
    let first = view.administration(None, 2).unwrap();
    let next = first.next.as_deref().map(|next| next.parse().unwrap());
    let second = view.administration(next, 9).unwrap();
    let objects: Vec<String> =
        first.items.iter().chain(&second.items).map(|item| item.entry.object.clone()).collect();
    assert_eq!((objects.join(" "), second.next), ("4 3 2 1 0".to_owned(), None));
    assert_eq!(view.rules(1).unwrap()[0].entry.hash, "bb");
    let size = view.size().unwrap();
    assert_eq!(size.blocks, 3);
    assert!(size.trail_bytes > 300 && size.projection_bytes > 4096 && size.checkpoint.is_some());
}

#[test]
fn any_entry_is_shown_by_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    commit(&mut journal, vec![alerting("a", 1, "Shell", "web"), act(2, "sign_in", "")]);
    let view = journal.view();
    let shown = |place: &str| {
        let found = view.trail_entry(place.parse().unwrap()).unwrap()?;
        Some(format!("{} of {}: {}", found.line.entry.kind(), found.entries, found.text))
    };
    assert!(shown("0.0").unwrap().starts_with(r#"start of 1: {"v":1,"entry":{"start":"#));
    assert!(shown("1.0").unwrap().starts_with(r#"event of 2: {"v":1,"entry":{"event":"#));
    assert!(shown("1.1").unwrap().starts_with("administration of 2"));
    assert_eq!((shown("1.2"), shown("2.0")), (None, None));
}

#[test]
fn refused_records_are_listed_newest_first_by_source_and_instance() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    for second in 0..5 {
        commit(&mut journal, vec![rejected(second), alerting(&second.to_string(), 1, "S", "web")]);
    }
    let view = journal.view();
    let mut seconds = Vec::new();
    let mut before = None;
    loop {
        let page = view.rejected("k8s_audit", Some("webhook"), before, 2).unwrap();
        seconds.extend(page.items.iter().map(|item| item.entry.received));
        let Some(next) = page.next else { break };
        before = Some(next.parse().unwrap());
    }
    assert_eq!(seconds, [4, 3, 2, 1, 0].map(at));
    let of = |source, instance| view.rejected(source, instance, None, 9).unwrap().items.len();
    assert_eq!((of("k8s_audit", None), of("k8s_audit", Some("file:a"))), (5, 0));
    assert_eq!(of("cloudtrail", None), 0);
}
