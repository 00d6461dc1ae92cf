//! Items in order, later ones over earlier ones: redefined, added to, overridden, switched.

use std::collections::{BTreeSet, HashMap, HashSet};

use event::Severity;

use super::exception;
use super::field::Sources;
use super::item::{Exception, Flags, Item, List, Macro, Mode, RuleItem, Update, Whereabouts};
use super::report::Report;
use super::trace::Traced;
use super::version::Version;
use crate::diagnostic::{Code, Diagnostic};

/// Things of one kind by name, in the order of their first definition.
#[derive(Debug)]
pub(super) struct Named<T> {
    entries: Vec<T>,
    index: HashMap<String, usize>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { entries: Vec::new(), index: HashMap::new() }
    }
}

impl<T> Named<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.index.get(name).map(|index| &self.entries[*index])
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.index.get(name).map(|index| &mut self.entries[*index])
    }

    fn put(&mut self, name: &str, entry: T) {
        match self.index.get(name) {
            Some(index) => self.entries[*index] = entry,
            None => {
                self.index.insert(name.to_owned(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(String::as_str)
    }
}

/// When something was defined and last touched, in items of its kind: a macro sees the macros
/// that were first defined before it was last touched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub defined: u32,
    pub touched: u32,
    /// File of the first definition.
    pub file: usize,
}

#[derive(Debug)]
pub(super) struct Ordered<T> {
    pub what: T,
    pub order: Order,
}

/// A rule as collected: everything but lists, macros and exceptions put in.
#[derive(Debug)]
pub(super) struct RuleDraft {
    pub name: String,
    pub source: String,
    /// Whether anybody delivers events of that source.
    pub source_known: bool,
    pub condition: Traced,
    pub output: Traced,
    pub description: String,
    pub priority: Severity,
    pub tags: BTreeSet<String>,
    pub exceptions: Vec<Exception>,
    pub flags: Flags,
    /// Whether it is only here to be looked at: some part of it could not be read.
    pub broken: bool,
    pub at: Whereabouts,
    /// File of the last item that touched it: macros of later files are out of sight.
    pub touched_in: usize,
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct Collection {
    pub lists: Named<Ordered<List>>,
    pub macros: Named<Ordered<Macro>>,
    pub rules: Named<RuleDraft>,
    /// Engine version that each file was written for, if it says.
    pub engines: Vec<Option<Version>>,
    /// Items that could not be read; what refers to them is left out in silence.
    broken: HashSet<(&'static str, String)>,
    items: u32,
}

impl Collection {
    /// Notes that an item was there but is unusable.
    pub(super) fn lose(&mut self, kind: &'static str, name: &str) {
        self.broken.insert((kind, name.to_owned()));
    }

    pub(super) fn is_lost(&self, kind: &'static str, name: &str) -> bool {
        self.broken.contains(&(kind, name.to_owned()))
    }

    /// Takes one more item.
    pub(super) fn add(
        &mut self,
        item: Item,
        file: usize,
        sources: &Sources<'_>,
        report: &mut Report<'_>,
    ) {
        match item {
            Item::List(list, mode) => self.list(list, mode, file, report),
            Item::Macro(macro_, mode) => self.macro_(macro_, mode, file, report),
            Item::Rule(rule) => self.define(*rule, file, sources, report),
            Item::Update(append, replace) => {
                self.append(*append, file, sources, report);
                if let Some(replace) = replace {
                    self.replace(*replace, file, sources, report);
                }
            }
            Item::Replace(replace) => self.replace(*replace, file, sources, report),
            Item::Enable { name, enabled, at } => match self.rules.get_mut(&name) {
                Some(rule) => rule.flags.enabled = enabled,
                None => self.missing("rule", &name, &at, report),
            },
        }
    }

    fn next(&mut self) -> u32 {
        self.items += 1;
        self.items
    }

    /// Tells that there is nothing of that name to change.
    fn missing(&mut self, kind: &'static str, name: &str, at: &Whereabouts, report: &mut Report) {
        if self.is_lost(kind, name) {
            return;
        }
        let message = format!("there is no earlier {kind} `{name}` to change");
        let mut diagnostic = Diagnostic::new(Code::LoadErrValidate, message);
        let near = match kind {
            "list" => report.hints.nearest(name, self.lists.names()),
            "macro" => report.hints.nearest(name, self.macros.names()),
            _ => report.hints.nearest(name, self.rules.names()),
        };
        if let Some(near) = near {
            diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
        }
        report.add(at.place, &at.scope, diagnostic);
    }

    fn list(&mut self, list: List, mode: Mode, file: usize, report: &mut Report<'_>) {
        let now = self.next();
        if mode == Mode::Append {
            match self.lists.get_mut(&list.name) {
                Some(earlier) => {
                    earlier.what.items.extend(list.items);
                    earlier.order.touched = now;
                }
                None => self.missing("list", &list.name, &list.at, report),
            }
            return;
        }
        let earlier = self.lists.get(&list.name).map(|earlier| earlier.order);
        let order = renewed(earlier, now, file);
        let name = list.name.clone();
        self.lists.put(&name, Ordered { what: list, order });
    }

    fn macro_(&mut self, macro_: Macro, mode: Mode, file: usize, report: &mut Report<'_>) {
        let now = self.next();
        if mode == Mode::Append {
            match self.macros.get_mut(&macro_.name) {
                Some(earlier) => {
                    join(&mut earlier.what.condition, &macro_.condition);
                    earlier.order.touched = now;
                }
                None => self.missing("macro", &macro_.name, &macro_.at, report),
            }
            return;
        }
        let earlier = self.macros.get(&macro_.name).map(|earlier| earlier.order);
        let order = renewed(earlier, now, file);
        let name = macro_.name.clone();
        self.macros.put(&name, Ordered { what: macro_, order });
    }

    fn define(
        &mut self,
        rule: RuleItem,
        file: usize,
        sources: &Sources<'_>,
        report: &mut Report<'_>,
    ) {
        let name = rule.name.clone();
        let source = rule.source.text().to_owned();
        let mut exceptions = rule.exceptions;
        let doc = sources.doc(&source);
        if doc.is_none() {
            let message = format!("source `{source}` is not known; the rule is skipped");
            let mut diagnostic = Diagnostic::new(Code::LoadUnknownSource, message);
            if let Some(near) = report.hints.nearest(&source, sources.names()) {
                diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
            }
            let place = match rule.source.len() {
                0 => rule.at.place,
                len => rule.source.place(crate::diagnostic::Span { start: 0, end: len }),
            };
            report.add(place, &rule.at.scope, diagnostic);
        }
        if self.is_moved(&name, &source, &rule.at, report) {
            return;
        }
        let given = exceptions.len();
        exceptions.retain_mut(|exception| {
            exception::complete(exception, &source, sources, report).is_ok()
        });
        let draft = RuleDraft {
            name: name.clone(),
            source,
            source_known: doc.is_some(),
            condition: rule.condition,
            output: rule.output,
            description: rule.description,
            priority: rule.priority,
            tags: rule.tags,
            broken: rule.broken || exceptions.len() < given,
            exceptions,
            flags: rule.flags,
            at: rule.at,
            touched_in: file,
        };
        self.rules.put(&name, draft);
    }

    /// Tells of a rule that is said to be of another source than before.
    fn is_moved(
        &self,
        name: &str,
        source: &str,
        at: &Whereabouts,
        report: &mut Report<'_>,
    ) -> bool {
        let Some(earlier) = self.rules.get(name) else { return false };
        let moved = !source.is_empty() && !earlier.source.is_empty() && earlier.source != source;
        if moved {
            let message = format!(
                "rule `{name}` is of source `{}` and cannot become one of `{source}`",
                earlier.source
            );
            report.add(at.place, &at.scope, Diagnostic::new(Code::LoadErrValidate, message));
        }
        moved
    }

    /// Finds the rule an update is for, and refuses updates that fit no rule or change nothing.
    fn updated(&mut self, update: &Update, report: &mut Report<'_>) -> Option<&mut RuleDraft> {
        if self.rules.get(&update.name).is_none() {
            self.missing("rule", &update.name, &update.at, report);
            return None;
        }
        if self.is_moved(&update.name, &update.source, &update.at, report) {
            return None;
        }
        if update.is_empty() {
            let message = "the item changes nothing: it needs `condition` or `exceptions`";
            let diagnostic = Diagnostic::new(Code::LoadErrValidate, message);
            report.add(update.at.place, &update.at.scope, diagnostic);
            return None;
        }
        self.rules.get_mut(&update.name)
    }

    fn append(
        &mut self,
        update: Update,
        file: usize,
        sources: &Sources<'_>,
        report: &mut Report<'_>,
    ) {
        let Some(rule) = self.updated(&update, report) else { return };
        if let Some(condition) = &update.condition {
            join(&mut rule.condition, condition);
        }
        if let Some(output) = &update.output {
            join(&mut rule.output, output);
        }
        if let Some(description) = &update.description {
            rule.description = format!("{} {description}", rule.description);
        }
        rule.tags.extend(update.tags.into_iter().flatten());
        for exception in update.exceptions.into_iter().flatten() {
            let _ = exception::append(rule, exception, sources, report);
        }
        rule.touched_in = file;
    }

    fn replace(
        &mut self,
        update: Update,
        file: usize,
        sources: &Sources<'_>,
        report: &mut Report<'_>,
    ) {
        let Some(rule) = self.updated(&update, report) else { return };
        set(&mut rule.condition, update.condition);
        set(&mut rule.output, update.output);
        set(&mut rule.description, update.description);
        set(&mut rule.tags, update.tags);
        set(&mut rule.priority, update.priority);
        set(&mut rule.flags.enabled, update.enabled);
        set(&mut rule.flags.skip_if_unknown_filter, update.skip_if_unknown_filter);
        set(&mut rule.flags.warn_evttypes, update.warn_evttypes);
        if let Some(mut exceptions) = update.exceptions {
            exceptions.retain_mut(|exception| {
                exception::complete(exception, &rule.source, sources, report).is_ok()
            });
            rule.exceptions = exceptions;
        }
        rule.touched_in = file;
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// A redefinition keeps the place of the first definition.
fn renewed(earlier: Option<Order>, now: u32, file: usize) -> Order {
    match earlier {
        Some(earlier) => Order { touched: now, ..earlier },
        None => Order { defined: now, touched: now, file },
    }
}

/// Adds text behind a blank.
fn join(text: &mut Traced, more: &Traced) {
    text.glue(" ", more.origin(0));
    text.push(more);
}
