//! The report of a period or a date: one model, and what is rendered from it. Bytes out, no disk.
//! Further forms (PDF, XLSX, OSCAL) are further renderers of the same [`Report`].

mod figures;
mod html;
mod model;
mod readme;
mod words;

use control::package::{self, FileNote};

pub use model::{FigureNote, Input, RecordNote, Report, Scope, TrailNote};

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path within the package.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ReportError {
    #[error("cannot render the page")]
    Page(#[source] askama::Error),
    #[error("cannot write the report as JSON")]
    Json(#[source] serde_json::Error),
}

/// Renders every file of a package but raw records, manifest and sums.
pub fn files(input: &Input<'_>) -> Result<Vec<File>, ReportError> {
    let report = Report::of(input);
    let mut json = serde_json::to_string_pretty(&report).map_err(ReportError::Json)?;
    json.push('\n');
    let mut files = vec![
        File::of(package::REPORT, html::page(input, &report)?),
        File::of(package::PACKAGE, json),
        File::of("README.txt", readme::package(input, &report)),
        File::of(package::CHECKPOINT, input.trail.checkpoint.clone()),
        File::of(package::KEY, format!("{}\n", input.trail.key)),
    ];
    for file in input.catalogue_files {
        let path = format!("{}/{}", package::CATALOGUE, file.path.trim_start_matches(['.', '/']));
        files.push(File { path, bytes: file.text.clone() });
    }
    for result in input.results {
        for list in &result.populations {
            let path = package::population_file(&result.id, &list.name);
            files.push(File::of(&path, list.tested().csv()));
        }
    }
    for figure in input.figures {
        files.extend(figures::folder(figure, input));
    }
    files.push(figures::index(input));
    files.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(files)
}

impl File {
    fn of(path: &str, text: impl Into<Vec<u8>>) -> File {
        File { path: path.to_owned(), bytes: text.into() }
    }

    /// Returns its name and hash.
    pub fn note(&self) -> FileNote {
        FileNote::of(&self.path, &self.bytes)
    }
}
