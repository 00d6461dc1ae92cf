//! Text that remembers, byte for byte, which file it came from. Conditions are glued together from
//! appended parts, exceptions and list items, and an error must still point at what was written.

use std::ops::Range;

use crate::diagnostic::Span;
use crate::yaml;

/// One byte of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub file: u32,
    pub at: u32,
}

/// A stretch of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub file: usize,
    pub span: Span,
}

/// Text with the origin of each byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Traced {
    text: String,
    origins: Vec<Origin>,
}

impl Traced {
    /// Takes a scalar out of a file.
    pub(super) fn scalar(file: usize, text: &str, node: &yaml::Node) -> Traced {
        let Some(scalar) = node.scalar() else { return Traced::default() };
        let file = u32::try_from(file).unwrap_or(u32::MAX);
        let origins = scalar.origins(text, node.span);
        let origins = origins.into_iter().map(|at| Origin { file, at }).collect();
        Traced { text: scalar.text.clone(), origins }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the origin of a byte, or of the last one.
    pub(super) fn origin(&self, at: usize) -> Origin {
        self.origins.get(at).or(self.origins.last()).copied().unwrap_or_default()
    }

    /// Adds text that nobody wrote, as if it stood at `origin`.
    pub(super) fn glue(&mut self, text: &str, origin: Origin) {
        self.text.push_str(text);
        self.origins.resize(self.text.len(), origin);
    }

    pub(super) fn push(&mut self, other: &Traced) {
        self.text.push_str(&other.text);
        self.origins.extend_from_slice(&other.origins);
    }

    /// Cuts the text off; the length lies on a character boundary.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
        self.origins.truncate(len);
    }

    /// Returns a part; the range lies on character boundaries.
    pub(super) fn slice(&self, range: Range<usize>) -> Traced {
        Traced { text: self.text[range.clone()].to_owned(), origins: self.origins[range].to_vec() }
    }

    /// Returns the text without blanks at its ends.
    pub(super) fn trim(&self) -> Traced {
        let start = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len().max(start);
        self.slice(start..end)
    }

    /// Returns where a stretch of this text was written. One that spans several files or was glued
    /// from several places is where it begins.
    pub(super) fn place(&self, span: Span) -> Place {
        // At the end of the text there is no byte: stand right behind the last one that shows.
        let shown = self.text.trim_end().len();
        if span.start >= shown && shown > 0 {
            let last = self.origin(shown - 1);
            let (file, at) = (last.file as usize, last.at as usize + 1);
            return Place { file, span: Span { start: at, end: at } };
        }
        let first = self.origin(span.start);
        let start = first.at as usize;
        let end = match span.end.checked_sub(1).map(|last| self.origin(last)) {
            Some(last) if last.file == first.file && span.end > span.start => last.at as usize + 1,
            _ => start,
        };
        Place { file: first.file as usize, span: Span { start, end: end.max(start) } }
    }
}
