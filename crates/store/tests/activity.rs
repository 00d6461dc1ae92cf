//! What happened, found again by who, where, what and when.

mod shared;

use control::evidence::{
    Connection, Direction, End, Entry, Kind, Line, Phase, SensorStatus, SessionId, SourceStatus,
    What,
};
use proptest::prelude::*;
use shared::*;
use store::{ActivityFilter, ActivityItem, Journal, Order, SessionFilter, View};

fn connection(address: [u8; 4]) -> What {
    What::Connection(Connection {
        direction: Direction::Out,
        protocol: "tcp".into(),
        local: None,
        remote: Some(End { address: address.into(), port: Some(443) }),
        path: None,
    })
}

fn id(leader: u32) -> SessionId {
    format!("{BOOT}.{leader}.7").parse().unwrap()
}

/// An hour of two nodes: a shell in `web` on the first, connections of `db` on the second.
fn hour() -> (tempfile::TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    for minute in 0..60_i64 {
        let mut acts = vec![command(&format!("cat /srv/{minute}.txt"), Some(20))];
        match minute {
            0 => acts.insert(0, session(Phase::Began)),
            59 => acts.push(session(Phase::Ended)),
            _ => {}
        }
        let web = activity("n1", minute as u64, minute * 60, ("web", Some(20)), acts);
        let probe = vec![command("probe", None), connection([10, 0, 0, (minute % 3) as u8])];
        let db = activity("n2", minute as u64, minute * 60 + 5, ("db", None), probe);
        commit(&mut journal, vec![web, db]);
    }
    (dir, journal)
}

/// All that a filter finds, in pages of `limit`.
fn all(view: &View, filter: &ActivityFilter, order: Order, limit: usize) -> Vec<ActivityItem> {
    let (mut items, mut behind) = (Vec::new(), None);
    loop {
        let page = view.activity(filter, order, behind, limit).unwrap();
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        match page.next {
            Some(next) => behind = Some(next.parse().unwrap()),
            None => return items,
        }
    }
}

fn count(view: &View, filter: ActivityFilter) -> usize {
    let found = all(view, &filter, Order::NewestFirst, 1000);
    for limit in [1, 7] {
        assert_eq!(all(view, &filter, Order::NewestFirst, limit), found, "{filter:?}");
    }
    let mut back = all(view, &filter, Order::OldestFirst, 9);
    back.reverse();
    assert_eq!(back, found, "{filter:?}");
    found.len()
}

#[test]
fn activity_is_found_by_who_where_what_and_when() {
    let (_dir, journal) = hour();
    let view = &journal.view();
    let some = |text: &str| Some(text.to_owned());
    let none = ActivityFilter::default;
    assert_eq!(count(view, none()), 60 + 2 + 120);
    assert_eq!(count(view, ActivityFilter { node: some("n1"), ..none() }), 62);
    assert_eq!(count(view, ActivityFilter { node: some("n3"), ..none() }), 0);
    assert_eq!(count(view, ActivityFilter { pod: some("db"), ..none() }), 120);
    assert_eq!(count(view, ActivityFilter { namespace: some("shop"), ..none() }), 182);
    assert_eq!(count(view, ActivityFilter { container: some("web000000000"), ..none() }), 62);
    assert_eq!(count(view, ActivityFilter { container: some("web"), ..none() }), 0);
    assert_eq!(count(view, ActivityFilter { user: some("ada"), ..none() }), 182);
    assert_eq!(count(view, ActivityFilter { user: some("1000"), ..none() }), 182);
    assert_eq!(count(view, ActivityFilter { user: some("bob"), ..none() }), 0);
    assert_eq!(count(view, ActivityFilter { session: Some(id(20)), ..none() }), 62);
    let kind = |kind| ActivityFilter { kind: vec![kind], ..none() };
    assert_eq!(count(view, kind(Kind::Connection)), 60);
    assert_eq!(count(view, kind(Kind::Session)), 2);
    assert_eq!(count(view, kind(Kind::Module)), 0);
    let text = |text: &str| ActivityFilter { text: some(text), ..none() };
    assert_eq!(count(view, text("/srv/41.txt")), 1);
    assert_eq!(count(view, text("CAT /SRV/5")), 11);
    assert_eq!(count(view, text("10.0.0.2:443")), 20);
    assert_eq!(count(view, text("59")), 1);
    assert_eq!(count(view, text("no such thing")), 0);
    assert_eq!(count(view, text("\" OR words")), 0);
    let time = ActivityFilter { from: Some(at(600)), until: Some(at(1200)), ..none() };
    assert_eq!(count(view, time), 30);
    let both = ActivityFilter { node: some("n2"), text: some("10.0.0.1"), ..none() };
    assert_eq!(count(view, both), 20);
}

