//! Collects what loading has to say, each thing once, with its place worked out.

use std::collections::HashSet;

use super::nearest::Hints;
use super::trace::Place;
use crate::diagnostic::{Code, Context, Diagnostic};
use crate::ruleset::RuleFile;

/// Most diagnostics of one loading; the rest is counted.
pub const DIAGNOSTICS_MAX: usize = 2000;

/// Chain of items around what is being read, outermost first.
pub(super) type Scope = Vec<Context>;

pub(super) struct Report<'f> {
    files: &'f [RuleFile],
    /// Where each line of each file begins.
    lines: Vec<Vec<usize>>,
    pub hints: &'f Hints,
    /// Items of each file by the byte they begin at, in order.
    items: Vec<Vec<(usize, Context)>>,
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(Code, Place, String)>,
    left_out: usize,
}

impl<'f> Report<'f> {
    pub(super) fn new(files: &'f [RuleFile], hints: &'f Hints) -> Report<'f> {
        let starts = |file: &RuleFile| {
            let breaks = memchr::memchr_iter(b'\n', &file.text).map(|at| at + 1);
            std::iter::once(0).chain(breaks).collect()
        };
        Report {
            files,
            lines: files.iter().map(starts).collect(),
            hints,
            items: vec![Vec::new(); files.len()],
            diagnostics: Vec::new(),
            seen: HashSet::new(),
            left_out: 0,
        }
    }

    /// Notes that an item begins here.
    pub(super) fn item(&mut self, place: Place, item: Context) {
        self.items[place.file].push((place.span.start, item));
    }

    /// Returns the item that a place lies in: a rule's slip may stand in a macro.
    fn item_at(&self, place: Place) -> Option<&Context> {
        let items = self.items.get(place.file)?;
        let behind = items.partition_point(|(start, _)| *start <= place.span.start);
        behind.checked_sub(1).map(|index| &items[index].1)
    }

    /// Adds a diagnostic. The same thing about the same place is told once: a macro with a slip is
    /// looked at again for every rule that uses it.
    pub(super) fn add(&mut self, place: Place, scope: &[Context], diagnostic: Diagnostic) {
        if !self.seen.insert((diagnostic.code, place, diagnostic.message.clone())) {
            return;
        }
        if self.diagnostics.len() == DIAGNOSTICS_MAX {
            self.left_out += 1;
            return;
        }
        let mut diagnostic = diagnostic;
        diagnostic.context = scope.to_vec();
        if let (Some(outer), Some(item)) = (scope.first(), self.item_at(place))
            && (outer.kind, &outer.name) != (item.kind, &item.name)
        {
            diagnostic.context.push(item.clone());
        }
        self.diagnostics.push(match self.files.get(place.file) {
            Some(file) => diagnostic.at(file, place.span),
            None => diagnostic,
        });
    }

    /// Returns the name of a place's file.
    pub(super) fn path(&self, place: Place) -> &str {
        self.files.get(place.file).map_or("", |file| &file.path)
    }

    /// Returns the line a place begins on.
    pub(super) fn line(&self, place: Place) -> u32 {
        let Some(lines) = self.lines.get(place.file) else { return 0 };
        u32::try_from(lines.partition_point(|start| *start <= place.span.start)).unwrap_or(u32::MAX)
    }

    /// Returns everything, in the order of files and lines.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        let order = |diagnostic: &Diagnostic| {
            self.files.iter().position(|file| file.path == diagnostic.file)
        };
        self.diagnostics.sort_by_cached_key(|diagnostic| (order(diagnostic), diagnostic.span));
        if self.left_out > 0 {
            let message = format!("{} more problems are not shown", self.left_out);
            self.diagnostics.push(Diagnostic::new(Code::LoadErrValidate, message));
        }
        self.diagnostics
    }
}
