//! Sources × rules: takes records, gives alerts. Shared by the command line, the server and tests.
//!
//! [`Detector`] judges one record at a time. [`Replay`] reads whole inputs through one, as fast as
//! they can be skipped, and counts what it saw in a [`Summary`].

mod detector;
mod lines;
pub mod page;
mod replay;
mod summary;

use rule::RuleFile;

pub use detector::{Detector, Judged, Refused};
pub use replay::{Replay, Seen};
pub use rule::Matching;
pub use summary::{Counts, Summary};

/// Returns the rules that come with this build, in name order.
pub fn own_rules() -> Vec<RuleFile> {
    const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/own_rules.rs"));
    FILES.iter().map(|(path, text)| RuleFile::new(*path, *text)).collect()
}
