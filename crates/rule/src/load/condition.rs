//! Conditions: lists put in, parsed, macros put in.

use std::collections::HashSet;

use super::collect::{Collection, Order};
use super::item::Whereabouts;
use super::keys::Reported;
use super::nearest::Hints;
use super::report::Report;
use super::substitute::{self, Values};
use super::trace::{Place, Traced};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::parse::{self, Kind, Node};

/// Most checks, `and`s, `or`s and `not`s of a condition with all macros put in.
pub const NODES_MAX: usize = 100_000;
/// Deepest nesting of a condition with all macros put in: what walks it later does so by
/// recursion.
pub const NESTING_MAX: usize = 500;

/// A condition's tree, each node with its place in a file.
pub(super) type Tree = Node<Place>;

/// A condition with its macros put in, as far as that went.
pub(super) struct Resolved {
    pub tree: Tree,
    /// Whether every macro was found. If not, its name still stands in the tree, so that the rest
    /// of the condition can be checked.
    pub whole: bool,
}

/// Lists, macros, and which of them anything refers to.
pub(super) struct Vocabulary<'c> {
    collection: &'c Collection,
    lists: Vec<Values>,
    macros: Vec<Option<Tree>>,
    used_lists: HashSet<usize>,
    used_macros: HashSet<usize>,
}

/// Which macros a condition may refer to.
#[derive(Clone, Copy)]
enum Sight {
    /// Those first defined before this item.
    Before(u32),
    /// Those of this file and the files before it.
    Files(usize),
}

impl Sight {
    fn sees(self, order: Order) -> bool {
        match self {
            Sight::Before(item) => order.defined < item,
            Sight::Files(file) => order.file <= file,
        }
    }
}

impl<'c> Vocabulary<'c> {
    /// Puts lists into lists, lists into macros, and macros into macros.
    pub(super) fn new(collection: &'c Collection, report: &mut Report<'_>) -> Vocabulary<'c> {
        let (lists, used_lists) = substitute::lists(collection);
        let mut vocabulary = Vocabulary {
            collection,
            lists,
            macros: Vec::new(),
            used_lists: used_lists.into_iter().collect(),
            used_macros: HashSet::new(),
        };
        for macro_ in collection.macros.iter() {
            let tree = vocabulary.parse(&macro_.what.condition, &macro_.what.at, report);
            vocabulary.macros.push(tree.ok());
        }
        for (position, macro_) in collection.macros.iter().enumerate() {
            if let Some(tree) = &vocabulary.macros[position] {
                let (tree, sight) = (tree.clone(), Sight::Before(macro_.order.touched));
                let at = &macro_.what.at;
                let resolved = vocabulary.resolve(&tree, sight, Some(position), at, report);
                vocabulary.macros[position] = resolved.whole.then_some(resolved.tree);
            }
        }
        vocabulary
    }

    /// Puts lists and macros into the condition of a rule last touched in `file`.
    pub(super) fn rule(
        &mut self,
        condition: &Traced,
        file: usize,
        at: &Whereabouts,
        report: &mut Report<'_>,
    ) -> Result<Resolved, Reported> {
        let tree = self.parse(condition, at, report)?;
        Ok(self.resolve(&tree, Sight::Files(file), None, at, report))
    }

    fn parse(
        &mut self,
        condition: &Traced,
        at: &Whereabouts,
        report: &mut Report<'_>,
    ) -> Result<Tree, Reported> {
        let used = &mut self.used_lists;
        let put_in = substitute::put_in(condition, &self.lists, |position| {
            used.insert(position);
        });
        let Ok(text) = put_in else {
            let message = format!(
                "condition grows longer than {} bytes when its lists are put in",
                substitute::CONDITION_BYTES_MAX
            );
            let diagnostic = Diagnostic::new(Code::LoadErrCompileCondition, message);
            report.add(at.place, &at.scope, diagnostic);
            return Err(Reported);
        };
        parse::condition(text.text()).map(|tree| tree.map(&|span| text.place(span))).map_err(
            |error| {
                let next = text.text()[error.offset..].chars().next().map_or(0, char::len_utf8);
                let span = Span { start: error.offset, end: error.offset + next };
                let diagnostic = Diagnostic::new(Code::LoadErrCompileCondition, error.message);
                report.add(text.place(span), &at.scope, diagnostic);
                Reported
            },
        )
    }

    fn resolve(
        &mut self,
        tree: &Tree,
        sight: Sight,
        own: Option<usize>,
        at: &Whereabouts,
        report: &mut Report<'_>,
    ) -> Resolved {
        let mut resolver = Resolver {
            collection: self.collection,
            macros: &self.macros,
            used: &mut self.used_macros,
            sight,
            own,
            hints: report.hints,
            path: Vec::new(),
            nodes: 0,
            whole: true,
            problems: Vec::new(),
        };
        let tree = resolver.node(tree, 0);
        let whole = resolver.whole;
        for (place, diagnostic) in resolver.problems {
            report.add(place, &at.scope, diagnostic);
        }
        Resolved { tree, whole }
    }

    /// Tells of macros and lists that nothing refers to.
    pub(super) fn warn_unused(&self, report: &mut Report<'_>) {
        for (position, macro_) in self.collection.macros.iter().enumerate() {
            if !self.used_macros.contains(&position) {
                let message = format!("macro `{}` is used nowhere", macro_.what.name);
                let diagnostic = Diagnostic::new(Code::LoadUnusedMacro, message);
                report.add(macro_.what.at.place, &macro_.what.at.scope, diagnostic);
            }
        }
        for (position, list) in self.collection.lists.iter().enumerate() {
            if !self.used_lists.contains(&position) {
                let message = format!("list `{}` is used nowhere", list.what.name);
                let diagnostic = Diagnostic::new(Code::LoadUnusedList, message);
                report.add(list.what.at.place, &list.what.at.scope, diagnostic);
            }
        }
    }
}

