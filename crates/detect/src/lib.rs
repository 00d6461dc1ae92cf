//! Sources × rules: takes records, gives alerts. Shared by the command line, the server and tests.
//!
//! [`Detector`] judges one record at a time. [`Replay`] reads whole inputs through one, as fast as
//! they can be skipped, and counts what it saw in a [`Summary`]; [`Live`] judges system calls as a
//! sensor tells of them.

pub mod activity;
mod detector;
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

/// Returns the families of a source's rules that come with this build: the names of their files.
pub fn families(source: &str) -> Vec<String> {
    let folder = format!("rules/{source}/");
    let names = OWN_FILES.iter().filter_map(|(path, _)| {
        Some(path.strip_prefix(folder.as_str())?.strip_suffix(".yaml")?.to_owned())
    });
    names.collect()
}

/// Returns the names of the rules in a file that comes with this build.
pub fn family_rules(rule_file: &str) -> Vec<String> {
    let text = OWN_FILES.iter().find(|(path, _)| *path == rule_file).map(|(_, text)| *text);
    let text = std::str::from_utf8(text.unwrap_or_default()).unwrap_or_default();
    let names = text.lines().filter_map(|line| line.strip_prefix("- rule: "));
    names.map(|name| name.trim().to_owned()).collect()
}

/// Returns the page of a rule file that comes with this build: Markdown that explains its rules to
/// people.
pub fn own_page(rule_file: &str) -> Option<&'static str> {
    let page = format!("{}.md", rule_file.strip_suffix(".yaml")?);
    let (_, text) = OWN_FILES.iter().find(|(path, _)| *path == page)?;
    std::str::from_utf8(text).ok()
}
