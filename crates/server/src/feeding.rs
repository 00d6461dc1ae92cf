//! Which sources are watched here. Rules of the others are in force and judge nothing, which is
//! told wherever rules are counted.

use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::own_node::SOURCE;
use crate::rules::RuleSet;

/// The enabled rules of one source, and whether anything here feeds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceRules {
    /// Name of the source.
    pub source: String,
    /// Number of its enabled rules.
    pub enabled: usize,
    /// Why no records of it come in here, so that these rules judge nothing; absent if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfed: Option<String>,
}

impl App {
    /// Says why no records of a source come in here; nothing if they do.
    pub(crate) fn unfed(&self, source: &str) -> Option<String> {
        if self.instances().iter().any(|instance| instance.source() == source) {
            return None;
        }
        if source == SOURCE && self.nodes().is_some() {
            return None;
        }
        Some(match source {
            SOURCE => return self.own_watch().unfed(),
            other => format!("nothing delivers events of `{other}` here"),
        })
    }

    /// Counts the enabled rules by source, in the order of their first rule.
    pub(crate) fn rules_by_source(&self, rules: &RuleSet) -> Vec<SourceRules> {
        let mut sources: Vec<SourceRules> = Vec::new();
        for rule in rules.items.iter().filter(|rule| rule.enabled) {
            match sources.iter_mut().find(|known| known.source == rule.source) {
                Some(known) => known.enabled += 1,
                None => sources.push(SourceRules {
                    source: rule.source.clone(),
                    enabled: 1,
                    unfed: self.unfed(&rule.source),
                }),
            }
        }
        sources
    }
}
