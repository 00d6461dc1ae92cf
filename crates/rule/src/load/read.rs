//! Reads a rule file's YAML into items. Judges the form of each item and nothing beyond it.

use super::item::{Item, List, Macro, Mode};
use super::keys::{Reader, Reported};
use super::trace::Traced;
use super::version::{Requirement, Version};
use crate::diagnostic::Code;
use crate::yaml::{Kind, Node};

/// Reads the items of all documents of a file, in order. Items with slips are left out; their
/// names are told through `broken`, so that nobody complains that they are missing.
pub(super) fn items(
    reader: &mut Reader<'_, '_>,
    documents: &[Node],
    mut take: impl FnMut(&mut Reader<'_, '_>, Result<Item, Broken>),
) {
    for document in documents.iter().filter(|document| !document.is_null()) {
        let Kind::Sequence(entries) = &document.kind else {
            let message = "a rule file is a sequence of items: `- rule: …`, `- macro: …`";
            let _ = reader.refuse::<()>(document, message);
            continue;
        };
        for entry in entries.iter().filter(|entry| !entry.is_null()) {
            if let Some(item) = item(reader, entry) {
                take(reader, item);
            }
        }
    }
}

/// An item that could not be read, and was reported.
#[derive(Debug)]
pub(super) struct Broken {
    pub kind: &'static str,
    pub name: String,
}

fn item(reader: &mut Reader<'_, '_>, node: &Node) -> Option<Result<Item, Broken>> {
    if !matches!(node.kind, Kind::Mapping(_)) {
        let _ = reader.refuse::<()>(node, "an item is a mapping: `- rule: …`, `- macro: …`");
        return None;
    }
    if node.get("required_engine_version").is_some() {
        let _ = engine_version(reader, node);
        return None;
    }
    if node.get("required_plugin_versions").is_some() {
        let _ = plugin_versions(reader, node);
        return None;
    }
    for (kind, read) in [("list", list as ReadItem), ("macro", macro_), ("rule", super::rule::rule)]
    {
        if let Some(value) = node.get(kind) {
            let name = value.scalar().map(|name| name.text.clone()).unwrap_or_default();
            let read = reader.within(kind, &name, node, |reader| {
                reader.text(node, kind)?;
                read(reader, node, &name)
            });
            return Some(read.map_err(|Reported| Broken { kind, name }));
        }
    }
    reader.warn(node, Code::LoadUnknownItem, "item is neither rule, macro nor list; it is ignored");
    None
}

type ReadItem = fn(&mut Reader<'_, '_>, &Node, &str) -> Result<Item, Reported>;

/// Characters that end a bare word, and so cannot be part of a list's name.
pub(super) const NO_BARE_WORD: [char; 7] = ['(', ')', '"', '\'', '=', ',', ' '];

fn list(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Result<Item, Reported> {
    if name.contains(|c: char| NO_BARE_WORD.contains(&c) || c.is_ascii_whitespace()) {
        let message = "a list's name may hold no blank, quote, comma, `=` or parenthesis";
        reader.warn(node, Code::LoadInvalidListName, message);
    }
    let items = match reader.texts(node, "items")? {
        Some(items) => items,
        None => return reader.refuse(node, "`items` is missing"),
    };
    let items = items.iter().map(|item| Traced::scalar(reader.file, reader.text, item)).collect();
    let mode = mode(reader, node, "items")?;
    reader.known_keys(node, &["list", "items", "append", "override"]);
    let at = reader.whereabouts(node);
    Ok(Item::List(List { name: name.to_owned(), items, at }, mode))
}

fn macro_(reader: &mut Reader<'_, '_>, node: &Node, name: &str) -> Result<Item, Reported> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let message = "a macro's name is a letter followed by letters, digits and `_`";
        reader.warn(node, Code::LoadInvalidMacroName, message);
    }
    let condition = reader.traced(node, "condition");
    let mode = mode(reader, node, "condition")?;
    reader.known_keys(node, &["macro", "condition", "append", "override"]);
    let at = reader.whereabouts(node);
    Ok(Item::Macro(Macro { name: name.to_owned(), condition: condition?, at }, mode))
}

/// Reads `append` and `override` of an item that has just one part.
fn mode(reader: &mut Reader<'_, '_>, node: &Node, key: &'static str) -> Result<Mode, Reported> {
    let append = super::rule::append_flag(reader, node, key)?;
    let overrides = super::rule::Overrides::read(reader, node, &[key], &[key])?;
    overrides.not_with(append, reader, node)?;
    Ok(if overrides.appended(key) { Mode::Append } else { append })
}

fn engine_version(reader: &mut Reader<'_, '_>, node: &Node) -> Result<(), Reported> {
    const KEY: &str = "required_engine_version";
    let text = reader.text(node, KEY)?;
    reader.known_keys(node, &[KEY]);
    let number = node.get(KEY).and_then(Node::scalar).and_then(|scalar| scalar.number());
    let required = number.map(Version::of_engine).or_else(|| Version::parse(&text));
    let Some(required) = required else {
        return reader.refuse(node, "engine version must be a number, or `major.minor.patch`");
    };
    reader.engine = reader.engine.max(Some(required));
    if Version::ENGINE.satisfies(required) {
        return Ok(());
    }
    let message = format!("engine version {required} is required, this is {}", Version::ENGINE);
    reader.warn(node, Code::LoadErrValidate, message);
    Err(Reported)
}

fn plugin_versions(reader: &mut Reader<'_, '_>, node: &Node) -> Result<(), Reported> {
    const KEY: &str = "required_plugin_versions";
    reader.known_keys(node, &[KEY]);
    let value = node.get(KEY).unwrap_or(node);
    let Kind::Sequence(plugins) = &value.kind else {
        return reader.refuse(value, &format!("`{KEY}` must be a sequence"));
    };
    for plugin in plugins {
        let Ok(first) = requirement(reader, plugin) else { continue };
        let mut one_of = vec![first];
        if let Some(others) = plugin.get("alternatives") {
            let Kind::Sequence(others) = &others.kind else {
                return reader.refuse(others, "`alternatives` must be a sequence");
            };
            for other in others {
                one_of.extend(requirement(reader, other));
            }
        }
        super::version::check_plugins(reader, plugin, &one_of);
    }
    Ok(())
}

fn requirement(reader: &mut Reader<'_, '_>, node: &Node) -> Result<Requirement, Reported> {
    if !matches!(node.kind, Kind::Mapping(_)) {
        return reader.refuse(node, "a plugin requirement has a `name` and a `version`");
    }
    let name = reader.text(node, "name")?;
    let text = reader.text(node, "version")?;
    match Version::parse(&text) {
        Some(version) => Ok(Requirement { name, version }),
        None => {
            let message = format!("`{text}` is no version of plugin `{name}`: use `1.2.3`");
            reader.warn(node, Code::LoadErrValidate, message);
            Err(Reported)
        }
    }
}
