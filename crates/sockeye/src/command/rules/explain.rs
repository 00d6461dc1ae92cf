//! `sockeye rules explain`.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use control::{Catalogue, Link, Mapping, Relation};
use event::Severity;
use rule::expr::Expr;
use rule::source::Source;
use rule::{KeyUse, Program, Rule};
use serde::Serialize;
use source::k8s_audit::K8sAudit;

use super::files::Chosen;
use super::{Form, json, tell};

/// Show what a rule really asks, what it is indexed under, and which controls it bears on
#[derive(clap::Args)]
pub struct Args {
    /// Name of the rule
    #[arg(value_name = "RULE")]
    rule: String,
    #[command(flatten)]
    rules: Chosen,
}

/// What is known of a rule, as `-o json` prints it.
#[derive(Serialize)]
struct Explained<'r> {
    name: &'r str,
    description: &'r str,
    source: &'r str,
    priority: Severity,
    enabled: bool,
    tags: &'r [String],
    file: &'r str,
    line: u32,
    /// As written, lists and macros by name.
    written: &'r str,
    /// With lists, macros and exceptions put in.
    condition: String,
    output: &'r str,
    fields: BTreeSet<String>,
    /// Fields that nobody here can read; a rule with any is not judged.
    unknown_fields: &'r [String],
    /// Values of key fields that a record must have; `None` when the rule is not judged.
    keys: Option<Vec<Key>>,
    /// Why there are no keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_indexed: Option<String>,
    controls: &'r [Link],
    soc2: Vec<String>,
}

#[derive(Serialize)]
struct Key {
    field: String,
    values: Vec<String>,
    others: bool,
}

impl From<KeyUse> for Key {
    fn from(key: KeyUse) -> Key {
        Key { field: key.field, values: key.values, others: key.others }
    }
}

/// Explains the rule.
pub fn run(args: &Args, form: Form) -> anyhow::Result<ExitCode> {
    let (files, mut diagnostics) = args.rules.read();
    let (ruleset, found) = rule::load(&files, source::sources());
    diagnostics.extend(found);
    tell(&diagnostics, &files)?;
    let rule = ruleset.rule(&args.rule).with_context(|| {
        format!("there is no rule `{}`; `sockeye rules list` shows those there are", args.rule)
    })?;
    let (catalogue, _) = Catalogue::embedded();
    let mapping = Mapping::of(&catalogue);
    let explained = explain(rule, &mapping);
    match form {
        Form::Json => json(&explained)?,
        Form::Text => print(&explained, &rule.condition)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn explain<'r>(rule: &'r Rule, mapping: &'r Mapping) -> Explained<'r> {
    let mut fields = BTreeSet::new();
    rule.condition.each_field(&mut |name, _| {
        fields.insert(name.to_owned());
    });
    let (keys, not_indexed) = match indexed(rule) {
        Ok(keys) => (Some(keys), None),
        Err(reason) => (None, Some(reason)),
    };
    Explained {
        name: &rule.name,
        description: &rule.description,
        source: &rule.source,
        priority: rule.priority,
        enabled: rule.enabled,
        tags: &rule.tags,
        file: &rule.file,
        line: rule.line,
        written: &rule.condition_text,
        condition: rule.condition.to_string(),
        output: &rule.output,
        fields,
        unknown_fields: &rule.unknown_fields,
        keys,
        not_indexed,
        controls: mapping.links(&rule.name),
        soc2: mapping.criteria(&rule.name).to_vec(),
    }
}

/// Returns the keys that a rule is indexed under, or why it is not.
fn indexed(rule: &Rule) -> Result<Vec<Key>, String> {
    if !rule.unknown_fields.is_empty() {
        let fields = rule.unknown_fields.join(", ");
        return Err(format!("it is not judged, since nobody here can read {fields}"));
    }
    if rule.source != K8sAudit::DOC.name {
        return Err(format!("no reader yet for `{}`, so the rule is not indexed", rule.source));
    }
    let (program, _) = Program::<K8sAudit>::compile(&[rule]);
    Ok(program.key_uses(rule).into_iter().map(Key::from).collect())
}

fn print(rule: &Explained<'_>, condition: &Expr) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    let off = if rule.enabled { "" } else { ", off" };
    writeln!(out, "{} ({}, {}{off})", rule.name, rule.source, rule.priority)?;
    writeln!(out, "{}", rule.description)?;
    writeln!(out, "{}:{}", rule.file, rule.line)?;
    if !rule.tags.is_empty() {
        writeln!(out, "tags: {}", rule.tags.join(" "))?;
    }
    writeln!(out, "\nas written\n  {}", rule.written.replace('\n', "\n  "))?;
    writeln!(out, "\nwith lists, macros and exceptions put in")?;
    outline(&mut out, condition, 1)?;
    writeln!(out, "\nprints\n  {}", rule.output)?;
    writeln!(out, "\nindexed under")?;
    match &rule.keys {
        None => {
            writeln!(out, "  nothing: {}", rule.not_indexed.as_deref().unwrap_or("not judged"))?;
        }
        Some(keys) if keys.is_empty() => writeln!(out, "  nothing: every record is asked")?,
        Some(keys) => {
            for key in keys {
                let others = if key.others { ["any other value"].as_slice() } else { &[] };
                let values = key.values.iter().map(String::as_str).chain(others.iter().copied());
                writeln!(out, "  {}: {}", key.field, values.collect::<Vec<_>>().join(", "))?;
            }
        }
    }
    writeln!(out, "\ncontrols")?;
    if rule.controls.is_empty() {
        writeln!(out, "  none: its alerts serve no criterion; a control can name it")?;
    }
    for link in rule.controls {
        let relation = match link.relation {
            Relation::Implements => "implements",
            Relation::Monitors => "monitors",
            Relation::Feeds => "feeds",
        };
        let criteria = link.criteria.join(" ");
        writeln!(out, "  {relation} {} {} ({criteria})", link.control, link.title)?;
        writeln!(out, "    {}", link.reason.trim())?;
    }
    Ok(())
}

/// Widest that a part of a condition is printed on one line, in characters.
const LINE_CHARS_MAX: usize = 90;

/// Prints a condition, long parts broken at their `and`s and `or`s.
fn outline(out: &mut impl Write, expr: &Expr, depth: usize) -> anyhow::Result<()> {
    let indent = "  ".repeat(depth);
    let line = expr.to_string();
    let (word, parts) = match expr {
        Expr::And(parts) => ("all of", parts.as_slice()),
        Expr::Or(parts) => ("any of", parts.as_slice()),
        Expr::Not(inner) => ("not", std::slice::from_ref(inner.as_ref())),
        _ => ("", [].as_slice()),
    };
    if parts.is_empty() || indent.len() + line.chars().count() <= LINE_CHARS_MAX {
        writeln!(out, "{indent}{line}")?;
        return Ok(());
    }
    writeln!(out, "{indent}{word}")?;
    parts.iter().try_for_each(|part| outline(out, part, depth + 1))
}
