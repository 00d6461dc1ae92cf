//! Questions and answers.

use control::evidence::{Actor, Exit, Item, Kind, Line, Phase, SessionId, SourceStatus};
use event::{Severity, Time};
use finding::{Alert, Decision, FindingId, Status};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trail::Position;

/// One page of a longer list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, as given to the next call; none at the end.
    pub next: Option<String>,
}

/// Which findings are wanted. An empty list asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Any of these states.
    pub status: Vec<Status>,
    /// Any of these severities.
    pub severity: Vec<Severity>,
    /// This rule.
    pub rule: Option<String>,
    /// This source.
    pub source: Option<String>,
    /// Bearing on this criterion.
    pub criterion: Option<String>,
    /// These words in rule or subject, in any case.
    pub text: Option<String>,
}

/// Which alerts are wanted. An empty list asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Any of these severities.
    pub severity: Vec<Severity>,
    /// This rule.
    pub rule: Option<String>,
    /// This source.
    pub source: Option<String>,
    /// Bearing on this criterion.
    pub criterion: Option<String>,
    /// This text in rule, output or subject, in any case.
    pub text: Option<String>,
}

/// Place of one alert: its entry, and its number among the entry's alerts. Printed `12.3.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertPosition {
    /// The entry.
    pub entry: Position,
    /// Number of the alert.
    pub alert: u32,
}

/// Which activity is wanted. What is not set asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// On this node.
    pub node: Option<String>,
    /// In this namespace.
    pub namespace: Option<String>,
    /// In this pod.
    pub pod: Option<String>,
    /// In this container: its id, or the first twelve letters of it.
    pub container: Option<String>,
    /// By this user, or whoever logged in as this user: a name or a number.
    pub user: Option<String>,
    /// In this interactive session.
    pub session: Option<SessionId>,
    /// Any of these kinds.
    pub kind: Vec<Kind>,
    /// With this text in the command, path or address, in any case.
    pub text: Option<String>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

/// Time between two runs of a node's watch, by the node's clock: nothing was watched in it, and
/// what the run before had gathered and not told is missing of before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// The node.
    pub node: String,
    /// Until when it was watched before; none where nothing is known of before.
    pub since: Option<Time>,
    /// Since when activity may be missing; not later than `since`.
    pub activity: Option<Time>,
    /// Since when counts of connections may be missing; not later than `since`.
    pub connections: Option<Time>,
    /// When it was watched again.
    pub until: Time,
    /// The status that says so first.
    pub position: Position,
}

/// In which order activity is listed: that of the trail, and of time within an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Place of an item of activity: its entry, and its number in it. Printed `12.3.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityPosition {
    /// The entry.
    pub entry: Position,
    /// Number of the item.
    pub item: u32,
}

/// Something that was done, by whom, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityItem {
    /// Where.
    pub position: ActivityPosition,
    /// Node that it was done on.
    pub node: String,
    /// Start of the node.
    pub boot: String,
    /// Who did it.
    pub actor: Actor,
    /// When first.
    pub first: Time,
    /// When last.
    pub last: Time,
    /// What.
    pub item: Item,
}

/// Which sessions are wanted. What is not set asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// On this node.
    pub node: Option<String>,
    /// In this namespace.
    pub namespace: Option<String>,
    /// In this pod.
    pub pod: Option<String>,
    /// In this container: its id, or the first twelve letters of it.
    pub container: Option<String>,
    /// By this user, or whoever logged in as this user: a name or a number.
    pub user: Option<String>,
    /// Under way then or later.
    pub from: Option<Time>,
    /// Begun before.
    pub until: Option<Time>,
}

/// An interactive session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionItem {
    /// Its id.
    pub id: String,
    /// Node that it was on.
    pub node: String,
    /// Process that began it.
    pub leader: u32,
    /// Its name.
    pub process: String,
    /// Who, and where.
    pub actor: Actor,
    /// Whether its beginning was seen.
    pub phase: Phase,
    /// Terminal.
    pub terminal: Option<String>,
    /// Names of the processes that it came through, nearest first.
    pub via: Vec<String>,
    /// When it began or was found.
    pub began: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// When something was last done in it.
    pub newest: Time,
    /// Commands executed in it.
    pub commands: u64,
    /// Entry that told of it first.
    pub position: Position,
}

/// An alert and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertItem {
    /// Where.
    pub position: AlertPosition,
    /// Finding it belongs to.
    pub finding: FindingId,
    /// The alert.
    pub alert: Alert,
}

