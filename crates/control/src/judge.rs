//! Judges controls on the facts of a period. Design and operation are separate results; each says
//! why, and names the populations it stands on.

mod attribute;
mod design;
mod operation;
mod population;
#[cfg(test)]
mod tests;
mod unseen;

use event::{Period, Time};
use serde::Serialize;

use crate::catalogue::{Aspect, Catalogue, Check, Control, Method, ServiceModel, Share, Test};
use crate::coverage::{self, Coverage};
use crate::facts::Facts;

pub use population::{Item, ItemResult, List, Table, Total, TotalClass, list};

/// A result is never two-valued.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What was tested held.
    Pass,
    /// At least one deviation.
    Fail,
    /// The test could not be done as it should.
    Error,
    /// Nothing was tested; the reasons say why.
    NotTested,
    /// It does not apply; the reasons say why.
    NotApplicable,
    /// Carved out: it is a provider's, and was not tested here.
    Inherited,
    /// It waits for a person.
    Manual,
}

impl Outcome {
    /// Every result.
    pub const ALL: [Outcome; 7] = [
        Outcome::Pass,
        Outcome::Fail,
        Outcome::Error,
        Outcome::NotTested,
        Outcome::NotApplicable,
        Outcome::Inherited,
        Outcome::Manual,
    ];

    /// Returns the word for it, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Error => "error",
            Outcome::NotTested => "not-tested",
            Outcome::NotApplicable => "not-applicable",
            Outcome::Inherited => "inherited",
            Outcome::Manual => "manual",
        }
    }

    /// Orders results by what decides when several meet: fail first, pass last.
    fn weight(self) -> u8 {
        match self {
            Outcome::Fail => 0,
            Outcome::Error => 1,
            Outcome::NotTested => 2,
            Outcome::Manual => 3,
            Outcome::Inherited => 4,
            Outcome::NotApplicable => 5,
            Outcome::Pass => 6,
        }
    }
}

/// A result with why it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Judgement {
    /// The result.
    pub result: Outcome,
    /// Why, in plain sentences.
    pub reasons: Vec<String>,
}

impl Judgement {
    fn new(result: Outcome, reason: impl Into<String>) -> Judgement {
        Judgement { result, reasons: vec![reason.into()] }
    }

    /// Combines results: the gravest decides, and its reasons stand.
    fn gravest(tests: &[&TestResult]) -> Judgement {
        let gravest = tests.iter().map(|test| test.judgement.result).min_by_key(|one| one.weight());
        let Some(result) = gravest else {
            return Judgement::new(Outcome::NotTested, "no test was done");
        };
        let same = tests.iter().filter(|test| test.judgement.result == result);
        let reasons = same.flat_map(|test| test.judgement.reasons.iter().cloned()).collect();
        Judgement { result, reasons }
    }
}

/// What is asked: operation throughout a period, or design as of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Question {
    /// Type 1: design and implementation as of a date.
    Type1 {
        /// The date.
        on: Time,
    },
    /// Type 2: also operation throughout a period.
    Type2 {
        /// The period.
        #[serde(flatten)]
        period: Period,
    },
}

impl Question {
    /// Returns the period of which facts are needed. A date needs the day before it.
    pub fn period(self) -> Period {
        match self {
            Question::Type1 { on } => Period { from: on.plus(-24 * 60 * Time::MINUTE), until: on },
            Question::Type2 { period } => period,
        }
    }
}

/// How a control stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ControlResult {
    /// `K-14`.
    pub id: String,
    /// Version of the control.
    pub version: u32,
    /// A few words.
    pub title: String,
    /// Criteria it serves.
    pub criteria: Vec<String>,
    /// Whether it is designed suitably and in place.
    pub design: Judgement,
    /// Whether it operated throughout; none when a date was asked for.
    pub operation: Option<Judgement>,
    /// When it could operate; none when it needs no source or a date was asked for.
    pub coverage: Option<Coverage>,
    /// Its tests.
    pub tests: Vec<TestResult>,
    /// What the tests ran over.
    pub populations: Vec<List>,
}

