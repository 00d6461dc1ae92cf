//! Compares the detector with a second, slow and plain evaluator that shares nothing with it but
//! the parsed conditions: events are parsed whole into a tree, every rule is evaluated on its own.
//! Events are made with doubled keys, escapes, nulls, missing and misplaced parts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use detect::{Detector, Matching, Replay, Seen};
use event::Time;
use proptest::prelude::*;
use rule::RuleFile;
use rule::expr::{Expr, Operand, Operator, Term};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use source::input::Lines;

/// JSON with every member of an object kept, doubled ones too.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(truth))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(Tree::List(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(pair) = map.next_entry()? {
            all.push(pair);
        }
        Ok(Tree::Object(all))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

impl Tree {
    fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Tree::Object(members) => {
                members.iter().find(|(found, _)| found == key).map(|(_, value)| value)
            }
            Tree::List(all) => all.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    fn path(&self, keys: &[&str]) -> Option<&Tree> {
        keys.iter().try_fold(self, |tree, key| tree.get(key))
    }

    fn text(&self) -> String {
        match self {
            Tree::Text(text) => text.split('\0').next().unwrap_or_default().to_owned(),
            other => other.json(),
        }
    }

    fn json(&self) -> String {
        match self {
            Tree::Null => "null".to_owned(),
            Tree::Bool(truth) => truth.to_string(),
            Tree::Number(number) => number.to_string(),
            Tree::Text(text) => serde_json::to_string(text).unwrap(),
            Tree::List(all) => {
                format!("[{}]", all.iter().map(Tree::json).collect::<Vec<_>>().join(","))
            }
            Tree::Object(members) => {
                let member = |(key, value): &(String, Tree)| {
                    format!("{}:{}", Tree::Text(key.clone()).json(), value.json())
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Values of a field; an empty list is absent.
fn values(event: &Tree, field: &str, argument: Option<&str>) -> Vec<String> {
    if let Some(pointer) = argument.filter(|_| field == "json.value") {
        let keys: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
        return event.path(&keys).map(Tree::text).into_iter().collect();
    }
    if event.get("auditID").is_none() {
        return Vec::new();
    }
    let one = |keys: &[&str]| event.path(keys).map(Tree::text).into_iter().collect();
    let list = |keys: &[&str]| match event.path(keys) {
        Some(Tree::List(all)) => all.iter().map(Tree::text).collect(),
        _ => Vec::new(),
    };
    let containers = || {
        let found = event.path(&["requestObject", "spec", "containers"]);
        found.map(flat).unwrap_or_default()
    };
    match field {
        "ka.stage" => one(&["stage"]),
        "ka.verb" => one(&["verb"]),
        "ka.user.name" => one(&["user", "username"]),
        "ka.user.groups" => list(&["user", "groups"]),
        "ka.target.resource" => one(&["objectRef", "resource"]),
        "ka.target.name" => one(&["objectRef", "name"]),
        "ka.response.code" => one(&["responseStatus", "code"]),
        "ka.auth.decision" => one(&["annotations", "authorization.k8s.io/decision"]),
        "ka.req.pod.containers.image" => {
            let all = containers();
            let images: Option<Vec<String>> =
                all.iter().map(|one| one.get("image").map(Tree::text)).collect();
            images.unwrap_or_default()
        }
        "ka.req.pod.containers.privileged" => containers()
            .iter()
            .filter_map(|one| one.path(&["securityContext", "privileged"]).map(Tree::text))
            .collect(),
        other => panic!("{other} has no reference"),
    }
}

/// Opens lists within lists.
fn flat(tree: &Tree) -> Vec<Tree> {
    match tree {
        Tree::List(all) => all.iter().flat_map(flat).collect(),
        other => vec![other.clone()],
    }
}

fn holds(event: &Tree, expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| holds(event, part)),
        Expr::Or(parts) => parts.iter().any(|part| holds(event, part)),
        Expr::Not(inner) => !holds(event, inner),
        Expr::Exists(term) => !read(event, term).is_empty(),
        Expr::Compare { left, operator, right, .. } => {
            let (left, right) = (
                read(event, left),
                match right {
                    Operand::Text(text) => vec![text.clone()],
                    Operand::List(texts) => texts.clone(),
                    Operand::Term(term) => read(event, term),
                },
            );
            let (Some(first), false) = (left.first(), right.is_empty()) else { return false };
            match operator {
                Operator::Eq => *first == right[0],
                Operator::Ne => *first != right[0],
                Operator::Contains => first.contains(&right[0]),
                Operator::Startswith => first.starts_with(&right[0]),
                Operator::Endswith => first.ends_with(&right[0]),
                Operator::In => left.iter().all(|value| right.contains(value)),
                Operator::Intersects => left.iter().any(|value| right.contains(value)),
                other => panic!("{other:?} has no reference"),
            }
        }
        Expr::Name(name) => panic!("{name} is left"),
    }
}

fn read(event: &Tree, term: &Term) -> Vec<String> {
    match term {
        Term::Field { name, argument } => values(event, name, argument.as_deref()),
        Term::Transform { operands, .. } => match &operands[..] {
            [rule::expr::Part::Term(inner)] => {
                read(event, inner).iter().map(|text| text.to_ascii_lowercase()).collect()
            }
            other => panic!("{other:?} has no reference"),
        },
    }
}

const WORDS: [&str; 12] = [
    "get",
    "create",
    "pods",
    "secrets",
    "jane",
    "system:anonymous",
    "allow",
    "ResponseComplete",
    "RequestReceived",
    "busybox",
    "true",
    "null",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => "[ -~\u{e4}\u{1f600}\n\0]{0,6}",
    ]
}

fn scalar() -> impl Strategy<Value = Tree> {
    prop_oneof![
        10 => word().prop_map(Tree::Text),
        1 => Just(Tree::Null),
        1 => any::<bool>().prop_map(Tree::Bool),
        1 => (0_u64..500).prop_map(Tree::Number),
        1 => prop::collection::vec(word().prop_map(Tree::Text), 0..3).prop_map(Tree::List),
    ]
}

fn object(members: Vec<(&'static str, BoxedStrategy<Tree>)>) -> BoxedStrategy<Tree> {
    let member = |(key, value): (&'static str, BoxedStrategy<Tree>)| {
        prop::collection::vec(value.prop_map(move |value| (key.to_owned(), value)), 0..=2)
    };
    let all: Vec<_> = members.into_iter().map(member).collect();
    all.prop_map(|lists| lists.into_iter().flatten().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(Tree::Object)
        .boxed()
}

fn or_other(usual: BoxedStrategy<Tree>) -> BoxedStrategy<Tree> {
    prop_oneof![9 => usual, 1 => scalar().boxed()].boxed()
}

fn event() -> impl Strategy<Value = Tree> {
    let texts = prop::collection::vec(scalar(), 0..3).prop_map(Tree::List).boxed();
    let context = object(vec![("privileged", scalar().boxed())]);
    let container =
        object(vec![("image", scalar().boxed()), ("securityContext", or_other(context))]);
    let containers = prop::collection::vec(or_other(container), 0..3).prop_map(Tree::List).boxed();
    let spec = object(vec![("containers", or_other(containers))]);
    let some = |key, value: BoxedStrategy<Tree>| (key, or_other(value));
    object(vec![
        ("auditID", scalar().boxed()),
        ("stage", scalar().boxed()),
        ("verb", scalar().boxed()),
        some("user", object(vec![("username", scalar().boxed()), ("groups", or_other(texts))])),
        some("objectRef", object(vec![("resource", scalar().boxed()), ("name", scalar().boxed())])),
        some("responseStatus", object(vec![("code", scalar().boxed())])),
        some("requestObject", object(vec![("spec", or_other(spec))])),
        ("responseObject", scalar().boxed()),
        some("annotations", object(vec![("authorization.k8s.io/decision", scalar().boxed())])),
    ])
    .prop_map(|tree| match tree {
        Tree::Object(mut members) => {
            // Falco asks for these two before anything else.
            members.insert(0, ("kind".to_owned(), Tree::Text("Event".to_owned())));
            let time = "2026-11-22T04:05:06Z".to_owned();
            members.push(("stageTimestamp".to_owned(), Tree::Text(time)));
            Tree::Object(members)
        }
        other => other,
    })
}

/// Writes an event on one line, with blanks and needless escapes where `chance` says so.
fn write(tree: &Tree, chance: &mut impl FnMut() -> bool, out: &mut String) {
    let text = |text: &str, chance: &mut dyn FnMut() -> bool, out: &mut String| {
        out.push('"');
        for unit in text.chars() {
            if unit.is_ascii_control() || matches!(unit, '"' | '\\') || chance() {
                let mut units = [0; 2];
                for unit in unit.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                out.push(unit);
            }
        }
        out.push('"');
    };
    match tree {
        Tree::Text(content) => text(content, chance, out),
        // A list may be compared as it is written, so that only objects in it vary.
        Tree::List(all) if all.iter().any(|one| matches!(one, Tree::Object(_))) => {
            out.push('[');
            for (place, one) in all.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write(one, chance, out);
            }
            out.push(']');
        }
        Tree::Object(members) => {
            out.push('{');
            for (place, (key, value)) in members.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                out.push_str(if chance() { " \t" } else { "" });
                text(key, chance, out);
                out.push_str(if chance() { " : " } else { ":" });
                write(value, chance, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.json()),
    }
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

fn comparison() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec![
        "ka.stage",
        "ka.verb",
        "ka.user.name",
        "ka.target.resource",
        "ka.target.name",
        "ka.response.code",
        "ka.auth.decision",
        "json.value[/stage]",
        "json.value[/user/groups/0]",
        "tolower(ka.user.name)",
    ]);
    let lists = prop::sample::select(vec![
        "ka.user.groups",
        "ka.req.pod.containers.image",
        "ka.req.pod.containers.privileged",
    ]);
    let literal = prop::sample::select(WORDS.to_vec());
    let literals = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 1..7)
        .prop_map(|words| words.into_iter().map(quoted).collect::<Vec<_>>().join(", "));
    let plain = prop::sample::select(vec!["=", "!=", "contains", "startswith", "endswith"]);
    let of_list = prop::sample::select(vec!["in", "intersects"]);
    prop_oneof![
        4 => (texts.clone(), plain, literal)
            .prop_map(|(field, operator, word)| format!("{field} {operator} {}", quoted(word))),
        3 => (texts.clone(), literals.clone())
            .prop_map(|(field, words)| format!("{field} in ({words})")),
        3 => (lists.clone(), of_list, literals)
            .prop_map(|(field, operator, words)| format!("{field} {operator} ({words})")),
        1 => texts.prop_map(|field| format!("{field} exists")),
        1 => lists.prop_map(|field| format!("{field} exists")),
        1 => Just("ka.user.name = val(ka.target.name)".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several.clone().prop_map(|parts| format!("({})", parts.join(" and "))),
            several.prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|part| format!("not ({part})")),
        ]
    })
}

