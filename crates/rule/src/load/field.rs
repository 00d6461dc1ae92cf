//! Which fields there are: of the rule's source, of other sources, of plugins nobody here has.

use super::nearest::Hints;
use crate::expr::{Part, Term};
use crate::parse;
use crate::source::Kind;
use crate::source::{Argument, FieldDoc, SourceDoc};
use crate::transform::{self, Shape};

/// First words of fields of Falco's published plugins. A field of one of them that is in no table
/// is of a plugin, or of a version of it, that this build does not know: a remark, not an error.
const PLUGIN_NAMESPACES: [&str; 34] = [
    "awselb",
    "box",
    "ca",
    "coding_agent",
    "container",
    "ct",
    "dnscollector",
    "docker",
    "dummy",
    "edera",
    "evt_k8s",
    "gcp",
    "github",
    "gitlab",
    "jevt",
    "journald",
    "json",
    "k8s",
    "k8smeta",
    "k8sres",
    "ka",
    "kafka",
    "keycloak",
    "krsi",
    "nginx",
    "nomad",
    "okta",
    "salesforce",
    "seccomp",
    "seccompagent",
    "syslogsrv",
    "syslog",
    "dns",
    "collector",
];

/// The sources that rules may be of.
#[derive(Clone, Copy)]
pub(super) struct Sources<'s> {
    pub docs: &'s [SourceDoc],
    pub hints: &'s Hints,
}

/// Why a term cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The source has no such field.
    Unknown { field: String, hint: Option<String> },
    /// A plugin may have such a field, but not one that is known here.
    Foreign { field: String, hint: Option<String> },
    /// The field never has such a value.
    Never { field: &'static str, value: String, hint: Option<String> },
    /// Anything else.
    Wrong(String),
}

impl<'s> Sources<'s> {
    pub(super) fn doc(&self, source: &str) -> Option<&'s SourceDoc> {
        self.docs.iter().find(|doc| doc.name == source)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.docs.iter().map(|doc| doc.name)
    }

    /// Tells whether an exception may name this as one of its fields: a field, or transformers
    /// around some. Those of unknown plugins pass; the condition tells of them.
    pub(super) fn takes_field(&self, source: &str, text: &str) -> bool {
        let Some(doc) = self.doc(source) else { return true };
        match parse::term(text) {
            Ok((term, length)) if length == text.len() => {
                let shape = self.shape(doc, &term);
                matches!(shape, Ok(_) | Err(Trouble::Foreign { .. }))
            }
            _ => false,
        }
    }

    /// Finds the field that was probably meant.
    pub(super) fn nearest_field(&self, source: &str, name: &str) -> Option<&'static str> {
        let names = self.doc(source)?.fields.iter().flat_map(|table| table.iter());
        self.hints.nearest(name, names.map(|field| field.name))
    }

    /// Works out what a term yields.
    pub(super) fn shape(&self, doc: &SourceDoc, term: &Term) -> Result<Shape, Trouble> {
        match term {
            Term::Field { name, argument } => {
                let Some((field, dotted)) = doc.lookup(name) else {
                    return Err(self.unknown(doc, name));
                };
                check_argument(field, dotted.or(argument.as_deref())).map_err(Trouble::Wrong)?;
                Ok(Shape { kind: field.kind, list: field.list })
            }
            Term::Transform { transformer, operands, argument } => {
                let shapes = operands
                    .iter()
                    .map(|part| self.part(doc, part))
                    .collect::<Result<Vec<_>, _>>()?;
                self.transformed(doc, operands)?;
                transform::shape(*transformer, &shapes, argument.as_deref()).map_err(Trouble::Wrong)
            }
        }
    }

    fn part(&self, doc: &SourceDoc, part: &Part) -> Result<Shape, Trouble> {
        match part {
            Part::Term(term) => self.shape(doc, term),
            Part::Text(_) => Ok(Shape { kind: Kind::Text, list: false }),
            Part::List(parts) => {
                for part in parts {
                    self.part(doc, part)?;
                }
                Ok(Shape { kind: Kind::Text, list: true })
            }
        }
    }

    /// Says why a field is not there, and what to do about it.
    fn unknown(&self, doc: &SourceDoc, name: &str) -> Trouble {
        let field = name.to_owned();
        let hint = self.nearest_field(doc.name, name).map(|near| format!("did you mean `{near}`?"));
        let namespace = name.split('.').next().unwrap_or_default();
        let of = |doc: &SourceDoc| {
            doc.fields.iter().flat_map(|table| table.iter()).any(|field| {
                field.name.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        if hint.is_none()
            && let Some(other) = self.docs.iter().find(|other| other.lookup(name).is_some())
        {
            let hint = format!("`{name}` is a field of source `{}`", other.name);
            return Trouble::Unknown { field, hint: Some(hint) };
        }
        let here = of(doc);
        let elsewhere = !here && self.docs.iter().any(of);
        // A near miss of a field that is known is a slip of the hand, not a newer plugin.
        let slip = here && hint.is_some();
        if PLUGIN_NAMESPACES.contains(&namespace) && !elsewhere && !slip {
            return Trouble::Foreign { field, hint };
        }
        Trouble::Unknown { field, hint }
    }
}

fn check_argument(field: &FieldDoc, argument: Option<&str>) -> Result<(), String> {
    let name = field.name;
    let Some(argument) = argument else {
        return match field.argument {
            Argument::IndexRequired => Err(format!("`{name}` needs a number in brackets")),
            Argument::KeyRequired | Argument::EitherRequired => {
                Err(format!("`{name}` needs an argument in brackets"))
            }
            _ => Ok(()),
        };
    };
    match field.argument {
        Argument::None => Err(format!("`{name}` takes nothing in brackets")),
        Argument::Index | Argument::IndexRequired => {
            let plain = !argument.is_empty()
                && argument.bytes().all(|byte| byte.is_ascii_digit())
                && (argument == "0" || !argument.starts_with('0'));
            if plain && argument.parse::<u64>().is_ok() {
                return Ok(());
            }
            Err(format!("`{name}` takes a number in brackets, not `{argument}`"))
        }
        _ => Ok(()),
    }
}
