//! What Falco accepts, refuses and remarks, in our own words and examples: the language as people
//! know it must mean the same here.

mod conditions;
mod diagnostics;
mod exceptions;
mod fields;
mod hostile;
mod items;
mod names;
mod outputs;
mod overrides;
mod versions;

use expect_test::Expect;
use rule::source::{Argument, FieldDoc, Kind, Limit, SourceDoc};
use rule::{RuleFile, load};

/// A few fields of each type, named as in Falco.
const SOURCES: &[SourceDoc] = &[
    SourceDoc {
        name: "syscall",
        doc: "",
        fields: &[&[
            FieldDoc::text("evt.type", "").one_of("close execve open openat creat"),
            FieldDoc::text("evt.outputtime", "").limited(&[Limit::OutputOnly]),
            FieldDoc::text("evt.dir", ""),
            FieldDoc::new("evt.num", Kind::Uint, ""),
            FieldDoc::new("evt.buffer", Kind::Bytes, ""),
            FieldDoc::new("evt.is_open_read", Kind::Bool, ""),
            FieldDoc::text("evt.arg", "").takes(Argument::EitherRequired),
            FieldDoc::text("proc.name", ""),
            FieldDoc::text("proc.pname", ""),
            FieldDoc::text("proc.cmdline", ""),
            FieldDoc::text("proc.args", "").list(),
            FieldDoc::new("proc.pid", Kind::Int, ""),
            FieldDoc::text("proc.aname", "")
                .takes(Argument::Index)
                .limited(&[Limit::LiteralsOnly, Limit::Untransformed]),
            FieldDoc::text("proc.env", "").takes(Argument::Key),
            FieldDoc::text("fd.name", ""),
            FieldDoc::text("fd.filename", ""),
            FieldDoc::new("fd.sip", Kind::Ip, ""),
            FieldDoc::new("fd.ip", Kind::Ip, "").limited(&[
                Limit::ConditionOnly,
                Limit::LiteralsOnly,
                Limit::Untransformed,
            ]),
            FieldDoc::new("fd.net", Kind::Net, ""),
            FieldDoc::new("fd.sport", Kind::Port, ""),
            FieldDoc::text("container.id", ""),
        ]],
        plugins: &[("container", "0.7.1")],
    },
    SourceDoc {
        name: "k8s_audit",
        doc: "",
        fields: &[&[
            FieldDoc::text("ka.verb", ""),
            FieldDoc::text("ka.user.name", ""),
            FieldDoc::text("ka.user.groups", "").list(),
            FieldDoc::text("jevt.value", "").takes(Argument::KeyRequired),
        ]],
        plugins: &[("k8saudit", "0.16.0"), ("json", "0.7.3")],
    },
];

/// Loads files, and shows the rules and what was said about the files.
fn shown(files: &[RuleFile]) -> String {
    let (ruleset, diagnostics) = load(files, SOURCES);
    let mut lines = Vec::new();
    for rule in &ruleset.rules {
        let off = if rule.enabled { "" } else { " (off)" };
        lines.push(format!("{}{off}: {}", rule.name, rule.condition));
    }
    for diagnostic in &diagnostics {
        let file = if files.len() > 1 { format!("{}:", diagnostic.file) } else { String::new() };
        let hint = diagnostic.hint.as_ref().map_or(String::new(), |hint| format!(" [{hint}]"));
        lines.push(format!(
            "{} {file}{}:{}: {}{hint}",
            diagnostic.code.name(),
            diagnostic.line,
            diagnostic.column,
            diagnostic.message
        ));
    }
    lines.iter().map(|line| wrapped(line)).collect::<Vec<_>>().join("\n")
}

/// Breaks a line at blanks, so that it fits into a source file.
fn wrapped(line: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in line.split(' ') {
        if column > 0 && column + word.len() > 76 {
            text.push_str("\n   ");
            column = 3;
        }
        if column > 0 {
            text.push(' ');
        }
        text.push_str(word);
        column += word.len() + 1;
    }
    text
}

/// Loads one file.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown(&[RuleFile::new("rules.yaml", text)]));
}

/// Loads several files, named `1`, `2`, … in order.
fn check_files(texts: &[&str], expected: Expect) {
    let files: Vec<RuleFile> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| RuleFile::new((index + 1).to_string(), *text))
        .collect();
    expected.assert_eq(&shown(&files));
}

/// Returns a whole rule around a condition.
fn rule(condition: &str) -> String {
    named("r", condition)
}

/// Returns a whole rule of this name around a condition.
fn named(name: &str, condition: &str) -> String {
    format!(
        "- rule: {name}\n  desc: d\n  condition: >\n    {condition}\n  output: o\n  \
         priority: error\n  warn_evttypes: false\n"
    )
}

/// Loads a rule with this condition.
fn check_condition(condition: &str, expected: Expect) {
    check(&rule(condition), expected);
}
