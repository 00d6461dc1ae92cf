//! Reads `- rule:` items: whole rules, updates of earlier ones, and the old on-off form.

use std::collections::BTreeSet;

use event::Severity;

use super::item::{Entry, Exception, Flags, Item, Mode, RuleItem, Update};
use super::keys::{Reader, Reported};
use super::trace::Traced;
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Kind, Node};

/// Keys whose value may be added to.
const APPENDABLE: [&str; 5] = ["condition", "output", "desc", "tags", "exceptions"];
/// Keys whose value may be replaced.
const REPLACEABLE: [&str; 11] = [
    "condition",
    "output",
    "desc",
    "priority",
    "capture",
    "capture_duration",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
];
/// Keys of a rule besides those.
const OTHERS: [&str; 4] = ["rule", "source", "override", "append"];
const APPEND_DEPRECATED: &str = "`append` is deprecated";

/// What `override` says about each key.
pub(super) struct Overrides {
    append: BTreeSet<String>,
    replace: BTreeSet<String>,
}

impl Overrides {
    pub(super) fn read(
        reader: &mut Reader<'_, '_>,
        item: &Node,
        appendable: &[&str],
        replaceable: &[&str],
    ) -> Result<Overrides, Reported> {
        let mut overrides = Overrides { append: BTreeSet::new(), replace: BTreeSet::new() };
        let Some(node) = item.get("override") else { return Ok(overrides) };
        let mut slip = Ok(());
        for (key, operation) in node.entries() {
            let name = key.scalar().map(|key| key.text.clone()).unwrap_or_default();
            let (append, replace) =
                (appendable.contains(&name.as_str()), replaceable.contains(&name.as_str()));
            match operation.scalar().map(|operation| operation.text.as_str()) {
                Some("append") if append => _ = overrides.append.insert(name),
                Some("replace") if replace => _ = overrides.replace.insert(name),
                Some("append") if replace => {
                    let message = format!("`{name}` cannot be added to; use `replace`");
                    slip = reader.refuse(key, &message);
                }
                Some("append" | "replace") => {
                    slip = reader.refuse(key, &format!("`{name}` cannot be overridden"));
                }
                _ => {
                    let message = "an override is `append` or `replace`";
                    slip = reader.refuse(operation, message);
                }
            }
        }
        slip.map(|()| overrides)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.append.is_empty() && self.replace.is_empty()
    }

    pub(super) fn appended(&self, key: &str) -> bool {
        self.append.contains(key)
    }

    /// Refuses the old and the new form together.
    pub(super) fn not_with(
        &self,
        append: Mode,
        reader: &mut Reader<'_, '_>,
        item: &Node,
    ) -> Result<(), Reported> {
        if append == Mode::Define || self.is_empty() {
            return Ok(());
        }
        reader.refuse(item, "`append` and `override` cannot stand together")
    }
}

/// Reads the old `append` flag; `key` is what it would say to override today.
pub(super) fn append_flag(
    reader: &mut Reader<'_, '_>,
    item: &Node,
    key: &str,
) -> Result<Mode, Reported> {
    let append = reader.optional_truth(item, "append")?.unwrap_or(false);
    if append {
        let diagnostic = Diagnostic::new(Code::LoadDeprecatedItem, APPEND_DEPRECATED);
        let hint = format!("say what to add to: `override: {{{key}: append}}`");
        reader.tell(item, diagnostic.hint(hint));
    }
    Ok(if append { Mode::Append } else { Mode::Define })
}

