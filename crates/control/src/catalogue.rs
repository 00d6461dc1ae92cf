//! The catalogue: what SOC 2 asks ([`Criterion`]), what an organisation does ([`Control`]), how
//! that is tested, and which rules bear on it. One YAML file a criterion in `controls/soc2/`, one a
//! control in `controls/`. The types here are the file format; unknown keys are refused.

mod check;
mod criteria;
mod diagnostic;
mod embedded;
mod limit;
mod load;

use std::collections::BTreeMap;

use event::{Period, Severity, Time};
use serde::{Deserialize, Serialize};

pub use criteria::{CRITERIA, category_of};
pub use diagnostic::{Diagnostic, Level};
pub use embedded::embedded;
pub use limit::Limit;
pub use load::{CatalogueFile, FILE_BYTES_MAX};

/// Everything the organisation says about its controls, as loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Catalogue {
    /// The criteria that have a file, in SOC 2's order.
    pub criteria: Vec<Criterion>,
    /// The controls, by id.
    pub controls: Vec<Control>,
}

/// One of the 61 criteria, in our words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// `CC6.1`.
    pub id: String,
    /// Series it belongs to.
    pub category: Category,
    /// What it asks, in one sentence of our own.
    pub paraphrase: String,
    /// What to look for, in order. Illustrations, never requirements.
    pub points: Vec<Point>,
    /// What software can show, a sentence each.
    pub shown_by: Vec<String>,
    /// What stays with people, a sentence each.
    pub manual: Vec<String>,
    /// What an auditor knows from the old world, and what replaces it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analogy: Option<Analogy>,
}

/// A trust services category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are SOC 2's")]
pub enum Category {
    Security,
    Availability,
    Confidentiality,
    ProcessingIntegrity,
    Privacy,
}

/// One thing to look for under a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The thing, in our words.
    pub text: String,
    /// Category that must be in scope for it to matter; none: it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_with: Option<Category>,
}

/// A bridge from what an auditor knows to what is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analogy {
    /// What is known from servers and offices.
    pub known: String,
    /// What takes its place with containers.
    pub here: String,
    /// What to do to see it work.
    pub try_it: String,
}

/// What the organisation does, who answers for it, and how it is tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// `K-14`.
    pub id: String,
    /// Raised when the statement or a test changes; each version has its own populations.
    pub version: u32,
    /// A few words.
    pub title: String,
    /// Who does what, when, with what outcome.
    pub statement: String,
    /// Role that answers for it.
    pub owner: String,
    /// Who performs it, by how the clusters are bought.
    pub responsibility: Responsibility,
    /// Whether people take part.
    pub nature: Nature,
    /// How often it is performed.
    pub frequency: Frequency,
    /// From when it is claimed to operate; none: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Time>,
    /// Until when; none: still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Time>,
    /// Criteria it serves.
    pub criteria: Vec<String>,
    /// Sources without which it does not operate.
    #[serde(default)]
    pub sources: Vec<NeededSource>,
    /// Records lost or refused in a minute, per million, above which that minute does not count.
    #[serde(default)]
    pub loss_per_million_max: u64,
    /// What is counted and tested.
    #[serde(default)]
    pub populations: Vec<Population>,
    /// How it is tested.
    pub tests: Vec<Test>,
    /// Rules that bear on it.
    #[serde(default)]
    pub rules: Vec<MappedRule>,
}

/// Who performs a control, by how the clusters are bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responsibility {
    /// We run Kubernetes on machines, rented or owned.
    pub iaas: Share,
    /// A provider runs the control plane (EKS, AKS, GKE, OKE).
    pub paas: Share,
    /// We only use a service.
    pub saas: Share,
    /// What remains ours wherever a share is `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub our_part: Option<String>,
}

/// Whose work a control is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// The provider's: carved out, not tested here.
    Provider,
    /// Both have a part; `our_part` says which is ours.
    Shared,
    /// Ours.
    Ours,
}

/// Whether people take part in a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A machine performs it.
    Automated,
    /// A person does, relying on what a system reports.
    ManualWithReport,
    /// A person does.
    Manual,
}

/// How often a control is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Frequency {
    Continuous,
    PerEvent,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

/// A source that a control needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeededSource {
    /// `k8s_audit`.
    pub source: String,
    /// Whether every instance must be healthy, or one suffices.
    #[serde(default)]
    pub instances: Instances,
}

/// How the instances of a needed source combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// Each sees what no other sees: all must be healthy.
    #[default]
    All,
    /// They are declared redundant: each sees everything, one suffices.
    Any,
}

/// A named, versioned query that lists every item of a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Name within the control.
    pub name: String,
    /// Raised when the query changes.
    pub version: u32,
    /// What is listed.
    pub query: Query,
    /// What one item is, for a person.
    pub unit: String,
    /// Only items at least this severe (`cases`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Only rules with one of these relations (`cases`); empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// Only these acts (`administration`); empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<String>,
}

