//! When families of rules stopped telling of what was planted for them, and when they told again.

use std::collections::BTreeMap;

use event::Time;
use serde::Serialize;

use crate::evidence::Canary;

/// A canary that changed how its family stands: the first one missed, or the next one seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// When it was planted.
    pub time: Time,
    /// Source.
    pub source: String,
    /// Instance of it.
    pub instance: String,
    /// Family of rules.
    pub family: String,
    /// The rules of the family.
    pub rules: Vec<String>,
    /// Whether it was missed.
    pub missed: bool,
    /// Where the trail has it.
    pub position: String,
}

/// Follows canaries in the order of the trail and keeps those that change something.
#[derive(Debug, Default)]
pub struct Canaries {
    missing: BTreeMap<(String, String, String), bool>,
}

impl Canaries {
    /// Takes in a canary; returns it if its family stands otherwise than before.
    pub fn see(&mut self, position: &str, canary: &Canary) -> Option<Planted> {
        let missed = canary.outcome.missed()?;
        let key = (canary.source.clone(), canary.instance.clone(), canary.family.clone());
        let before = self.missing.insert(key, missed).unwrap_or(false);
        (before != missed).then(|| Planted {
            time: canary.time,
            source: canary.source.clone(),
            instance: canary.instance.clone(),
            family: canary.family.clone(),
            rules: canary.rules.clone(),
            missed,
            position: position.to_owned(),
        })
    }
}
