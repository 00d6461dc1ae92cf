//! Remarks about conditions that can be judged but hardly mean what their author thinks.

use std::collections::BTreeSet;

use super::condition::Tree;
use super::report::{Report, Scope};
use super::trace::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::{Operand, Operator, Term};
use crate::output::Output;
use crate::parse::{Check, Kind};
use crate::source::{Limit, SourceDoc};

/// Fields that Falco still knows but that say nothing any more.
const DEPRECATED: [&str; 6] = [
    "evt.dir",
    "evt.latency",
    "evt.latency.s",
    "evt.latency.ns",
    "evt.latency.human",
    "evt.wait_latency",
];
/// Most event types that a condition may leave open before it counts as unrestricted.
const EVENT_TYPES_MAX: usize = 100;

fn deprecated(field: &str) -> Option<Diagnostic> {
    DEPRECATED.contains(&field).then(|| {
        let hint = if field == "evt.dir" {
            "only exit events are seen: `evt.dir = <` always holds and can be left out"
        } else {
            "it was measured from enter to exit, and enter events are no longer seen"
        };
        let message = format!("field `{field}` is deprecated");
        Diagnostic::new(Code::LoadDeprecatedItem, message).hint(hint)
    })
}

/// Tells of deprecated fields in an output line.
pub(super) fn output(output: &Output, place: Place, scope: &Scope, report: &mut Report<'_>) {
    for (_, term) in &output.fields {
        term.each_field(&mut |field, _| {
            if let Some(diagnostic) = deprecated(field) {
                report.add(place, scope, diagnostic);
            }
        });
    }
}

/// Tells of deprecated fields, of fields meant for outputs, and of comparisons with `<NA>`.
pub(super) fn condition(tree: &Tree, doc: &SourceDoc, scope: &Scope, report: &mut Report<'_>) {
    match &tree.kind {
        Kind::And(parts) | Kind::Or(parts) => {
            parts.iter().for_each(|part| condition(part, doc, scope, report));
        }
        Kind::Not(inner) => condition(inner, doc, scope, report),
        Kind::Check(check) => self::check(check, doc, scope, report),
        Kind::Name(_) => {}
    }
}

fn check(check: &Check<Place>, doc: &SourceDoc, scope: &Scope, report: &mut Report<'_>) {
    let mut unsafe_field = false;
    check.left.each_field(&mut |field, _| {
        if doc.field(field).is_some_and(|field| field.is(Limit::OutputOnly)) {
            let message = format!("field `{field}` is meant to be printed");
            let diagnostic = Diagnostic::new(Code::LoadCompileCondition, message)
                .hint("how it looks is a setting; ask for the field it is made from");
            report.add(check.left_place, scope, diagnostic);
        }
        unsafe_field |= field.starts_with("ka.") || field.starts_with("jevt.");
        if let Some(diagnostic) = deprecated(field) {
            report.add(check.left_place, scope, diagnostic);
        }
    });
    let Some(comparison) = check.comparison.as_ref().filter(|_| unsafe_field) else { return };
    let equality = matches!(
        comparison.operator,
        Operator::Eq | Operator::Ne | Operator::In | Operator::Intersects | Operator::Pmatch
    );
    let absent = match &comparison.right {
        Operand::Text(text) => text == "<NA>",
        Operand::List(texts) => texts.iter().any(|text| text == "<NA>"),
        Operand::Term(_) => false,
    };
    if equality && absent {
        let message = "an absent field never equals `<NA>`";
        let diagnostic = Diagnostic::new(Code::LoadUnsafeNaCheck, message);
        report.add(comparison.right_place, scope, diagnostic.hint("ask with `exists` instead"));
    }
}

/// Event types that a condition may hold for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Types {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