/// The queries we really have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// Each time a finding of the control's rules stood open: from the alert that opened it until
    /// it was resolved or accepted.
    Cases,
    /// Each rule set that came into force.
    RuleSets,
    /// Each act of administration of Sockeye itself.
    Administration,
    /// Each day of each instance of the needed sources.
    SourceDays,
}

/// How one attribute of a control is tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Name within the control.
    pub name: String,
    /// Whether it tests how the control is built or how it worked.
    pub of: Aspect,
    /// How an auditor would call it.
    pub method: Method,
    /// What is done, in a sentence.
    pub procedure: String,
    /// What decides.
    pub check: Check,
}

/// What a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Suitably designed and implemented, as of a date.
    Design,
    /// Operated throughout a period.
    Operation,
}

/// How a test is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the auditor's")]
pub enum Method {
    Inquiry,
    Observation,
    Inspection,
    Reperformance,
}

/// What decides a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Design: every mapped rule is enabled in an approved rule set in force on the date.
    RulesInForce,
    /// Design: every needed source sent a status shortly before the date, and was connected.
    SourcesReporting {
        /// How shortly.
        within: Limit,
    },
    /// Operation: sources healthy, loss within its bound and approved rules loaded, all at once.
    Watched {
        /// Least part of the period, in per cent.
        share: f64,
    },
    /// Operation: each case was acknowledged and concluded in time by a named person with a reason.
    Handled {
        /// A population of `cases`.
        population: String,
        /// Limits by severity; a severity left out takes the next more severe one named. Cases
        /// less severe than all that are named are counted, not tested.
        within: BTreeMap<Severity, Handling>,
        /// What a case means that turned out to be real.
        #[serde(default)]
        confirmed: Confirmed,
    },
    /// Operation: no day of a source has a gap longer than this.
    Continuous {
        /// A population of `source_days`.
        population: String,
        /// Longest gap that is no deviation.
        gap: Limit,
    },
    /// Operation: each rule set had an approver before it judged.
    Approved {
        /// A population of `rule_sets`.
        population: String,
    },
    /// Operation: each act was done by a named person.
    Named {
        /// A population of `administration`.
        population: String,
    },
    /// A person has to look.
    Manual {
        /// What the person is asked to do.
        ask: String,
        /// What the person looks at, if we can list it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        population: Option<String>,
    },
}

/// Time limits of handling, from receipt of the alert that opened the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// Until a named person takes it on (or concludes it).
    pub acknowledge: Limit,
    /// Until it is resolved with a verdict, or accepted until a date.
    pub conclude: Limit,
}

/// What a case means that turned out to be real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// Detection did its work; only the handling counts.
    #[default]
    Handled,
    /// A preventive control was breached: a deviation, however well it was handled.
    Deviates,
}

/// A rule that bears on a control, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedRule {
    /// Name of the rule.
    pub rule: String,
    /// How it bears on the control.
    pub relation: Relation,
    /// Why, in a sentence.
    pub reason: String,
}

/// How a rule bears on a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The control is itself detection, and this is it.
    Implements,
    /// An alert signals the breach of a preventive control.
    Monitors,
    /// An alert is an item of a population.
    Feeds,
}

/// How the clusters are bought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceModel {
    /// We run Kubernetes on machines, rented or owned.
    #[default]
    Iaas,
    /// A provider runs the control plane.
    Paas,
    /// We only use a service.
    Saas,
}

impl Catalogue {
    /// Returns the control with this id.
    pub fn control(&self, id: &str) -> Option<&Control> {
        self.controls.iter().find(|control| control.id == id)
    }

    /// Returns the criterion with this id.
    pub fn criterion(&self, id: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.id == id)
    }
}

impl Control {
    /// Returns the part of `period` in which the control is claimed to operate.
    pub fn effective(&self, period: Period) -> Option<Period> {
        let claimed = Period {
            from: self.effective_from.unwrap_or(Time(i64::MIN)),
            until: self.effective_until.unwrap_or(Time(i64::MAX)),
        };
        period.overlap(&claimed)
    }

    /// Returns the population with this name.
    pub fn population(&self, name: &str) -> Option<&Population> {
        self.populations.iter().find(|population| population.name == name)
    }
}

impl Responsibility {
    /// Returns whose work the control is under a way of buying clusters.
    pub fn share(&self, model: ServiceModel) -> Share {
        match model {
            ServiceModel::Iaas => self.iaas,
            ServiceModel::Paas => self.paas,
            ServiceModel::Saas => self.saas,
        }
    }
}

impl Check {
    /// Returns the population it works on, if any.
    pub fn population(&self) -> Option<&str> {
        match self {
            Check::Handled { population, .. }
            | Check::Continuous { population, .. }
            | Check::Approved { population }
            | Check::Named { population } => Some(population),
            Check::Manual { population, .. } => population.as_deref(),
            Check::RulesInForce | Check::SourcesReporting { .. } | Check::Watched { .. } => None,
        }
    }
}
