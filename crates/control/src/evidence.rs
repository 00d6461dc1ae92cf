//! What the trail keeps: one [`Entry`] a line of JSON, versioned by `v`. Everything the projection,
//! the controls and the report know comes from these and from nowhere else.

mod activity;
mod canary;
mod hole;
mod sensor;

use event::{Subject, Time};
use finding::{Alert, Decision};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use activity::{
    Activity, Actor, Call, Command, Connection, Content, Direction, End, Exit, Held, Item, Kind,
    Leader, Login, Phase, Session, SessionId, SessionIdError, What, Write,
};
pub use canary::{Canary, Outcome};
pub use hole::Hole;
pub use sensor::SensorStatus;

/// Version written into each entry. Raised when an old reader could misread a new entry.
pub const VERSION: u8 = 1;

/// One entry as it stands in the trail: `{"v":1,"entry":{"event":{…}}}`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line<R = Box<RawValue>> {
    /// [`VERSION`] at the time of writing.
    pub v: u8,
    /// Where it came from, if a node shipped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
    /// What is kept.
    pub entry: Entry<R>,
}

/// Which entry of a node's stream this is. Numbers rise by one within a stream: one that comes
/// twice counts once, and one that never comes is a gap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The node, by its certificate.
    pub node: String,
    /// Stream within the node; a new one each time its agent starts.
    pub stream: String,
    /// Number within the stream, from 1.
    pub number: u64,
}

/// What the trail keeps. Externally tagged, because raw JSON survives no other tagging in serde.
/// `R` holds the bytes of a record; `()` where someone else does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry<R = Box<RawValue>> {
    /// A record of an audit source with the alerts that it raised.
    Event(Event<R>),
    /// A record that could not be read.
    Rejected(Rejected),
    /// What a source did in one minute.
    Status(SourceStatus),
    /// A person decided about a finding.
    Decision(Decision),
    /// From now on these rules judge.
    Rules(RulesLoaded),
    /// Our own administration: sign-in, token, export, configuration.
    Administration(Administration),
    /// The service started, after cutting `bytes_cut` of a torn final block.
    Start(Start),
    /// What happened on a node, without any rule.
    Activity(Activity),
    /// A harmless act was planted, and told of or not.
    Canary(Canary),
    /// Entries that a node numbered never came.
    Hole(Hole),
}

impl<R> Entry<R> {
    /// Returns the word for its kind, as it stands in the trail.
    pub fn kind(&self) -> &'static str {
        match self {
            Entry::Event(_) => "event",
            Entry::Rejected(_) => "rejected",
            Entry::Status(_) => "status",
            Entry::Decision(_) => "decision",
            Entry::Rules(_) => "rules",
            Entry::Administration(_) => "administration",
            Entry::Start(_) => "start",
            Entry::Activity(_) => "activity",
            Entry::Canary(_) => "canary",
            Entry::Hole(_) => "hole",
        }
    }

    /// Returns its time: of receipt, of the act, or the start of the minute by our clock; of
    /// activity by the clock of its node.
    pub fn time(&self) -> Time {
        match self {
            Entry::Event(event) => event.received,
            Entry::Rejected(rejected) => rejected.received,
            Entry::Status(status) => status.minute,
            Entry::Decision(decision) => decision.time,
            Entry::Rules(loaded) => loaded.time,
            Entry::Administration(act) => act.time,
            Entry::Start(start) => start.time,
            Entry::Activity(activity) => activity.until,
            Entry::Canary(canary) => canary.time,
            Entry::Hole(hole) => hole.until,
        }
    }

    /// Returns when what it tells of happened, by the clock of where that was; never later than it
    /// was received. Nothing if it does not say.
    pub fn happened(&self) -> Option<Time> {
        match self {
            Entry::Event(event) => Some(event.time.min(event.received)),
            Entry::Rejected(_) => None,
            entry => Some(entry.time()),
        }
    }
}

/// A record, exactly as received, with the alerts that it raised.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event<R = Box<RawValue>> {
    /// Source name.
    pub source: String,
    /// Event time, by the sender's clock.
    pub time: Time,
    /// Receipt time, by ours.
    pub received: Time,
    /// Stable id within the source, which duplicates share (`auditID/stage`).
    pub id: String,
    /// Alerts, in rule order. Usually empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
    /// Exact bytes received (valid JSON). The last member, so that a writer can add it.
    pub raw: R,
}

impl<R> Entry<R> {
    /// Takes the bytes of a record out.
    pub fn split(self) -> (Entry<()>, Option<R>) {
        let entry = match self {
            Entry::Event(event) => {
                let Event { source, time, received, id, alerts, raw } = event;
                let event = Event { source, time, received, id, alerts, raw: () };
                return (Entry::Event(event), Some(raw));
            }
            Entry::Rejected(rejected) => Entry::Rejected(rejected),
            Entry::Status(status) => Entry::Status(status),
            Entry::Decision(decision) => Entry::Decision(decision),
            Entry::Rules(loaded) => Entry::Rules(loaded),
            Entry::Administration(act) => Entry::Administration(act),
            Entry::Start(start) => Entry::Start(start),
            Entry::Activity(activity) => Entry::Activity(activity),
            Entry::Canary(canary) => Entry::Canary(canary),
            Entry::Hole(hole) => Entry::Hole(hole),
        };
        (entry, None)
    }
}

/// A record that was refused; the service went on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rejected {
    /// Source name.
    pub source: String,
    /// Which instance; absent in entries of before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Receipt time.
    pub received: Time,
    /// What was wrong, for a person.
    pub reason: String,
    /// SHA-256 of the refused bytes, hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
    /// The first bytes (at most 512), lossy UTF-8.
    pub excerpt: String,
}

/// What a source did in one minute. A minute without one is a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Source name.
    pub source: String,
    /// Which instance: listener, file or node.
    pub instance: String,
    /// Start of the minute, by our clock.
    pub minute: Time,
    /// Records taken in that minute.
    pub records: u64,
    /// Of these, refused.
    pub rejected: u64,
    /// Of these, duplicates of earlier ones.
    pub duplicates: u64,
    /// Known to be lost.
    pub lost: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Newest event time seen so far.
    pub newest: Option<Time>,
    /// Whether the source was able to receive for the whole minute.
    pub connected: bool,
    /// Hash of the rules that judged, hex.
    pub rules: String,
    /// Why not connected or what was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How a node was watched; only of the source `syscall`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Box<SensorStatus>>,
}

/// A rule set came into force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulesLoaded {
    /// When.
    pub time: Time,
    /// SHA-256 over all rule files in load order, hex.
    pub hash: String,
    /// Files with their own hashes.
    pub files: Vec<(String, String)>,
    /// Names of enabled rules, by source.
    pub rules: Vec<(String, String)>,
    /// Who approved this version, if anyone did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// Something done to Sockeye itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Administration {
    /// When.
    pub time: Time,
    /// The person or token.
    pub actor: String,
    /// `sign_in`, `token_created`, `report_exported` …
    pub act: String,
    /// What it was done to.
    #[serde(default)]
    pub object: String,
    /// More, for a person.
    #[serde(default)]
    pub detail: String,
    /// What it concerned, where that is something watched.
    #[serde(default)]
    pub subject: Subject,
}

/// The service started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// When.
    pub time: Time,
    /// Version of this program.
    pub version: String,
    /// Bytes of a torn final block that were cut.
    pub bytes_cut: u64,
    /// Time of the last entry before the start; between it and `time` nothing was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Time>,
}