/// What one test found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestResult {
    /// Name within the control.
    pub name: String,
    /// What it is about.
    pub of: Aspect,
    /// How it was done.
    pub method: Method,
    /// What was done.
    pub procedure: String,
    /// Population it ran over.
    pub population: Option<String>,
    /// What it found.
    pub judgement: Judgement,
}

/// Judges every control.
pub fn judge(
    catalogue: &Catalogue,
    facts: &Facts,
    question: Question,
    model: ServiceModel,
) -> Vec<ControlResult> {
    catalogue.controls.iter().map(|control| judge_one(control, facts, question, model)).collect()
}

/// Judges one control.
pub fn judge_one(
    control: &Control,
    facts: &Facts,
    question: Question,
    model: ServiceModel,
) -> ControlResult {
    let mut result = ControlResult {
        id: control.id.clone(),
        version: control.version,
        title: control.title.clone(),
        criteria: control.criteria.clone(),
        design: Judgement::new(Outcome::NotTested, "no test was done"),
        operation: None,
        coverage: None,
        tests: Vec::new(),
        populations: Vec::new(),
    };
    if let Some(judgement) = beforehand(control, question, model) {
        result.operation = matches!(question, Question::Type2 { .. }).then(|| judgement.clone());
        result.design = judgement;
        return result;
    }
    if matches!(question, Question::Type2 { .. }) {
        result.populations =
            control.populations.iter().map(|one| list(control, one, facts)).collect();
        let watched = !control.sources.is_empty();
        result.coverage = watched.then(|| coverage::of_control(control, facts));
    }
    for test in &control.tests {
        let judgement = match (test.of, question) {
            (Aspect::Design, _) => design::judge(control, test, facts, date(facts, question)),
            (Aspect::Operation, Question::Type1 { .. }) => continue,
            (Aspect::Operation, Question::Type2 { .. }) => {
                operation::judge(test, facts, &mut result)
            }
        };
        result.tests.push(TestResult {
            name: test.name.clone(),
            of: test.of,
            method: test.method,
            procedure: test.procedure.clone(),
            population: test.check.population().map(str::to_owned),
            judgement,
        });
    }
    let about =
        |aspect| result.tests.iter().filter(move |test| test.of == aspect).collect::<Vec<_>>();
    let design = Judgement::gravest(&about(Aspect::Design));
    let mut operation = Judgement::gravest(&about(Aspect::Operation));
    operation.reasons.extend(unseen::reasons(control, facts));
    result.design = design;
    result.operation = matches!(question, Question::Type2 { .. }).then_some(operation);
    result
}

/// Returns the result of a control that needs no test: it is a provider's, or not claimed.
fn beforehand(control: &Control, question: Question, model: ServiceModel) -> Option<Judgement> {
    if control.responsibility.share(model) == Share::Provider {
        let reason = "the provider performs it; carved out and not tested here. To be reviewed: \
                      its own report, the days that report does not cover, and what it asks of \
                      its customers";
        return Some(Judgement::new(Outcome::Inherited, reason));
    }
    let claimed = match question {
        Question::Type1 { on } => {
            control.effective(Period { from: on, until: on.plus(1) }).is_some()
        }
        Question::Type2 { period } => control.effective(period).is_some(),
    };
    let from = control.effective_from.map_or("ever".to_owned(), |time| time.to_string());
    let until =
        control.effective_until.map_or("further notice".to_owned(), |time| time.to_string());
    let reason = format!("it is claimed to operate from {from} until {until} only");
    (!claimed).then(|| Judgement::new(Outcome::NotApplicable, reason))
}

/// Returns as of when design is judged: the date asked for, or the end of what can be judged.
fn date(facts: &Facts, question: Question) -> Time {
    match question {
        Question::Type1 { on } => on,
        Question::Type2 { .. } => facts.judged().until,
    }
}

/// Says what a person has to do.
fn manual(test: &Test) -> Option<Judgement> {
    match &test.check {
        Check::Manual { ask, .. } => {
            Some(Judgement::new(Outcome::Manual, format!("pending: {}", ask.trim())))
        }
        _ => None,
    }
}
