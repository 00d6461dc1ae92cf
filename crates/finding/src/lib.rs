//! What was detected and how it is handled: an [`Alert`] is one rule matching one event and never
//! changes; a [`Finding`] gathers alerts of one fingerprint and has a lifecycle.

mod alert;
mod finding;

pub use alert::{Alert, Reliability};
pub use event::Severity;
pub use finding::{Action, Decision, Finding, FindingId, Status, Verdict};
