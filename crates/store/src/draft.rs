//! An entry made ready for the trail, off the writer's thread.

use control::evidence::{Entry, Event, Origin, VERSION};
use control::shipment::SOURCE;
use event::Time;
use finding::FindingId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::activity::node_key;

/// Keys of entries that are no events, so that each kind is found without reading the others.
/// Keys of findings and rules are hashes; that one of them equals a kind's is as likely as 2⁻⁶⁰.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
#[allow(missing_docs, reason = "the names are those of `Entry`")]
pub enum Kind {
    Rejected = 1,
    Status = 2,
    Decision = 3,
    Rules = 4,
    Administration = 5,
    Start = 6,
    Activity = 7,
    Canary = 8,
    Hole = 9,
}

/// Room made for a line besides its record.
const LINE_BYTES: usize = 1536;

/// What tells an event from another: its source, its time, and a hash of its stable id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Source name.
    pub source: String,
    /// Event time.
    pub time: Time,
    /// First eight bytes of the SHA-256 of the id.
    pub hash: i64,
}

impl Identity {
    /// Returns the identity of an event of `source` at `time` with the stable id `id`.
    pub fn of(source: &str, time: Time, id: &str) -> Identity {
        let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        let hash = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
        Identity { source: source.to_owned(), time, hash }
    }

    /// Returns the identity of an entry that may be delivered again.
    pub(crate) fn of_entry<R>(entry: &Entry<R>) -> Option<Identity> {
        match entry {
            Entry::Event(event) => Some(Identity::of(&event.source, event.time, &event.id)),
            Entry::Activity(one) => Some(Identity::of(SOURCE, one.until, &one.id())),
            _ => None,
        }
    }
}

/// What tells an entry from another, if anything does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark<'a> {
    /// Its number in a node's stream, when it happened, and when it was kept.
    Number(&'a Origin, Option<Time>, Time),
    /// The event that it is.
    Event(&'a Identity),
    /// Nothing: it cannot come twice.
    None,
}

impl<'a> Mark<'a> {
    pub(crate) fn of<R>(
        entry: &Entry<R>,
        from: Option<&'a Origin>,
        identity: Option<&'a Identity>,
    ) -> Mark<'a> {
        match (from, identity) {
            (Some(from), _) => Mark::Number(from, entry.happened(), entry.time()),
            (None, Some(identity)) => Mark::Event(identity),
            (None, None) => Mark::None,
        }
    }
}

/// An entry ready to be committed: the bytes that the trail will keep and the keys it is found by.
/// Making one costs more than writing it, and may be done on any thread.
#[derive(Debug)]
pub struct Draft {
    pub(crate) entry: Entry<()>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) keys: Vec<u64>,
    pub(crate) identity: Option<Identity>,
    pub(crate) findings: Vec<FindingId>,
    pub(crate) from: Option<Origin>,
}

#[derive(Serialize)]
struct LineRef<'a> {
    v: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a Origin>,
    entry: &'a Entry<()>,
}

impl Draft {
    /// Makes an entry ready.
    pub fn new(entry: Entry) -> Draft {
        let (entry, raw) = entry.split();
        Draft::make(entry, raw.as_ref().map(|raw| raw.get().as_bytes()), None)
    }

    /// Makes an entry ready that a node shipped. Its number tells it from others.
    pub fn shipped(entry: Entry, from: Origin) -> Draft {
        let (entry, raw) = entry.split();
        Draft::make(entry, raw.as_ref().map(|raw| raw.get().as_bytes()), Some(from))
    }

    /// Makes a record ready. `raw` are its bytes, which were found to be valid JSON: they go in as
    /// they are.
    pub fn event(event: Event<()>, raw: &[u8]) -> Draft {
        Draft::make(Entry::Event(event), Some(raw), None)
    }

    fn make(entry: Entry<()>, raw: Option<&[u8]>, from: Option<Origin>) -> Draft {
        let bytes = line(&entry, raw, from.as_ref());
        let findings: Vec<FindingId> = match &entry {
            Entry::Event(event) => event.alerts.iter().map(FindingId::of).collect(),
            _ => Vec::new(),
        };
        let identity = Identity::of_entry(&entry);
        let keys = keys(&entry, &findings);
        Draft { entry, bytes, keys, identity, findings, from }
    }

    /// Returns what tells it from others.
    pub(crate) fn mark(&self) -> Mark<'_> {
        Mark::of(&self.entry, self.from.as_ref(), self.identity.as_ref())
    }

    /// Returns the entry.
    pub fn entry(&self) -> &Entry<()> {
        &self.entry
    }

    /// Returns the length of the bytes that the trail will keep.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// An entry is never empty; clippy wants to be able to ask.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Writes the line of an entry.
fn line(entry: &Entry<()>, raw: Option<&[u8]>, from: Option<&Origin>) -> Vec<u8> {
    // What stands for the bytes of a record, and the end of the line.
    const NO_RAW: &[u8] = b"null}}}";
    let mut bytes = Vec::with_capacity(LINE_BYTES + raw.map_or(0, <[u8]>::len));
    serde_json::to_writer(&mut bytes, &LineRef { v: VERSION, from, entry })
        .expect("an entry has string keys and no failing serializer");
    if let Some(raw) = raw {
        debug_assert!(bytes.ends_with(NO_RAW));
        bytes.truncate(bytes.len() - NO_RAW.len());
        bytes.extend_from_slice(raw);
        bytes.extend_from_slice(b"}}}");
    }
    bytes
}

/// Returns the key under which alerts of a rule are found.
pub fn rule_key(rule: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"rule\0");
    hash.update(rule.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn keys(entry: &Entry<()>, findings: &[FindingId]) -> Vec<u64> {
    let mut keys = match entry {
        Entry::Event(event) => {
            let rules = event.alerts.iter().map(|alert| rule_key(&alert.rule));
            rules.chain(findings.iter().map(FindingId::key)).collect()
        }
        Entry::Rejected(_) => vec![Kind::Rejected as u64],
        Entry::Status(_) => vec![Kind::Status as u64],
        Entry::Decision(decision) => vec![Kind::Decision as u64, decision.finding.key()],
        Entry::Rules(_) => vec![Kind::Rules as u64],
        Entry::Administration(_) => vec![Kind::Administration as u64],
        Entry::Start(_) => vec![Kind::Start as u64],
        Entry::Activity(one) => vec![Kind::Activity as u64, node_key(&one.node)],
        Entry::Canary(_) => vec![Kind::Canary as u64],
        Entry::Hole(_) => vec![Kind::Hole as u64],
    };
    keys.sort_unstable();
    keys.dedup();
    keys
}
