//! From a rule's name to the controls it bears on, and through them to criteria.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use crate::catalogue::{CRITERIA, Catalogue, Relation};

/// One way in which a rule bears on a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Control.
    pub control: String,
    /// Title of the control.
    pub title: String,
    /// How the rule bears on it.
    pub relation: Relation,
    /// Why.
    pub reason: String,
    /// Criteria the control serves.
    pub criteria: Vec<String>,
}

/// Which rules bear on which controls. Any Falco rule can be mapped, by its name, unchanged.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    rules: HashMap<String, Mapped>,
}

#[derive(Clone, Debug)]
struct Mapped {
    links: Vec<Link>,
    criteria: Arc<[String]>,
}

impl Mapping {
    /// Returns the mapping that a catalogue states.
    pub fn of(catalogue: &Catalogue) -> Mapping {
        let mut links: HashMap<String, Vec<Link>> = HashMap::new();
        for control in &catalogue.controls {
            for mapped in &control.rules {
                links.entry(mapped.rule.clone()).or_default().push(Link {
                    control: control.id.clone(),
                    title: control.title.clone(),
                    relation: mapped.relation,
                    reason: mapped.reason.clone(),
                    criteria: control.criteria.clone(),
                });
            }
        }
        let rules = links.into_iter().map(|(rule, links)| (rule, Mapped::of(links))).collect();
        Mapping { rules }
    }

    /// Returns how a rule bears on controls; empty when no control names it.
    pub fn links(&self, rule: &str) -> &[Link] {
        self.rules.get(rule).map_or(&[], |mapped| &mapped.links)
    }

    /// Returns the criteria that a rule serves through its controls, in SOC 2's order.
    pub fn criteria(&self, rule: &str) -> Arc<[String]> {
        self.rules.get(rule).map_or_else(|| Arc::from([]), |mapped| mapped.criteria.clone())
    }
}

impl Mapped {
    fn of(links: Vec<Link>) -> Mapped {
        let served =
            |id: &&&str| links.iter().any(|link| link.criteria.iter().any(|one| one == **id));
        let criteria = CRITERIA.iter().filter(served).map(|id| (*id).to_owned()).collect();
        Mapped { links, criteria }
    }
}
