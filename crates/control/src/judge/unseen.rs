//! What the sources of a control could not see from where they stood: it takes nothing from what
//! they saw, and limits what can be said of the rest.

use std::collections::BTreeMap;

use crate::catalogue::Control;
use crate::facts::Facts;

/// Most instances named for one thing that was not seen.
const NAMED_MAX: usize = 5;

/// Says what was not seen, and where. What a control operated on is limited by it; its result is
/// not changed.
pub(super) fn reasons(control: &Control, facts: &Facts) -> Vec<String> {
    let needed = |name: &str| control.sources.iter().any(|needed| needed.source == name);
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for source in facts.sources.iter().filter(|source| needed(&source.source)) {
        for unseen in &source.unseen {
            places
                .entry(unseen)
                .or_default()
                .push(format!("{}/{}", source.source, source.instance));
        }
    }
    places.into_iter().map(|(unseen, places)| reason(unseen, &places)).collect()
}

fn reason(unseen: &str, places: &[String]) -> String {
    let named = places[..places.len().min(NAMED_MAX)].join(", ");
    let rest = places.len().saturating_sub(NAMED_MAX);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("not seen by {named}{more}: {unseen}")
}
