//! Host names that rules compare addresses with: nothing else is ever looked up.

use std::collections::BTreeSet;

use rule::expr::{Expr, Term};

use super::condition::literals;

/// Fields that are names of addresses.
const FIELDS: [&str; 4] = ["fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name"];

/// Collects the names that a condition compares with.
pub fn collect(condition: &Expr, names: &mut BTreeSet<String>) {
    match condition {
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter().for_each(|part| collect(part, names));
        }
        Expr::Not(inner) => collect(inner, names),
        Expr::Compare { left: Term::Field { name, .. }, .. } if FIELDS.contains(&name.as_str()) => {
            let found = literals(condition).unwrap_or_default();
            names.extend(found.into_iter().filter(|name| !name.is_empty()));
        }
        _ => {}
    }
}