/// Reads one rule item.
pub(super) fn rule(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Result<Item, Reported> {
    let keys: Vec<&str> = REPLACEABLE.iter().chain(&OTHERS).copied().collect();
    reader.known_keys(node, &keys);
    let append = append_flag(reader, node, "condition")?;
    let overrides = Overrides::read(reader, node, &APPENDABLE, &REPLACEABLE)?;
    overrides.not_with(append, reader, node)?;
    if !overrides.is_empty() {
        return updates(reader, node, name, &overrides);
    }
    if append == Mode::Append {
        return old_append(reader, node, name);
    }
    if ["condition", "output", "desc", "priority"].iter().all(|key| node.get(key).is_none()) {
        return enable(reader, node, name);
    }
    Ok(definition(reader, node, name))
}

fn definition(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Item {
    // Every part is read, whatever the others are like, so that one run tells every slip.
    let mut broken = false;
    let condition = or_default(reader.traced(node, "condition"), &mut broken);
    let output = or_default(reader.traced(node, "output"), &mut broken);
    let description = or_default(reader.text(node, "desc"), &mut broken);
    let priority = or_default(reader.priority(node).map(Some), &mut broken);
    let source = or_default(reader.optional_traced(node, "source"), &mut broken);
    let tags = or_default(reader.tags(node), &mut broken);
    let exceptions = or_default(exceptions(reader, node, Mode::Define), &mut broken);
    let mut truth = |key| or_default(reader.optional_truth(node, key), &mut broken);
    let flags = Flags {
        enabled: truth("enabled").unwrap_or(true),
        skip_if_unknown_filter: truth("skip-if-unknown-filter").unwrap_or(false),
        warn_evttypes: truth("warn_evttypes").unwrap_or(true),
    };
    truth("capture");
    or_default(reader.optional_number(node, "capture_duration"), &mut broken);
    let source = source.unwrap_or_else(|| {
        let mut source = Traced::default();
        source.glue("syscall", condition.origin(0));
        source
    });
    Item::Rule(Box::new(RuleItem {
        name: name.to_owned(),
        source,
        condition,
        output: output.trim(),
        description,
        priority: priority.unwrap_or(Severity::Debug),
        tags,
        exceptions,
        flags,
        broken,
        at: reader.whereabouts(node),
    }))
}

/// Returns what was read, or nothing, noting that something was wrong.
fn or_default<T: Default>(read: Result<T, Reported>, broken: &mut bool) -> T {
    read.unwrap_or_else(|Reported| {
        *broken = true;
        T::default()
    })
}

fn enable(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Result<Item, Reported> {
    if node.get("enabled").is_none() {
        let message = "a rule needs `condition`, `output`, `desc` and `priority`";
        return reader.refuse(node, message);
    }
    let enabled = reader.truth(node, "enabled")?;
    let message = "switching a rule on or off by `enabled` alone is deprecated";
    let diagnostic = Diagnostic::new(Code::LoadDeprecatedItem, message);
    reader.tell(node, diagnostic.hint("add `override: {enabled: replace}`"));
    Ok(Item::Enable { name: name.to_owned(), enabled, at: reader.whereabouts(node) })
}

/// Returns the source an item names, or nothing: an update need not say it.
fn source_of(reader: &mut Reader<'_, '_>, node: &Node) -> Result<String, Reported> {
    match node.get("source").and_then(Node::scalar) {
        Some(scalar) if scalar.is_null() || scalar.text.is_empty() => Ok(String::new()),
        _ => Ok(reader
            .optional_traced(node, "source")?
            .map_or_else(String::new, |source| source.text().to_owned())),
    }
}

/// Reads the old form, which adds to condition and exceptions only.
fn old_append(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Result<Item, Reported> {
    let update = Update {
        name: name.to_owned(),
        source: source_of(reader, node)?,
        condition: reader.optional_traced(node, "condition")?,
        exceptions: match node.get("exceptions") {
            Some(_) => Some(exceptions(reader, node, Mode::Append)?),
            None => None,
        },
        at: reader.whereabouts(node),
        ..Update::default()
    };
    Ok(Item::Update(Box::new(update), None))
}

/// Reads an item with `override`: what is added, and what is replaced.
fn updates(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    name: &str,
    overrides: &Overrides,
) -> Result<Item, Reported> {
    let mut slip = Ok(());
    for (keys, word) in [(&overrides.append, "append"), (&overrides.replace, "replace")] {
        for key in keys.iter().filter(|key| node.get(key).is_none()) {
            slip = reader.refuse(node, &format!("`{key}: {word}` is said, but `{key}` is missing"));
        }
    }
    for key in &overrides.append {
        if overrides.replace.contains(key) {
            slip = reader.refuse(node, &format!("`{key}` cannot be both replaced and added to"));
        }
    }
    for (key, _) in node.entries() {
        let text = key.scalar().map_or("", |key| key.text.as_str());
        let said = overrides.append.contains(text) || overrides.replace.contains(text);
        if !said && REPLACEABLE.contains(&text) {
            let message = format!("`{text}` has no entry under `override`");
            slip = reader.refuse(key, &message);
        }
    }
    let append = update(reader, node, name, &overrides.append, Mode::Append);
    let replace = update(reader, node, name, &overrides.replace, Mode::Define);
    slip?;
    let (append, replace) = (append?, replace?);
    match (overrides.append.is_empty(), overrides.replace.is_empty()) {
        (false, false) => Ok(Item::Update(Box::new(append), Some(Box::new(replace)))),
        (false, true) => Ok(Item::Update(Box::new(append), None)),
        _ => Ok(Item::Replace(Box::new(replace))),
    }
}

/// Reads those keys of an item that are to be changed in one way.
fn update(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    name: &str,
    keys: &BTreeSet<String>,
    mode: Mode,
) -> Result<Update, Reported> {
    let has = |key: &str| keys.contains(key) && node.get(key).is_some();
    let mut update = Update { name: name.to_owned(), ..Update::default() };
    if has("condition") {
        update.source = source_of(reader, node)?;
        update.condition = Some(reader.traced(node, "condition")?);
    }
    if has("output") {
        update.output = Some(reader.traced(node, "output")?.trim());
    }
    if has("desc") {
        update.description = Some(reader.text(node, "desc")?);
    }
    if has("tags") {
        update.tags = Some(reader.tags(node)?);
    }
    if has("exceptions") {
        update.exceptions = Some(exceptions(reader, node, mode)?);
    }
    if has("priority") {
        update.priority = Some(reader.priority(node)?);
    }
    if has("enabled") {
        update.enabled = Some(reader.truth(node, "enabled")?);
    }
    if has("warn_evttypes") {
        update.warn_evttypes = Some(reader.truth(node, "warn_evttypes")?);
    }
    if has("skip-if-unknown-filter") {
        update.skip_if_unknown_filter = Some(reader.truth(node, "skip-if-unknown-filter")?);
    }
    if has("capture") {
        update.capture = true;
        reader.truth(node, "capture")?;
    }
    if has("capture_duration") {
        update.capture = true;
        reader.optional_number(node, "capture_duration")?;
    }
    update.at = reader.whereabouts(node);
    Ok(update)
}

fn exceptions(
    reader: &mut Reader<'_, '_>,
    item: &Node,
    mode: Mode,
) -> Result<Vec<Exception>, Reported> {
    let Some(node) = item.get("exceptions").filter(|node| !node.is_null()) else {
        return Ok(Vec::new());
    };
    let Kind::Sequence(entries) = &node.kind else {
        return reader.refuse(node, "`exceptions` must be a sequence");
    };
    let mut exceptions: Vec<Exception> = Vec::with_capacity(entries.len());
    let mut names = BTreeSet::new();
    for entry in entries {
        if !matches!(entry.kind, Kind::Mapping(_)) {
            return reader.refuse(entry, "an exception is a mapping with a `name`");
        }
        let name = reader.text(entry, "name")?;
        let again = !names.insert(name.clone());
        let read = reader.within("exception", &name, entry, |reader| {
            if again {
                let message = "a rule's exceptions must have different names";
                reader.warn(entry, Code::LoadExceptionNameNotUnique, message);
            }
            exception(reader, entry, &name, mode)
        })?;
        exceptions.push(read);
    }
    Ok(exceptions)
}

fn exception(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    name: &str,
    mode: Mode,
) -> Result<Exception, Reported> {
    reader.known_keys(node, &["name", "fields", "comps", "values"]);
    let fields = match node.get("fields") {
        Some(fields) => entry(reader, fields)?,
        // An update may name the exception it adds to, and nothing but values.
        None if mode == Mode::Append => Entry::Missing,
        None => return reader.refuse(node, "`fields` is missing"),
    };
    let comps = node.get("comps").map_or(Ok(Entry::Missing), |comps| entry(reader, comps))?;
    let mut values = Vec::new();
    match node.get("values") {
        Some(Node { kind: Kind::Sequence(entries), .. }) => {
            for value in entries {
                values.push(entry(reader, value)?);
            }
        }
        Some(other) => return reader.refuse(other, "`values` must be a sequence"),
        None if mode == Mode::Append => {
            reader.warn(node, Code::LoadAppendNoValues, "no `values`: this adds nothing");
        }
        None => {}
    }
    Ok(Exception { name: name.to_owned(), fields, comps, values, at: reader.whereabouts(node) })
}

fn entry(reader: &mut Reader<'_, '_>, node: &Node) -> Result<Entry, Reported> {
    match &node.kind {
        Kind::Scalar(_) if node.is_null() => Ok(Entry::Missing),
        Kind::Scalar(scalar) if scalar.text.is_empty() => reader.refuse(node, "value is empty"),
        Kind::Scalar(_) => Ok(Entry::One(Traced::scalar(reader.file, reader.text, node))),
        Kind::Sequence(entries) => entries
            .iter()
            .map(|inner| entry(reader, inner))
            .collect::<Result<_, _>>()
            .map(Entry::Many),
        Kind::Mapping(_) => reader.refuse(node, "expected a value or a sequence"),
    }
}
