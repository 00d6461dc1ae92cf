//! The items of rule files, as read: names not looked up, lists and macros not put in.

use std::collections::BTreeSet;

use event::Severity;

use super::report::Scope;
use super::trace::{Place, Traced};

/// What one item of a file asks for.
#[derive(Debug)]
pub(super) enum Item {
    List(List, Mode),
    Macro(Macro, Mode),
    Rule(Box<RuleItem>),
    /// Parts of a rule to add to, and then perhaps others to replace.
    Update(Box<Update>, Option<Box<Update>>),
    /// Parts of a rule to replace.
    Replace(Box<Update>),
    /// The old way to switch a rule on or off: `rule` and `enabled`, nothing else.
    Enable {
        name: String,
        enabled: bool,
        at: Whereabouts,
    },
}

/// Whether an item stands for itself or adds to an earlier one of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Define,
    Append,
}

/// Where an item stands, and in what.
#[derive(Clone, Debug, Default)]
pub(super) struct Whereabouts {
    pub place: Place,
    pub scope: Scope,
}

#[derive(Debug)]
pub(super) struct List {
    pub name: String,
    pub items: Vec<Traced>,
    pub at: Whereabouts,
}

#[derive(Debug)]
pub(super) struct Macro {
    pub name: String,
    pub condition: Traced,
    pub at: Whereabouts,
}

#[derive(Debug)]
pub(super) struct RuleItem {
    pub name: String,
    pub source: Traced,
    pub condition: Traced,
    pub output: Traced,
    pub description: String,
    pub priority: Severity,
    pub tags: BTreeSet<String>,
    pub exceptions: Vec<Exception>,
    pub flags: Flags,
    /// Some part could not be read and was reported. The rest is still looked at, so that one run
    /// tells every slip; what could not be read is empty.
    pub broken: bool,
    pub at: Whereabouts,
}

/// The switches of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub enabled: bool,
    pub skip_if_unknown_filter: bool,
    pub warn_evttypes: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Flags { enabled: true, skip_if_unknown_filter: false, warn_evttypes: true }
    }
}

/// What shall change about a rule; `None` stays as it is.
#[derive(Debug, Default)]
pub(super) struct Update {
    pub name: String,
    /// Empty unless the item says it; must then be the rule's own.
    pub source: String,
    pub condition: Option<Traced>,
    pub output: Option<Traced>,
    pub description: Option<String>,
    pub tags: Option<BTreeSet<String>>,
    pub exceptions: Option<Vec<Exception>>,
    pub priority: Option<Severity>,
    pub enabled: Option<bool>,
    pub skip_if_unknown_filter: Option<bool>,
    pub warn_evttypes: Option<bool>,
    /// Whether `capture` or `capture_duration` is replaced; nothing here depends on them.
    pub capture: bool,
    pub at: Whereabouts,
}

impl Update {
    /// Tells whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        self.condition.is_none()
            && self.output.is_none()
            && self.description.is_none()
            && self.tags.is_none()
            && self.exceptions.is_none()
            && self.priority.is_none()
            && self.enabled.is_none()
            && self.skip_if_unknown_filter.is_none()
            && self.warn_evttypes.is_none()
            && !self.capture
    }
}

#[derive(Clone, Debug)]
pub(super) struct Exception {
    pub name: String,
    pub fields: Entry,
    pub comps: Entry,
    pub values: Vec<Entry>,
    pub at: Whereabouts,
}

/// `fields`, `comps` and each of `values` may be one text or a list.
#[derive(Clone, Debug, Default)]
pub(super) enum Entry {
    #[default]
    Missing,
    One(Traced),
    Many(Vec<Entry>),
}

impl Entry {
    /// Tells whether it says anything.
    pub(super) fn is_given(&self) -> bool {
        match self {
            Entry::Missing => false,
            Entry::One(text) => !text.is_empty(),
            Entry::Many(entries) => !entries.is_empty(),
        }
    }

    /// Returns the text, of a list the empty one.
    pub(super) fn text(&self) -> &str {
        match self {
            Entry::One(text) => text.text(),
            _ => "",
        }
    }
}