/// Puts macros into one condition.
struct Resolver<'v> {
    collection: &'v Collection,
    macros: &'v [Option<Tree>],
    used: &'v mut HashSet<usize>,
    sight: Sight,
    /// The macro that is being resolved, if it is one.
    own: Option<usize>,
    hints: &'v Hints,
    /// Macros being put in, outermost first.
    path: Vec<usize>,
    nodes: usize,
    whole: bool,
    problems: Vec<(Place, Diagnostic)>,
}

impl Resolver<'_> {
    fn problem(&mut self, place: Place, message: String, hint: Option<String>) {
        let mut diagnostic = Diagnostic::new(Code::LoadErrValidate, message);
        diagnostic.hint = hint;
        self.problems.push((place, diagnostic));
    }

    fn node(&mut self, node: &Tree, depth: usize) -> Tree {
        let place = node.place;
        self.nodes += 1;
        if self.nodes > NODES_MAX || depth > NESTING_MAX {
            let message = format!(
                "condition grows beyond {NODES_MAX} checks or {NESTING_MAX} levels when its \
                 macros are put in"
            );
            self.problem(place, message, None);
            self.whole = false;
            return Node { kind: Kind::Name(String::new()), place };
        }
        let kind = match &node.kind {
            Kind::And(parts) => Kind::And(self.all(parts, depth)),
            Kind::Or(parts) => Kind::Or(self.all(parts, depth)),
            Kind::Not(inner) => Kind::Not(Box::new(self.node(inner, depth + 1))),
            Kind::Check(check) => Kind::Check(check.clone()),
            Kind::Name(name) => match self.named(name, place, depth) {
                Some(tree) => return tree,
                None => {
                    self.whole = false;
                    Kind::Name(name.clone())
                }
            },
        };
        Node { kind, place }
    }

    fn all(&mut self, parts: &[Tree], depth: usize) -> Vec<Tree> {
        let mut resolved = Vec::with_capacity(parts.len());
        for part in parts {
            resolved.push(self.node(part, depth + 1));
            if self.nodes > NODES_MAX {
                break;
            }
        }
        resolved
    }

    /// Puts a macro in, or says why it cannot be.
    fn named(&mut self, name: &str, place: Place, depth: usize) -> Option<Tree> {
        let Some(position) = self.collection.macros.position(name) else {
            self.undefined(name, place);
            return None;
        };
        if self.own == Some(position) || self.path.contains(&position) {
            self.problem(place, format!("macro `{name}` refers to itself"), None);
            return None;
        }
        let order = self.collection.macros.get(name)?.order;
        if !self.sight.sees(order) {
            let message = format!("macro `{name}` is not defined yet");
            let hint = "define it before what uses it; files are read in order".to_owned();
            self.problem(place, message, Some(hint));
            return None;
        }
        self.used.insert(position);
        let macros = self.macros;
        let tree = macros[position].as_ref()?;
        self.path.push(position);
        let resolved = self.node(tree, depth);
        self.path.pop();
        Some(resolved)
    }

    fn undefined(&mut self, name: &str, place: Place) {
        if self.collection.is_lost("macro", name) {
            return;
        }
        let near = self.hints.nearest(name, self.collection.macros.names());
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        self.problem(place, format!("macro `{name}` is not defined"), hint);
    }
}
