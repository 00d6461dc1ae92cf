//! A YAML file as a tree that remembers where each node stands. Scalars stay text until somebody
//! asks for a truth value or a number, as in yaml-cpp, which Falco reads its rules with: `no` is
//! text in a list of names and false behind `enabled:`.

mod scalar;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::diagnostic::Span;

pub(crate) use scalar::Scalar;

/// Nesting of sequences and mappings.
pub const DEPTH_MAX: usize = 64;
/// Nodes of a file with every alias put in.
pub const NODES_MAX: usize = 200_000;
/// Bytes of text in a file with every alias put in.
pub const TEXT_BYTES_MAX: usize = 32 << 20;

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// The text is no YAML, or one of the bounds is reached.
#[derive(Clone, Debug)]
pub(crate) struct YamlError {
    pub offset: usize,
    pub message: String,
}

impl Node {
    /// Returns the text of a scalar, also of an empty one.
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Tells whether nothing or `null` stands there.
    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(Scalar::is_null)
    }

    /// Returns the value of a key of a mapping; of two equal keys the first counts.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .find(|(name, _)| name.scalar().is_some_and(|n| n.text == key))
            .map(|(_, v)| v)
    }

    /// Returns the entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &(Node, Node)> {
        match &self.kind {
            Kind::Mapping(entries) => entries.as_slice(),
            _ => &[],
        }
        .iter()
    }
}

/// Reads all documents of a text. After an error the items before it are still there, so that
/// their problems can be reported too.
pub(crate) fn read(text: &str) -> (Vec<Node>, Option<YamlError>) {
    let mut builder = Builder::default();
    let mut error = None;
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let step = event
            .map_err(|error| (error.marker().byte_offset().unwrap_or(text.len()), error.info()))
            .and_then(|(event, span)| {
                let range = span.byte_range().unwrap_or(text.len()..text.len());
                let span = Span { start: range.start, end: range.end.max(range.start) };
                builder.event(event, span)
            });
        if let Err((offset, message)) = step {
            error = Some(YamlError { offset, message });
            break;
        }
    }
    (builder.documents(), error)
}

/// A collection that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// Key of a mapping that waits for its value.
    key: Option<Node>,
}

#[derive(Default)]
struct Builder {
    done: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    text_bytes: usize,
}

type Problem = (usize, String);

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.charge(span, 1, text.len())?;
                let style = if tag.is_some() { quoted(style) } else { style };
                let scalar = Scalar { text: text.into_owned(), style };
                self.put(Node { kind: Kind::Scalar(scalar), span }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.enter(Kind::Sequence(vec![]), anchor, span)?
            }
            Event::MappingStart(_, anchor, _) => self.enter(Kind::Mapping(vec![]), anchor, span)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut open) = self.open.pop() {
                    open.node.span.end = span.end.max(open.node.span.start);
                    self.put(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err((span.start, "alias stands within what it names".to_owned()));
                };
                let (nodes, text_bytes) = weight(&node);
                self.charge(span, nodes, text_bytes)?;
                self.put(node, 0);
            }
            Event::DocumentStart(..) => self.anchors.clear(),
            _ => {}
        }
        Ok(())
    }

    fn charge(&mut self, span: Span, nodes: usize, text_bytes: usize) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.text_bytes = self.text_bytes.saturating_add(text_bytes);
        if self.nodes > NODES_MAX {
            return Err((span.start, format!("more than {NODES_MAX} nodes, aliases included")));
        }
        if self.text_bytes > TEXT_BYTES_MAX {
            let message = format!("more than {TEXT_BYTES_MAX} bytes of text, aliases included");
            return Err((span.start, message));
        }
        Ok(())
    }

    fn enter(&mut self, kind: Kind, anchor: usize, span: Span) -> Result<(), Problem> {
        self.charge(span, 1, 0)?;
        if self.open.len() == DEPTH_MAX {
            return Err((span.start, format!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.open.push(Open { node: Node { kind, span }, anchor, key: None });
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.done.push(node);
            return;
        };
        match &mut parent.node.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping(entries) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => entries.push((key, node)),
            },
            Kind::Scalar(_) => {}
        }
    }

    /// Returns finished documents, and the finished items of one that an error cut off.
    fn documents(mut self) -> Vec<Node> {
        if !self.open.is_empty() {
            let cut = self.open.swap_remove(0);
            if matches!(cut.node.kind, Kind::Sequence(_)) {
                self.done.push(cut.node);
            }
        }
        self.done
    }
}

/// An explicit tag, like quotes, says that the text means what it says: `!!str null`.
fn quoted(style: ScalarStyle) -> ScalarStyle {
    if style == ScalarStyle::Plain { ScalarStyle::DoubleQuoted } else { style }
}

/// Counts nodes and bytes of text.
fn weight(node: &Node) -> (usize, usize) {
    match &node.kind {
        Kind::Scalar(scalar) => (1, scalar.text.len()),
        Kind::Sequence(items) => items.iter().map(weight).fold((1, 0), add),
        Kind::Mapping(entries) => {
            entries.iter().map(|(key, value)| add(weight(key), weight(value))).fold((1, 0), add)
        }
    }
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}
