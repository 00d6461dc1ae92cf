//! What was detected and how it is handled: an [`Alert`] is one rule matching one event and never
//! changes; a [`Finding`] gathers alerts of one fingerprint and has a lifecycle.

mod alert;
mod finding;
mod lifecycle;

pub use alert::{Alert, Reliability};
pub use event::Severity;
pub use finding::{Action, Decision, Finding, FindingId, Status, Verdict};
pub use lifecycle::{ACCEPTANCE_DAYS_MAX, REASON_BYTES_MAX, Refusal, Seen, is_person};
