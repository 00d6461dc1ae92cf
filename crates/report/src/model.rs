//! What a report says, before any form.

use std::collections::BTreeMap;

use control::catalogue::{CatalogueFile, ServiceModel};
use control::coverage::{self, SourceCoverage};
use control::facts::{Facts, Kind};
use control::figure::{Figure, Formula};
use control::judge::Total;
use control::matrix::Row;
use control::package::Evidence;
use control::{Catalogue, ControlResult, Question, matrix};
use event::{Period, Time};
use serde::{Deserialize, Serialize};

/// Everything that a report is made from.
#[derive(Debug)]
pub struct Input<'a> {
    /// What management says about the scope.
    pub scope: &'a Scope,
    /// What was asked.
    pub question: Question,
    /// How the clusters are bought.
    pub model: ServiceModel,
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Its files, which go into the package.
    pub catalogue_files: &'a [CatalogueFile],
    /// The facts.
    pub facts: &'a Facts,
    /// The results.
    pub results: &'a [ControlResult],
    /// The figures.
    pub figures: &'a [Figure],
    /// The trail they come from.
    pub trail: &'a TrailNote,
    /// Raw records in the package, by kind.
    pub evidence: &'a [Evidence],
    /// Raw records in the package, by position.
    pub records: &'a BTreeMap<String, RecordNote>,
    /// Version of this program.
    pub version: &'a str,
}

/// What management says about the scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    /// The service organisation.
    pub organisation: String,
    /// The system described.
    pub system: String,
    /// What belongs to it, and what does not.
    pub boundary: String,
}

/// The trail a report comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrailNote {
    /// Name of the log.
    pub origin: String,
    /// Verifier key, C2SP.
    pub key: String,
    /// Blocks under the checkpoint.
    pub blocks: u64,
    /// Entries read.
    pub entries: u64,
    /// Signed checkpoint, C2SP note.
    pub checkpoint: String,
}

/// Where the package has a raw record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordNote {
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Line of its file, from 1.
    pub line: u64,
}

/// The report for programs: what `package.json` holds.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// [`control::package::FORMAT`].
    pub format: &'static str,
    /// [`control::package::VERSION`].
    pub version: u32,
    /// Version of the program.
    pub program: &'a str,
    /// What it is not.
    pub notice: &'static str,
    /// What management says about the scope.
    pub scope: &'a Scope,
    /// What was asked.
    pub question: Question,
    /// How the clusters are bought.
    pub service_model: ServiceModel,
    /// Until when was known.
    pub as_of: Time,
    /// What could be judged of the period.
    pub judged: Period,
    /// Whether the period had not ended, or was not settled.
    pub interim: bool,
    /// Items that a bound left out; not zero: populations are incomplete.
    pub left_out: u64,
    /// Coverage of every source instance, gaps listed.
    pub sources: Vec<SourceCoverage>,
    /// The 61 criteria.
    pub criteria: Vec<Row>,
    /// The controls.
    pub controls: &'a [ControlResult],
    /// The figures.
    pub figures: Vec<FigureNote>,
    /// The trail.
    pub trail: &'a TrailNote,
    /// Raw records in the package.
    pub evidence: &'a [Evidence],
}

/// A figure with its answer.
#[derive(Debug, Serialize)]
pub struct FigureNote {
    /// Name of its folder.
    pub id: String,
    /// A few words.
    pub title: String,
    /// The formula in a sentence.
    pub sentence: String,
    /// The formula.
    #[serde(flatten)]
    pub formula: Formula,
    /// The answer.
    pub answer: String,
    /// The answer for people.
    pub shown: String,
    /// Counts that must agree.
    pub total: Option<Total>,
    /// SHA-256 of its rows, hex.
    pub sha256: String,
}

/// What a report is not, said wherever it goes.
pub const NOTICE: &str = "Management's testing, not the service auditor's. This is evidence for an \
    examination, not an opinion: only an independent CPA firm issues a SOC 2 report.";

impl<'a> Report<'a> {
    /// Puts together what a report says.
    pub fn of(input: &Input<'a>) -> Report<'a> {
        let type2 = matches!(input.question, Question::Type2 { .. });
        Report {
            format: control::package::FORMAT,
            version: control::package::VERSION,
            program: input.version,
            notice: NOTICE,
            scope: input.scope,
            question: input.question,
            service_model: input.model,
            as_of: input.facts.as_of,
            judged: input.facts.judged(),
            interim: type2 && input.facts.interim(),
            left_out: input.facts.left_out,
            sources: if type2 { coverage::of_sources(input.facts) } else { Vec::new() },
            criteria: matrix(input.catalogue, input.results),
            controls: input.results,
            figures: input.figures.iter().map(FigureNote::of).collect(),
            trail: input.trail,
            evidence: input.evidence,
        }
    }

    /// Returns the figure with this id.
    pub fn figure(&self, id: &str) -> Option<&FigureNote> {
        self.figures.iter().find(|figure| figure.id == id)
    }
}

impl FigureNote {
    fn of(figure: &Figure) -> FigureNote {
        let answer = figure.answer();
        FigureNote {
            id: figure.id.clone(),
            title: figure.title.clone(),
            sentence: figure.sentence.clone(),
            formula: figure.formula.clone(),
            shown: control::figure::shown(&answer),
            answer,
            total: figure.total.clone(),
            sha256: control::package::sha256(figure.table.csv().as_bytes()),
        }
    }
}
