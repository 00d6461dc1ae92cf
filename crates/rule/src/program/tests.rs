//! What the index leaves out must not match: whatever came before, a record is told of by the same
//! rules as if each was judged alone.

use proptest::prelude::*;

use super::index::VALUES_MAX;
use super::*;
use crate::source::{Cost, FieldDoc, FieldError, Presence, SourceDoc};
use crate::{RuleFile, load};
use event::Value;
use std::ops::ControlFlow;

/// Deeds with a path and the name of who did them.
#[derive(Debug)]
enum Deeds {}

#[derive(Clone, Debug)]
struct Deed {
    kind: &'static str,
    path: Option<String>,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Field {
    Kind,
    Path,
    Name,
}

impl Source for Deeds {
    const DOC: SourceDoc = SourceDoc {
        name: "deeds",
        doc: "",
        fields: &[&[
            FieldDoc::text("d.kind", ""),
            FieldDoc::text("d.path", ""),
            FieldDoc::text("d.name", ""),
        ]],
        plugins: &[],
    };
    type Record<'r> = Deed;
    type Field = Field;

    fn keys() -> &'static [Field] {
        &[Field::Kind, Field::Path, Field::Name]
    }

    fn is_endless(key: &Field) -> bool {
        *key == Field::Path
    }

    fn resolve(name: &str, _argument: Option<&str>) -> Result<Field, FieldError> {
        Ok(match name {
            "d.kind" => Field::Kind,
            "d.path" => Field::Path,
            _ => Field::Name,
        })
    }

    fn cost(_field: &Field) -> Cost {
        Cost::Cheap
    }

    fn each(
        deed: &mut Deed,
        field: &Field,
        mut see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence {
        let value = match field {
            Field::Kind => Some(deed.kind),
            Field::Path => deed.path.as_deref(),
            Field::Name => Some(&*deed.name),
        };
        let Some(value) = value else { return Presence::Absent };
        let _ = see(Value::Text(value.as_bytes()));
        Presence::Present
    }
}

const CONDITIONS: [&str; 18] = [
    "d.kind = open and d.path startswith /etc/",
    "d.kind = open and d.path in (/etc/shadow, /etc/passwd, /etc)",
    "d.kind in (open, link) and d.path glob \"/home/*/id_*\" and not d.path endswith .pub",
    "d.kind = open and d.path != /dev/null and d.name = sh",
    "d.path exists and not d.path startswith /",
    "not d.path exists",
    "d.path glob \"*.so\" or d.path contains tmp",
    "d.path glob \"*.s[ou]\" and d.kind = link",
    "d.path iglob \"/ETC/*\" and not d.path = /etc/shadow",
    "d.path startswith \"\" and d.path endswith \"\" and d.name != sh",
    "d.path pmatch (/etc, /usr/*/lib) and not d.kind = link",
    "d.path = val(d.name)",
    "tolower(d.path) = /etc/shadow and d.kind = open",
    "basename(d.path) = shadow and not d.path startswith /etc/sh",
    "d.path startswith /etc/shadow and d.path endswith shadow",
    "not (d.path startswith /etc/ or d.path endswith w) and d.kind = link",
    "d.path startswith anyof (/etc, /usr) and d.name != x",
    "d.path regex \"/etc/[a-z]+\" and d.name in (sh, x)",
];

fn program() -> Program<Deeds> {
    let mut text = String::new();
    for (number, condition) in CONDITIONS.iter().enumerate() {
        text += &format!(
            "- rule: r{number}\n  desc: d\n  source: deeds\n  condition: {condition}\n  \
             output: o\n  priority: INFO\n"
        );
    }
    let (rules, told) = load(&[RuleFile::new("deeds.yaml", text)], &[Deeds::DOC]);
    assert!(told.is_empty(), "{told:?}");
    let rules: Vec<&Rule> = rules.rules.iter().collect();
    assert_eq!(rules.len(), CONDITIONS.len());
    let (program, told) = Program::compile(&rules);
    assert!(told.is_empty(), "{told:?}");
    program
}

fn told_of(program: &Program<Deeds>, memo: &mut Memo, deed: &mut Deed) -> Vec<usize> {
    let mut matching = Vec::new();
    program.judge(memo, deed, Matching::All, |rule| matching.push(rule));
    matching
}

fn alone(program: &Program<Deeds>, deed: &mut Deed) -> Vec<usize> {
    (0..CONDITIONS.len()).filter(|rule| program.judge_alone(*rule, deed)).collect()
}

/// Paths of what stands in the conditions, put together in any way.
fn path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "/",
        "/etc",
        "/etc/",
        "etc",
        "shadow",
        "passwd",
        "/home/",
        "id_",
        ".pub",
        ".so",
        ".su",
        "/dev/null",
        "/usr/",
        "lib",
        "tmp",
        "w",
        "x",
        "SH",
        "/ETC/",
    ]);
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn deed() -> impl Strategy<Value = Deed> {
    let kind = prop::sample::select(vec!["open", "link", "close"]);
    let name = prop::sample::select(vec!["sh", "x", "/etc/shadow"]);
    (kind, prop::option::weighted(0.9, path()), name).prop_map(|(kind, path, name)| Deed {
        kind,
        path,
        name: name.to_owned(),
    })
}

proptest! {
    #[test]
    fn the_index_leaves_out_no_match(deeds in prop::collection::vec(deed(), 1..40)) {
        let program = program();
        let mut memo = program.memo();
        for mut deed in deeds {
            let expected = alone(&program, &mut deed);
            prop_assert_eq!(told_of(&program, &mut memo, &mut deed), expected, "{:?}", deed);
        }
    }
}

#[test]
fn a_path_is_indexed_under_what_rules_say_of_it() {
    let program = program();
    let mut memo = program.memo();
    let mut told = |path: &str| {
        let path = Some(path.to_owned());
        let mut deed = Deed { kind: "open", path, name: "cat".to_owned() };
        told_of(&program, &mut memo, &mut deed)
    };
    assert_eq!(told("/etc/shadow"), [0, 1, 9, 10, 12, 14, 16]);
    assert_eq!(told("/etc/shadows"), [0, 8, 9, 10, 16]);
    assert_eq!(told("/home/me/id_rsa"), [2, 9]);
    assert_eq!(told("/home/me/id_rsa.pub"), [9]);
    let places = memo.place_count();
    for number in 0..1000 {
        let path = Some(format!("/srv/{number}"));
        let mut deed = Deed { kind: "open", path, name: "cat".to_owned() };
        assert_eq!(told_of(&program, &mut memo, &mut deed), [9]);
    }
    let added = memo.place_count() - places;
    assert!(added <= 2, "{added} places for paths that no rule names");
}

#[test]
fn an_index_that_is_full_begins_anew() {
    let program = program();
    let mut memo = program.memo();
    for number in 0..=VALUES_MAX {
        let path = Some("/dev/null".to_owned());
        let mut deed = Deed { kind: "open", path, name: number.to_string() };
        assert_eq!(told_of(&program, &mut memo, &mut deed), [9]);
    }
    assert!(memo.value_count() <= VALUES_MAX / 2, "{} values", memo.value_count());
}