fn rules(conditions: &[String]) -> String {
    let rule = |(number, condition): (usize, &String)| {
        format!(
            "- rule: r{number}\n  desc: d\n  source: k8s_audit\n  priority: INFO\n  output: o\n  \
             condition: >\n    {condition}\n"
        )
    };
    conditions.iter().enumerate().map(rule).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn each_rule_alerts_exactly_where_its_condition_holds(
        conditions in prop::collection::vec(condition(), 1..6),
        events in prop::collection::vec(event(), 1..8),
        mut seed in any::<u64>(),
    ) {
        let file = RuleFile::new("made.yaml", rules(&conditions));
        let (ruleset, diagnostics) = rule::load(&[file], source::sources());
        let errors: Vec<_> = diagnostics.iter().filter(|one| one.is_error()).collect();
        prop_assert!(errors.is_empty(), "{errors:?}");
        let mut chance = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 60 == 0
        };
        let mut log = String::new();
        let mut expected = Vec::new();
        for event in &events {
            let start = log.len();
            write(event, &mut chance, &mut log);
            let parsed: Tree = serde_json::from_str(&log[start..]).unwrap();
            prop_assert_eq!(&parsed, event);
            log.push('\n');
            expected.push(
                ruleset
                    .rules
                    .iter()
                    .filter(|rule| holds(event, &rule.condition))
                    .map(|rule| rule.name.clone())
                    .collect::<Vec<_>>(),
            );
        }
        for matching in [Matching::All, Matching::First] {
            let (detector, refused) = Detector::new(&ruleset, |_| Arc::from([]));
            prop_assert!(refused.is_empty(), "{refused:?}");
            let mut replay = Replay::new(detector, matching, "h".to_owned(), Time(0));
            let mut found = Vec::new();
            // An event a read, so that alerts can be told apart.
            for line in log.lines() {
                let mut names = Vec::new();
                replay.read(Lines::of(line.as_bytes()).unwrap(), |seen| match seen {
                    Seen::Alert(alert) => names.push(alert.rule.to_string()),
                    Seen::Rejected(reject) => panic!("{reject:?}"),
                    Seen::Bytes(_) => {}
                }).unwrap();
                found.push(names);
            }
            let wanted: Vec<Vec<String>> = match matching {
                Matching::All => expected.clone(),
                Matching::First => {
                    expected.iter().map(|names| names.iter().take(1).cloned().collect()).collect()
                }
            };
            prop_assert_eq!(found, wanted, "{:?}\n{}", conditions, log);
        }
    }
}

