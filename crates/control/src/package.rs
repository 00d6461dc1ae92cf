//! The form of a report package: a folder that can be checked without us. Names of its files and
//! what its manifest says.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::facts::Kind;

/// What the manifest calls the form.
pub const FORMAT: &str = "sockeye-report-package";

/// Version of the form. Raised when an old checker could misread a new package.
pub const VERSION: u32 = 1;

/// The report for people.
pub const REPORT: &str = "report.html";
/// The report for programs.
pub const PACKAGE: &str = "package.json";
/// Names and hashes of all files but itself and the sums.
pub const MANIFEST: &str = "manifest.json";
/// The same for `sha256sum -c`, with the manifest itself.
pub const SUMS: &str = "SHA256SUMS";
/// The signed state of the trail under which every record is proved.
pub const CHECKPOINT: &str = "trail/checkpoint";
/// The public key that checks it.
pub const KEY: &str = "trail/vkey";
/// Folder of the catalogue as it was judged by.
pub const CATALOGUE: &str = "catalogue";

/// Most raw records of one kind in a package; above, only those of hours that were asked for.
pub const RECORDS_MAX: usize = 100_000;

/// Names every file of a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Raw records, by kind.
    pub evidence: Vec<Evidence>,
    /// Every file but the manifest and the sums, by path.
    pub files: Vec<FileNote>,
}

/// Name and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileNote {
    /// Path within the package, with `/`.
    pub path: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
}

/// Raw records of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Kind of record.
    pub kind: Kind,
    /// File that holds them.
    pub path: String,
    /// How many the facts rest on.
    pub needed: u64,
    /// How many are in the file. Less than needed: only hours that were asked for.
    pub included: u64,
}

impl FileNote {
    /// Describes a file.
    pub fn of(path: &str, bytes: &[u8]) -> FileNote {
        let length = bytes.len() as u64;
        FileNote { path: path.to_owned(), sha256: sha256(bytes), bytes: length }
    }
}

impl Manifest {
    /// Returns the manifest as it is written.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Returns the sums file that belongs to this manifest.
    pub fn sums(&self) -> String {
        let own = FileNote::of(MANIFEST, self.text().as_bytes());
        let notes = self.files.iter().chain([&own]);
        notes.map(|note| format!("{}  {}\n", note.sha256, note.path)).collect()
    }

    /// Tells whether every record that the facts rest on is included.
    pub fn complete(&self) -> bool {
        self.evidence.iter().all(|one| one.included == one.needed)
    }
}

/// Returns the folder of a figure.
pub fn figure_folder(id: &str) -> String {
    format!("figures/{id}")
}

/// Returns the file of a control's population.
pub fn population_file(control: &str, population: &str) -> String {
    format!("populations/{control}-{population}.csv")
}

/// Returns the file of raw records of a kind.
pub fn evidence_file(kind: Kind) -> String {
    format!("evidence/{}.jsonl", kind.name())
}

/// Returns SHA-256 as hex.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