#[test]
fn an_entry_that_is_delivered_twice_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let entry = || activity("n1", 1, 0, ("web", None), vec![command("ls", None)]);
    let receipt = commit(&mut journal, vec![entry(), entry()]);
    assert_eq!(receipt.duplicates, 1);
    assert_eq!(commit(&mut journal, vec![entry()]).duplicates, 1);
    assert_eq!(count(&journal.view(), ActivityFilter::default()), 1);
}

#[test]
fn a_session_tells_who_when_and_how_much() {
    let (_dir, journal) = hour();
    let view = journal.view();
    let sessions = view.sessions(&SessionFilter::default(), None, 10).unwrap();
    assert_eq!((sessions.items.len(), sessions.next), (1, None));
    let found = &sessions.items[0];
    assert_eq!((found.commands, found.began, found.ended), (60, at(0), Some(at(59 * 60 + 1))));
    assert_eq!((found.node.as_str(), found.terminal.as_deref()), ("n1", Some("pts/0")));
    assert_eq!(view.session(&id(20)).unwrap().as_ref(), Some(found));
    assert_eq!(view.session(&id(21)).unwrap(), None);
    let asked = |filter| view.sessions(&filter, None, 10).unwrap().items.len();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(asked(SessionFilter { pod: some("web"), ..Default::default() }), 1);
    assert_eq!(asked(SessionFilter { pod: some("db"), ..Default::default() }), 0);
    assert_eq!(asked(SessionFilter { user: some("1000"), ..Default::default() }), 1);
    assert_eq!(asked(SessionFilter { user: some("eve"), ..Default::default() }), 0);
    assert_eq!(asked(SessionFilter { from: Some(at(4000)), ..Default::default() }), 0);
    assert_eq!(asked(SessionFilter { until: Some(at(0)), ..Default::default() }), 0);
}

#[test]
fn sessions_are_listed_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    for leader in 1..=25_u32 {
        let entry = activity(
            "n1",
            leader.into(),
            i64::from(leader / 2),
            ("web", Some(leader)),
            vec![session(Phase::Began)],
        );
        commit(&mut journal, vec![entry]);
    }
    let view = journal.view();
    let mut leaders = Vec::new();
    let mut next = None;
    loop {
        let page = view.sessions(&SessionFilter::default(), next.as_deref(), 4).unwrap();
        leaders.extend(page.items.iter().map(|item| item.leader));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(leaders, (1..=25).rev().collect::<Vec<u32>>());
    assert!(view.sessions(&SessionFilter::default(), Some("x"), 4).is_err());
}