/// The index keeps what it worked out; a sender who varies key values without end meets its bound.
#[test]
fn endless_key_values_change_no_answer() {
    let conditions = ["ka.verb startswith v7 and ka.target.resource = r", "ka.verb = v7"];
    let file = RuleFile::new("made.yaml", rules(&conditions.map(str::to_owned)));
    let (ruleset, _) = rule::load(&[file], source::sources());
    let (detector, _) = Detector::new(&ruleset, |_| Arc::from([]));
    let mut replay = Replay::new(detector, Matching::All, "h".to_owned(), Time(0));
    let mut log = String::new();
    for number in 0..9000 {
        log.push_str(&format!(
            "{{\"kind\":\"Event\",\"auditID\":\"a\",\"verb\":\"v{number}\",\"objectRef\":\
             {{\"resource\":\"r\"}},\"stageTimestamp\":\"2026-11-22T04:05:06Z\"}}\n"
        ));
    }
    replay.read(Lines::of(log.as_bytes()).unwrap(), |_| {}).unwrap();
    let sevens = (0..9000).filter(|number| number.to_string().starts_with('7')).count() as u64;
    let found: BTreeSet<_> = replay.summary().alerts.into_iter().collect();
    assert_eq!(found, BTreeSet::from([("r0".to_owned(), sevens), ("r1".to_owned(), 1)]));
}
