//! The projection of the trail: SQLite tables that answer questions fast, can be deleted at any
//! time and are rebuilt by replay; and the [`Journal`], the only place where an entry becomes
//! durable. Nothing is known here that is not in the trail.

mod activity;
mod code;
mod draft;
mod journal;
mod names;
mod pool;
mod projection;
mod row;
mod rules;
mod schema;
mod view;

pub use draft::{Draft, Identity, Kind, rule_key};
pub use journal::{CommitError, Intake, Journal, OpenError, Opening, Receipt, Recovery};
pub use pool::READERS_MAX;
pub use projection::SEEN_DAYS;
pub use view::{
    ActivityFilter, ActivityItem, ActivityPosition, AlertDetail, AlertFilter, AlertItem,
    AlertPosition, DecisionItem, FindingCount, FindingFilter, GAPS_LEN_MAX, Gap, HOLES_LEN_MAX,
    Hole, HourCount, INTERRUPTIONS_LEN_MAX, Interruption, Order, PAGE_LEN_MAX, Page, Placed,
    RuleCount, SessionFilter, SessionItem, Shipments, Size, SourceItem, Summary, TrailEntry, View,
};

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum Error {
    #[error("cannot query the projection")]
    Sql(#[from] rusqlite::Error),
    #[error("cannot read the trail")]
    Trail(#[from] trail::ReadError),
    #[error("cannot read entry {position} of the trail")]
    Entry { position: trail::Position, source: serde_json::Error },
    #[error("`{0}` is no cursor of this list")]
    Cursor(String),
    #[error("cannot read `{path}`")]
    Io { path: String, source: std::io::Error },
    #[error("a test made the disk fail")]
    Failpoint(#[source] std::io::Error),
}