#[test]
fn an_alert_and_its_session_find_each_other() {
    let (_dir, mut journal) = hour();
    let raw = |pid: u32, leader: u32| {
        let lineage = format!(r#"[{{"pid":{leader}}}]"#);
        format!(r#"{{"node":"n1","process":{{"pid":{pid}}},"lineage":{lineage}}}"#)
    };
    let alert = |seconds: i64, raw: String| {
        let mut entry = alerting(&seconds.to_string(), seconds, "Shell", "web");
        if let Entry::Event(event) = &mut entry {
            event.source = "syscall".into();
            event.raw = serde_json::value::RawValue::from_string(raw).unwrap();
        }
        entry
    };
    commit(&mut journal, vec![alert(70, raw(31, 20)), alert(80, raw(32, 21))]);
    let view = journal.view();
    let found = view.session(&id(20)).unwrap().unwrap();
    let alerts = view.session_alerts(&found, 10).unwrap();
    assert_eq!(alerts.iter().map(|one| one.alert.time).collect::<Vec<_>>(), [at(70)]);
    assert_eq!(view.session_of(&raw(31, 20), at(70)).unwrap(), Some(id(20).to_string()));
    assert_eq!(view.session_of(&raw(31, 20), at(9000)).unwrap(), None);
    assert_eq!(view.session_of(&raw(32, 21), at(80)).unwrap(), None);
    assert_eq!(view.session_of("{}", at(80)).unwrap(), None);
}

/// A run of a node's watch that began at `until`; the one before had told of alerts, activity and
/// counts of connections until `before`.
fn run(node: &str, before: Option<[i64; 3]>, until: i64) -> Entry {
    let since = |at_of: usize| before.map(|before| at(before[at_of]));
    let sensor = SensorStatus {
        silent_since: since(0),
        activity_missing_since: since(1),
        connections_missing_since: since(2),
        watching_since: Some(at(until)),
        ..SensorStatus::default()
    };
    let (source, instance) = ("syscall".into(), node.into());
    Entry::Status(SourceStatus {
        source,
        instance,
        sensor: Some(Box::new(sensor)),
        ..up(until / 60)
    })
}

#[test]
fn when_a_node_was_not_watched_is_told_with_what_is_missing_of_before() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let again = || run("n1", Some([990, 985, 400]), 1000);
    commit(&mut journal, vec![run("n1", None, 0), again(), again(), Entry::Status(up(20))]);
    commit(&mut journal, vec![run("n2", Some([2000, 2000, 2000]), 2060)]);
    let view = journal.view();
    let check = |node, from: Option<i64>, until: Option<i64>, expected: &[&str]| {
        let found = view.interruptions(node, from.map(at), until.map(at)).unwrap();
        let after = |time: event::Time| (time.0 - at(0).0) / event::Time::SECOND;
        let line = |one: &store::Interruption| {
            let before = [one.since, one.activity, one.connections].map(|time| time.map(after));
            let before = before.map(|time| time.map_or("-".to_owned(), |time| time.to_string()));
            format!("{} {} until {}", one.node, before.join(" "), after(one.until))
        };
        assert_eq!(found.iter().map(line).collect::<Vec<_>>(), expected);
    };
    let (first, second, other) =
        ("n1 - - - until 0", "n1 990 985 400 until 1000", "n2 2000 2000 2000 until 2060");
    check(None, None, None, &[other, second, first]);
    check(Some("n1"), None, None, &[second, first]);
    check(Some("n3"), None, None, &[]);
    check(None, Some(1), Some(401), &[second]);
    check(None, Some(1), Some(400), &[]);
    check(None, Some(1001), Some(2000), &[]);
    check(Some("n2"), Some(2060), None, &[other]);
}

/// What a reading of the whole trail finds: the index may not leave anything out.
fn read(view: &View, pod: &str, word: &str) -> usize {
    let mut found = 0;
    for number in 0..view.trail().blocks() {
        for bytes in view.trail().block(number).unwrap().entries() {
            let line: Line = serde_json::from_slice(bytes).unwrap();
            let Entry::Activity(one) = line.entry else { continue };
            let own = one.actors[0].subject.pod.as_deref() == Some(pod);
            let says = |what: &What| match what {
                What::Command(command) => command.args.join(" ").contains(word),
                _ => false,
            };
            found += one.items.iter().filter(|item| own && says(&item.what)).count();
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_finds_what_a_reading_of_the_trail_finds(
        entries in proptest::collection::vec(
            (0..3_usize, 0..3_usize, 1..2000_i64, proptest::collection::vec(0..40_u32, 1..6)),
            1..40,
        ),
        words in proptest::collection::vec(0..40_u32, 1..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(dir.path());
        let mut seconds = 0;
        for (number, chunk) in (0..).zip(entries.chunks(3)) {
            let mut batch = Vec::new();
            for (at, (node, pod, later, commands)) in (0..).zip(chunk) {
                seconds += later;
                let acts = commands.iter().map(|one| command(&format!("run {one}x"), None));
                let (node, pod) = (["a", "b", "c"][*node], ["web", "db", "queue"][*pod]);
                batch.push(activity(node, number * 3 + at, seconds, (pod, None), acts.collect()));
            }
            commit(&mut journal, batch);
        }
        let view = journal.view();
        for word in words {
            let word = format!("run {word}x");
            for pod in ["web", "db", "queue"] {
                let (pod, text) = (Some(pod.to_owned()), Some(word.clone()));
                let filter = ActivityFilter { pod: pod.clone(), text, ..Default::default() };
                let found = all(&view, &filter, Order::NewestFirst, 5).len();
                prop_assert_eq!(found, read(&view, &pod.unwrap(), &word));
            }
        }
    }
}
