//! Takes the values of keys out of YAML items, with Falco's rules of what may be missing or empty.

use std::collections::BTreeSet;

use event::Severity;

use super::item::Whereabouts;
use super::report::{Report, Scope};
use super::trace::{Place, Traced};
use super::version::Version;
use crate::diagnostic::{Code, Context, Diagnostic, Span};
use crate::source::SourceDoc;
use crate::yaml::{Kind, Node, Scalar};

/// Something is wrong and has been reported; what depends on it is left out in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reported;

/// A value that may be missing.
pub(super) type Taken<T> = Result<Option<T>, Reported>;

/// Reads one file: knows where it is, and tells problems.
pub(super) struct Reader<'a, 'f> {
    pub file: usize,
    pub text: &'a str,
    pub report: &'a mut Report<'f>,
    pub sources: &'a [SourceDoc],
    pub scope: Scope,
    /// Newest engine version that the file asks for.
    pub engine: Option<Version>,
}

impl<'a> Reader<'a, '_> {
    /// Returns names and versions of the plugins whose fields are known.
    pub(super) fn plugins(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        self.sources.iter().flat_map(|source| source.plugins)
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Returns where a node stands. Of a collection only the beginning: nobody wants a snippet of
    /// a whole rule.
    pub(super) fn whereabouts(&self, node: &Node) -> Whereabouts {
        Whereabouts { place: self.place(head(node)), scope: self.scope.clone() }
    }

    pub(super) fn tell(&mut self, node: &Node, diagnostic: Diagnostic) {
        let place = self.place(head(node));
        self.report.add(place, &self.scope, diagnostic);
    }

    /// Tells that the structure is wrong.
    pub(super) fn refuse<T>(&mut self, node: &Node, message: &str) -> Result<T, Reported> {
        self.tell(node, Diagnostic::new(Code::LoadErrYamlValidate, message));
        Err(Reported)
    }

    pub(super) fn warn(&mut self, node: &Node, code: Code, message: impl Into<String>) {
        self.tell(node, Diagnostic::new(code, message));
    }

    /// Reads something within a named item.
    pub(super) fn within<T>(
        &mut self,
        kind: &'static str,
        name: &str,
        node: &Node,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let line = self.report.line(self.place(node.span));
        let context = Context { kind, name: name.to_owned(), line };
        if self.scope.is_empty() {
            self.report.item(self.place(node.span), context.clone());
        }
        self.scope.push(context);
        let done = read(self);
        self.scope.pop();
        done
    }

    /// Takes the value of a key, which must be one non-empty text if it is there.
    fn optional<'n>(&mut self, item: &'n Node, key: &str) -> Taken<(&'n Node, &'n Scalar)> {
        let Some(value) = item.get(key) else { return Ok(None) };
        let Some(scalar) = value.scalar() else {
            return self.refuse(value, &format!("`{key}` must be one value"));
        };
        if scalar.is_null() || scalar.text.is_empty() {
            return self.refuse(value, &format!("`{key}` is empty"));
        }
        Ok(Some((value, scalar)))
    }

    fn required<'n>(
        &mut self,
        item: &'n Node,
        key: &str,
    ) -> Result<(&'n Node, &'n Scalar), Reported> {
        match self.optional(item, key)? {
            Some(found) => Ok(found),
            None => self.refuse(item, &format!("`{key}` is missing")),
        }
    }

    pub(super) fn text(&mut self, item: &Node, key: &str) -> Result<String, Reported> {
        self.required(item, key).map(|(_, scalar)| scalar.text.clone())
    }

    pub(super) fn traced(&mut self, item: &Node, key: &str) -> Result<Traced, Reported> {
        self.required(item, key).map(|(node, _)| Traced::scalar(self.file, self.text, node))
    }

    pub(super) fn optional_traced(&mut self, item: &Node, key: &str) -> Taken<Traced> {
        let found = self.optional(item, key)?;
        Ok(found.map(|(node, _)| Traced::scalar(self.file, self.text, node)))
    }

    pub(super) fn optional_truth(&mut self, item: &Node, key: &str) -> Taken<bool> {
        let Some((node, scalar)) = self.optional(item, key)? else { return Ok(None) };
        match scalar.truth() {
            Some(truth) => Ok(Some(truth)),
            None => self.refuse(node, &format!("`{key}` must be `true` or `false`")),
        }
    }

    pub(super) fn truth(&mut self, item: &Node, key: &str) -> Result<bool, Reported> {
        self.required(item, key)?;
        Ok(self.optional_truth(item, key)?.unwrap_or_default())
    }

    pub(super) fn optional_number(&mut self, item: &Node, key: &str) -> Taken<u32> {
        let Some((node, scalar)) = self.optional(item, key)? else { return Ok(None) };
        match scalar.number() {
            Some(number) => Ok(Some(number)),
            None => self.refuse(node, &format!("`{key}` must be a number")),
        }
    }

    pub(super) fn priority(&mut self, item: &Node) -> Result<Severity, Reported> {
        let (node, scalar) = self.required(item, "priority")?;
        if let Ok(priority) = scalar.text.parse() {
            return Ok(priority);
        }
        let names: Vec<_> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        let message = format!("`{}` is no priority", scalar.text);
        let hint = format!("use one of {}", names.join(", "));
        self.tell(node, Diagnostic::new(Code::LoadErrYamlValidate, message).hint(hint));
        Err(Reported)
    }

    /// Takes a sequence of texts, if the key is there.
    pub(super) fn texts<'n>(&mut self, item: &'n Node, key: &str) -> Taken<Vec<&'n Node>> {
        let Some(value) = item.get(key) else { return Ok(None) };
        let Kind::Sequence(entries) = &value.kind else {
            return self.refuse(value, &format!("`{key}` must be a sequence"));
        };
        let mut texts = Vec::with_capacity(entries.len());
        let mut slip = Ok(());
        for entry in entries {
            if entry.scalar().is_none() || entry.is_null() {
                slip = self.refuse(entry, &format!("each of `{key}` must be one value"));
            }
            texts.push(entry);
        }
        slip.map(|()| Some(texts))
    }

    pub(super) fn tags(&mut self, item: &Node) -> Result<BTreeSet<String>, Reported> {
        let tags = self.texts(item, "tags")?.unwrap_or_default();
        Ok(tags.iter().filter_map(|tag| tag.scalar()).map(|tag| tag.text.clone()).collect())
    }

    /// Warns of keys that mean nothing here, and of keys given twice.
    pub(super) fn known_keys(&mut self, item: &Node, known: &[&str]) {
        let mut seen = BTreeSet::new();
        for (key, _) in item.entries() {
            let name = key.scalar().map_or("", |scalar| scalar.text.as_str());
            if !known.contains(&name) {
                let message = format!("unknown key `{name}`; it is ignored");
                let mut diagnostic = Diagnostic::new(Code::LoadUnknownKey, message);
                if let Some(near) = self.report.hints.nearest(name, known.iter().copied()) {
                    diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
                }
                self.tell(key, diagnostic);
            } else if !seen.insert(name) {
                let message = format!("key `{name}` stands here twice; the first one counts");
                self.warn(key, Code::LoadUnknownKey, message);
            }
        }
    }
}

/// Returns the span of a scalar, and the beginning of anything else.
fn head(node: &Node) -> Span {
    match &node.kind {
        Kind::Scalar(_) => node.span,
        Kind::Mapping(entries) => entries.first().map_or(node.span, |(key, value)| Span {
            start: key.span.start,
            end: if value.scalar().is_some() { value.span.end } else { key.span.end },
        }),
        Kind::Sequence(_) => Span { start: node.span.start, end: node.span.start + 1 },
    }
}
