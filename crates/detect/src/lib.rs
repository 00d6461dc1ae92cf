//! Sources × rules: takes records, gives alerts. Shared by the command line, the server and tests.
//!
//! [`Detector`] judges one record at a time. [`Replay`] reads whole inputs through one, as fast as
//! they can be skipped, and counts what it saw in a [`Summary`]; [`Live`] judges system calls as a
//! sensor tells of them.

pub mod activity;
mod detector;
mod lines;
mod live;
pub mod page;
mod replay;
mod summary;
mod wanted;

use rule::RuleFile;

pub use activity::Activities;
pub use detector::{Detector, Judged, Refused};
pub use live::Live;
pub use replay::{Replay, Seen};
pub use rule::Matching;
pub use summary::{Counts, Sensed, Summary};
pub use wanted::Wanted;

/// What lies under `rules/` in the project: rule files and their pages.
const OWN_FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/own_rules.rs"));

/// Returns the rules that come with this build, in name order.
pub fn own_rules() -> Vec<RuleFile> {
    let files = OWN_FILES.iter().filter(|(path, _)| path.ends_with(".yaml"));
    files.map(|(path, text)| RuleFile::new(*path, *text)).collect()
}

/// Returns the page of a rule file that comes with this build: Markdown that explains its rules to
/// people.
pub fn own_page(rule_file: &str) -> Option<&'static str> {
    let page = format!("{}.md", rule_file.strip_suffix(".yaml")?);
    let (_, text) = OWN_FILES.iter().find(|(path, _)| *path == page)?;
    std::str::from_utf8(text).ok()
}
