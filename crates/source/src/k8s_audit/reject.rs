//! What could not be taken as an audit event, and why. Refused bytes are not kept: their number, a
//! hash and the beginning are.

use sha2::{Digest, Sha256};

use super::EVENT_BYTES_MAX;
use crate::json::check::Fault;

/// Bytes of a refused stretch that are kept to look at.
pub const EXCERPT_BYTES_MAX: usize = 512;

/// Why something is no audit event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing that JSON could begin with stands there, or its brackets do not match.
    #[error("text is not JSON")]
    NotJson,
    /// The stream or the line ended within it.
    #[error("JSON ends before its last bracket is closed")]
    EndsEarly,
    /// The text is not to the letter of JSON.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A list or an array holds something else.
    #[error("an element is not an object")]
    NotAnObject,
    /// It says it is something else, or nothing.
    #[error("`kind` is neither `Event` nor `EventList`")]
    NotAnEvent,
    /// It is longer than any event.
    #[error("event is longer than {EVENT_BYTES_MAX} bytes")]
    TooLong,
    /// It does not say when it happened.
    #[error("`stageTimestamp` is missing, or no time from 1678 to 2261")]
    NoTime,
}

/// A refused stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub reason: Reason,
    /// How many bytes it had.
    pub bytes: u64,
    /// SHA-256 over them.
    pub sha256: [u8; 32],
    /// The first of them.
    pub excerpt: Vec<u8>,
}

impl Reject {
    /// Refuses bytes that are at hand as a whole.
    pub fn of(bytes: &[u8], reason: Reason) -> Reject {
        let mut refusal = Refusal::new(reason);
        refusal.add(bytes);
        refusal.end()
    }
}

/// A refused stretch that has not ended yet.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    bytes: u64,
    hash: Sha256,
    excerpt: Vec<u8>,
}

impl Refusal {
    pub(super) fn new(reason: Reason) -> Refusal {
        Refusal { reason, bytes: 0, hash: Sha256::new(), excerpt: Vec::new() }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        let room = EXCERPT_BYTES_MAX - self.excerpt.len();
        self.excerpt.extend_from_slice(&bytes[..room.min(bytes.len())]);
    }

    pub(super) fn end(self) -> Reject {
        Reject {
            reason: self.reason,
            bytes: self.bytes,
            sha256: self.hash.finalize().into(),
            excerpt: self.excerpt,
        }
    }
}