/// Tells of a condition that does not restrict the type of event.
pub(super) fn event_types(tree: &Tree, place: Place, scope: &Scope, report: &mut Report<'_>) {
    let open = match types(tree, Sense::Holds) {
        Types::Only(types) => types.len() > EVENT_TYPES_MAX,
        Types::AllBut(_) => true,
    };
    if open {
        let message = "the condition restricts the type of event hardly or not at all";
        let diagnostic = Diagnostic::new(Code::LoadNoEvttype, message)
            .hint("name the types it is about: `evt.type in (open, openat)`");
        report.add(place, scope, diagnostic);
    }
}

/// Whether a condition is asked to hold or not to hold. Negation is pushed down to the checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Holds,
    Fails,
}

impl Types {
    fn every() -> Types {
        Types::AllBut(BTreeSet::new())
    }

    fn none() -> Types {
        Types::Only(BTreeSet::new())
    }

    fn others(self) -> Types {
        match self {
            Types::Only(named) => Types::AllBut(named),
            Types::AllBut(named) => Types::Only(named),
        }
    }

    fn both(a: Types, b: Types) -> Types {
        match (a, b) {
            (Types::Only(a), Types::Only(b)) => Types::Only(&a & &b),
            (Types::Only(only), Types::AllBut(but)) | (Types::AllBut(but), Types::Only(only)) => {
                Types::Only(&only - &but)
            }
            (Types::AllBut(a), Types::AllBut(b)) => Types::AllBut(&a | &b),
        }
    }

    fn either(a: Types, b: Types) -> Types {
        Types::both(a.others(), b.others()).others()
    }
}

fn types(tree: &Tree, sense: Sense) -> Types {
    match (&tree.kind, sense) {
        (Kind::And(parts), Sense::Holds) | (Kind::Or(parts), Sense::Fails) => {
            parts.iter().map(|part| types(part, sense)).fold(Types::every(), Types::both)
        }
        (Kind::Or(parts), Sense::Holds) | (Kind::And(parts), Sense::Fails) => {
            parts.iter().map(|part| types(part, sense)).fold(Types::none(), Types::either)
        }
        (Kind::Not(inner), Sense::Holds) => types(inner, Sense::Fails),
        (Kind::Not(inner), Sense::Fails) => types(inner, Sense::Holds),
        (Kind::Check(check), _) => match (types_of(check), sense) {
            (Some(types), Sense::Holds) => types,
            (Some(types), Sense::Fails) => types.others(),
            // What is not about types may hold or fail for any of them.
            (None, _) => Types::every(),
        },
        (Kind::Name(_), _) => Types::every(),
    }
}

/// Returns the types one check holds for, if it says anything about types.
fn types_of(check: &Check<Place>) -> Option<Types> {
    let Term::Field { name, argument: None } = &check.left else { return None };
    let is_type = matches!(name.as_str(), "evt.type" | "syscall.type");
    let Some(comparison) = &check.comparison else { return is_type.then(Types::every) };
    let texts = match &comparison.right {
        Operand::Text(text) => std::slice::from_ref(text),
        Operand::List(texts) => texts,
        Operand::Term(_) => return None,
    };
    if name == "evt.num" {
        return never_or_always(comparison.operator, texts);
    }
    let named = || texts.iter().cloned().collect();
    match comparison.operator {
        _ if !is_type => None,
        Operator::Eq | Operator::In => Some(Types::Only(named())),
        Operator::Ne => Some(Types::AllBut(named())),
        _ => None,
    }
}

/// Events are numbered from 1, which rules use to say *never*: `evt.num = 0`.
fn never_or_always(operator: Operator, texts: &[String]) -> Option<Types> {
    let below = |bound: u64| texts.iter().all(|text| text.parse().is_ok_and(|n: u64| n <= bound));
    match operator {
        Operator::Eq | Operator::In | Operator::Le if below(0) => Some(Types::none()),
        Operator::Lt if below(1) => Some(Types::none()),
        Operator::Ne | Operator::Gt if below(0) => Some(Types::every()),
        Operator::Ge if below(1) => Some(Types::every()),
        _ => None,
    }
}
