//! The seam between the language and what it judges: a source names its fields and reads them.
//! Sources implement [`Source`]; the language never knows a source.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::ControlFlow;

use event::Value;

/// Type of a field, which decides the operators and literals it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text or path.
    Text,
    /// Raw bytes.
    Bytes,
    /// Signed number.
    Int,
    /// Unsigned number.
    Uint,
    /// Floating-point number.
    Float,
    /// `true` or `false`.
    Bool,
    /// Address of a host.
    Ip,
    /// Network in CIDR form.
    Net,
    /// TCP or UDP port, number or service name.
    Port,
    /// Nanoseconds since the epoch.
    Time,
    /// Nanoseconds.
    Duration,
}

/// What may stand in brackets behind a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// Nothing may.
    None,
    /// A number may: `evt.arg[0]`.
    Index,
    /// A number must.
    IndexRequired,
    /// A key may, e.g. a JSON pointer.
    Key,
    /// A key must.
    KeyRequired,
    /// A number or a key may.
    Either,
    /// A number or a key must.
    EitherRequired,
}

/// What a field cannot be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// It cannot be printed: it stands for several values, or for none of its own.
    ConditionOnly,
    /// It is meant to be printed; asking for it hardly makes sense.
    OutputOnly,
    /// It is compared with literals, never with another field.
    LiteralsOnly,
    /// No transformer can be put around it.
    Untransformed,
}

impl Limit {
    /// Returns the limit in words.
    pub fn name(self) -> &'static str {
        match self {
            Limit::ConditionOnly => "condition only",
            Limit::OutputOnly => "output only",
            Limit::LiteralsOnly => "literals only",
            Limit::Untransformed => "untransformed",
        }
    }
}

/// One row holds all there is to know of a field; CLI, reference and console all print it.
#[derive(Clone, Copy, Debug)]
pub struct FieldDoc {
    /// Full name, `ka.user.name`.
    pub name: &'static str,
    /// Type of its values.
    pub kind: Kind,
    /// Whether it yields several values.
    pub list: bool,
    /// What may stand in brackets.
    pub argument: Argument,
    /// What it cannot be used for.
    pub limits: &'static [Limit],
    /// Every value there is, blanks between them; empty when there is no end of values.
    pub values: &'static str,
    /// Meaning, one or two sentences of our own.
    pub doc: &'static str,
}

impl FieldDoc {
    /// Describes a field with one value and no argument; the table says the rest behind it.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, list: false, argument: Argument::None, limits: &[], values: "", doc }
    }

    /// Describes a text field, which most are.
    pub const fn text(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Text, doc)
    }

    /// Says that the field yields several values.
    pub const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Says what may stand in brackets.
    pub const fn takes(mut self, argument: Argument) -> Self {
        self.argument = argument;
        self
    }

    /// Says what the field cannot be used for.
    pub const fn limited(mut self, limits: &'static [Limit]) -> Self {
        self.limits = limits;
        self
    }

    /// Says that there are no values but these, blanks between them.
    pub const fn one_of(mut self, values: &'static str) -> Self {
        self.values = values;
        self
    }

    /// Tells whether the field has this limit.
    pub fn is(&self, limit: Limit) -> bool {
        self.limits.contains(&limit)
    }

    /// Tells whether the field can have this value, as far as that is known.
    pub fn can_be(&self, value: &str) -> bool {
        self.values.is_empty() || self.values.split_ascii_whitespace().any(|known| known == value)
    }
}

/// The fields of one source, as the loader needs them: no record is read through this.
#[derive(Clone, Copy, Debug)]
pub struct SourceDoc {
    /// Name as in a rule's `source:`, `k8s_audit`.
    pub name: &'static str,
    /// One line for people.
    pub doc: &'static str,
    /// Every field that a rule of this source may name, common ones included.
    pub fields: &'static [&'static [FieldDoc]],
    /// Falco plugins whose `required_plugin_versions` this source satisfies, with version.
    pub plugins: &'static [(&'static str, &'static str)],
}

impl SourceDoc {
    /// Finds a field as rules write it: by its name, or with the argument behind a dot instead of
    /// in brackets (`evt.arg.flags`), which is returned beside it.
    pub fn lookup<'n>(&self, name: &'n str) -> Option<(&'static FieldDoc, Option<&'n str>)> {
        if let Some(field) = self.field(name) {
            return Some((field, None));
        }
        let takes_key = |field: &FieldDoc| {
            use Argument::{Either, EitherRequired, Key, KeyRequired};
            matches!(field.argument, Key | KeyRequired | Either | EitherRequired)
        };
        name.rmatch_indices('.')
            .filter_map(|(at, _)| Some((self.field(&name[..at])?, Some(&name[at + 1..]))))
            .find(|(field, _)| takes_key(field))
    }

    /// Finds a field by its full name.
    pub fn field(&self, name: &str) -> Option<&'static FieldDoc> {
        self.fields.iter().flat_map(|table| table.iter()).find(|field| field.name == name)
    }
}

/// Whether a record has a field at all: comparing a missing one is always false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// At least the field itself is there (a list may still be empty).
    Present,
    /// The record does not have it.
    Absent,
}

/// How dear it is to read a field; cheap ones are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cost {
    /// Known once the record is split.
    Free,
    /// A short look.
    Cheap,
    /// Walks part of the record.
    Walk,
    /// Parses or computes.
    Dear,
}

/// The argument given to a field was refused, or the field is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No such field.
    #[error("unknown field `{0}`")]
    Unknown(String),
    /// The field exists, its argument is wrong.
    #[error("{0}")]
    Argument(String),
}

/// A source of records and the reader of their fields. Judging never fails: what cannot be read
/// is absent.
pub trait Source {
    /// Name, tables and plugins.
    const DOC: SourceDoc;
    /// One record: borrowed bytes and what was found in them so far.
    type Record<'r>;
    /// One field with its argument, parsed at load.
    type Field: Clone + Debug + Eq + Hash + 'static;

    /// Fields that rules are indexed under, most selective first.
    fn keys() -> &'static [Self::Field];
    /// Tells whether a key has no end of values, so that rules are indexed not under these but
    /// under which of their literals a value is, begins with or ends with. It is one text or none.
    fn is_endless(_key: &Self::Field) -> bool {
        false
    }
    /// Parses a field and its argument.
    fn resolve(name: &str, argument: Option<&str>) -> Result<Self::Field, FieldError>;
    /// Tells how dear a field is.
    fn cost(field: &Self::Field) -> Cost;
    /// Shows each value of a field to `see`, until it says stop.
    fn each(
        record: &mut Self::Record<'_>,
        field: &Self::Field,
        see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence;
}