/// An alert with the event that raised it and its place in the log.
#[derive(Debug, Serialize)]
pub struct AlertDetail {
    /// Where.
    pub position: AlertPosition,
    /// Finding it belongs to.
    pub finding: FindingId,
    /// The alert.
    pub alert: Alert,
    /// Receipt time.
    pub received: Time,
    /// Stable id of the event within its source.
    pub id: String,
    /// The event, exactly as received.
    pub event: Box<RawValue>,
    /// Root over the block's entries, hex.
    pub block_root: String,
    /// The signed checkpoint of the block's commit.
    pub checkpoint: String,
}

/// Any entry of the trail, and what it stands under.
#[derive(Debug)]
pub struct TrailEntry {
    /// Where.
    pub position: Position,
    /// What is kept.
    pub line: Line,
    /// The entry's bytes, exactly as they are hashed: JSON text.
    pub text: String,
    /// Entries in its block.
    pub entries: u32,
    /// Root over the block's entries, hex.
    pub block_root: String,
    /// The signed checkpoint of the block's commit.
    pub checkpoint: String,
}

/// A decision and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionItem {
    /// Where.
    pub position: Position,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
}

/// A source instance in total.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceItem {
    /// Source name.
    pub source: String,
    /// Instance.
    pub instance: String,
    /// Its newest status.
    pub last: Placed<SourceStatus>,
    /// Minute of its first status.
    pub since: Time,
    /// Minutes with a status and connected.
    pub minutes: u64,
    /// Totals over all statuses.
    pub records: u64,
    /// Of these, refused.
    pub rejected: u64,
    /// Of these, duplicates.
    pub duplicates: u64,
    /// Known to be lost.
    pub lost: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Newest gaps, newest first, at most [`GAPS_LEN_MAX`].
    pub gaps: Vec<Gap>,
}

/// Most gaps told of one source at once.
pub const GAPS_LEN_MAX: usize = 100;

/// A span in which a source was not able to receive, as far as its statuses tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// First minute.
    pub from: Time,
    /// First minute after; none if it lasts to the asked end.
    pub until: Time,
    /// Why, where a status says so; `no status` otherwise.
    pub reason: String,
}

/// Counts of a period.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Alerts by hour and severity, oldest first; hours without any are left out.
    pub hours: Vec<HourCount>,
    /// Findings by status and severity, now.
    pub findings: Vec<FindingCount>,
    /// Rules with most alerts in the period, at most 20.
    pub rules: Vec<RuleCount>,
    /// Records received in the period, by source.
    pub records: Vec<(String, u64)>,
}

/// Alerts of one hour and severity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HourCount {
    /// Start of the hour, by receipt.
    pub hour: Time,
    /// Severity.
    pub severity: Severity,
    /// How many.
    pub alerts: u64,
}

/// Findings of one status and severity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingCount {
    /// Status.
    pub status: Status,
    /// Severity.
    pub severity: Severity,
    /// How many.
    pub findings: u64,
}

/// Alerts of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleCount {
    /// Rule name.
    pub rule: String,
    /// How many.
    pub alerts: u64,
}

/// An item of a list with its place in the trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Placed<T> {
    /// Where.
    pub position: Position,
    /// What.
    pub entry: T,
}

/// How large trail and projection are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Blocks in the trail.
    pub blocks: u64,
    /// Bytes of its segments.
    pub trail_bytes: u64,
    /// Bytes of the projection.
    pub projection_bytes: u64,
    /// The newest signed checkpoint.
    pub checkpoint: Option<String>,
    /// The key that checks it, in the form of C2SP signed notes.
    pub verifier_key: String,
}

impl std::fmt::Display for AlertPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.entry, self.alert)
    }
}

impl std::str::FromStr for AlertPosition {
    type Err = trail::PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The last part is read as an entry number, which has the same spelling.
        let (entry, alert) = text.rsplit_once('.').unwrap_or((text, ""));
        let alert = format!("0.{alert}").parse::<Position>()?.entry;
        Ok(AlertPosition { entry: entry.parse()?, alert })
    }
}

impl Serialize for AlertPosition {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AlertPosition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for ActivityPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        AlertPosition { entry: self.entry, alert: self.item }.fmt(f)
    }
}

impl std::str::FromStr for ActivityPosition {
    type Err = trail::PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place: AlertPosition = text.parse()?;
        Ok(ActivityPosition { entry: place.entry, item: place.alert })
    }
}
