//! Rules as they stand after loading: lists, macros, exceptions and overrides are all put in.

use event::Severity;
use serde::Serialize;

use crate::expr::Expr;

/// A rule file as read from disk. Its text may be anything; loading judges it.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Name for people, as it shall stand in diagnostics.
    pub path: String,
    /// Content.
    pub text: Vec<u8>,
}

impl RuleFile {
    /// Returns a file of this name and content.
    pub fn new(path: impl Into<String>, text: impl Into<Vec<u8>>) -> RuleFile {
        RuleFile { path: path.into(), text: text.into() }
    }
}

/// What loading gives: every rule that could be read, in file order.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// In the order of first definition, which is the order of matching. Rules with errors and
    /// rules of unknown sources are not here; disabled ones are.
    pub rules: Vec<Rule>,
}

impl Ruleset {
    /// Finds a rule by its name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Returns the rules of a source that are to be judged: enabled, and with every field known.
    pub fn active<'r>(&'r self, source: &'r str) -> impl Iterator<Item = &'r Rule> + 'r {
        self.rules.iter().filter(move |rule| {
            rule.source == source && rule.enabled && rule.unknown_fields.is_empty()
        })
    }
}

/// One rule, fully resolved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Unique name.
    pub name: String,
    /// Source of events it judges, `k8s_audit`.
    pub source: String,
    /// Condition without any [`Expr::Name`] left, exceptions included.
    #[serde(skip)]
    pub condition: Expr,
    /// Condition as written, appended parts included, lists and macros by name.
    pub condition_text: String,
    /// Output line as written; [`crate::output::Output::parse`] reads it.
    pub output: String,
    /// How severe a match is.
    pub priority: Severity,
    /// Tags, sorted and each once, as Falco prints them.
    pub tags: Vec<String>,
    /// Whether it is to be judged.
    pub enabled: bool,
    /// What it looks for.
    pub description: String,
    /// Names of fields of known plugins that this build does not know. A rule that has any is
    /// kept for listing but must not be judged.
    pub unknown_fields: Vec<String>,
    /// File of its definition, as in [`RuleFile::path`].
    pub file: String,
    /// Line of its definition, from 1.
    pub line: u32,
}
