//! How evidence travels from a node to a server, as both ends write and read it: batches of
//! numbered trail lines, their receipts, and how a node joins. Moves no bytes and keeps no secret.

mod join;

use event::Time;
use serde::{Deserialize, Serialize};

pub use join::{JoinError, JoinRequest, JoinToken, Joined, RenewRequest, is_node_name};

/// Version of all that is said here.
pub const VERSION: u8 = 1;
/// Name that the server's certificate for nodes is made out to, wherever it is reached.
pub const SERVER_NAME: &str = "server.sockeye.internal";
/// Source of what nodes ship.
pub const SOURCE: &str = "syscall";
/// Longest line of a batch, without its number.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Longest batch, before it is compressed.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Lines of a batch.
pub const BATCH_LEN_MAX: usize = 4096;
/// Longest name of a stream.
pub const STREAM_BYTES_MAX: usize = 64;
/// Refused lines that a receipt tells of.
pub const REASONS_LEN_MAX: usize = 10;

/// First line of a batch; the others are a number, a space and a trail line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`VERSION`] at the time of writing.
    pub v: u8,
    /// Stream that the numbers belong to.
    pub stream: String,
    /// When it was sent, by the node's clock.
    pub sent: Time,
    /// Version of the program that sent it.
    pub agent: String,
}

/// What became of a batch. All that is counted here is durable, and may be forgotten by the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`VERSION`] at the time of writing.
    pub v: u8,
    /// Entries kept.
    pub accepted: u64,
    /// Entries that had been kept before.
    pub duplicates: u64,
    /// Entries refused.
    pub refused: u64,
    /// The first of these.
    #[serde(default)]
    pub reasons: Vec<Refused>,
    /// When the batch came, by the server's clock.
    pub received: Time,
    /// When this was written, by the same.
    pub answered: Time,
}

/// An entry that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its number.
    pub number: u64,
    /// Why.
    pub reason: String,
}

/// Why a batch cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum BatchError {
    #[error("the batch has no head: {0}")]
    Head(String),
    #[error("the batch is of version {0}; this server speaks {VERSION}")]
    Version(u8),
    #[error("the stream needs a name of 1 to {STREAM_BYTES_MAX} letters, digits and `-`")]
    Stream,
    #[error("line {0} of the batch has no number that is higher than the one before")]
    Number(usize),
    #[error("line {0} of the batch is longer than {LINE_BYTES_MAX} bytes")]
    Long(usize),
    #[error("the batch has more than {BATCH_LEN_MAX} lines")]
    Lines,
}

/// A batch that was read: its head, and lines with their numbers, rising.
pub type Batch<'b> = (Head, Vec<(u64, &'b [u8])>);

impl Head {
    /// Begins a batch: the lines follow by [`add`].
    pub fn begin(&self) -> Vec<u8> {
        let mut body = serde_json::to_vec(self).unwrap_or_default();
        body.push(b'\n');
        body
    }
}

/// Adds a numbered line to a batch.
pub fn add(body: &mut Vec<u8>, number: u64, line: &[u8]) {
    body.extend_from_slice(number.to_string().as_bytes());
    body.push(b' ');
    body.extend_from_slice(line);
    body.push(b'\n');
}

/// Reads a batch. What its lines say is looked at by whoever keeps them.
pub fn read(body: &[u8]) -> Result<Batch<'_>, BatchError> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let mut lines = body.split(|byte| *byte == b'\n');
    let head = lines.next().unwrap_or_default();
    let head: Head =
        serde_json::from_slice(head).map_err(|error| BatchError::Head(error.to_string()))?;
    if head.v != VERSION {
        return Err(BatchError::Version(head.v));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let length = head.stream.len();
    if length == 0 || length > STREAM_BYTES_MAX || !head.stream.bytes().all(plain) {
        return Err(BatchError::Stream);
    }
    let (mut numbered, mut before) = (Vec::new(), 0);
    for (at, line) in (2..).zip(lines) {
        let (number, line) = split(line).ok_or(BatchError::Number(at))?;
        if number <= before || number > i64::MAX as u64 {
            return Err(BatchError::Number(at));
        }
        if line.len() > LINE_BYTES_MAX {
            return Err(BatchError::Long(at));
        }
        if numbered.len() == BATCH_LEN_MAX {
            return Err(BatchError::Lines);
        }
        before = number;
        numbered.push((number, line));
    }
    Ok((head, numbered))
}

/// Returns the run of an agent that a stream is of: what its name has before the last `-`. Later
/// runs of a node sort after earlier ones.
pub fn run_of(stream: &str) -> &str {
    stream.rsplit_once('-').map_or(stream, |(run, _)| run)
}

/// Splits a line into its number and the rest.
pub fn split(line: &[u8]) -> Option<(u64, &[u8])> {
    let space = line.iter().take(21).position(|byte| *byte == b' ')?;
    let (number, rest) = line.split_at(space);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some((number, &rest[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 1 sends and answers; both stay readable.
    const BATCH_V1: &str = include_str!("shipment/frozen/batch-v1.txt");
    const RECEIPT_V1: &str = include_str!("shipment/frozen/receipt-v1.json");

    fn head() -> Head {
        let sent = "2026-11-22T12:00:00Z".parse().unwrap();
        Head { v: VERSION, stream: "0190-finding".into(), sent, agent: "0.1.0".into() }
    }

    #[test]
    fn a_batch_of_version_1_is_read_and_written_as_it_was() {
        let (read_head, lines) = read(BATCH_V1.as_bytes()).unwrap();
        assert_eq!(read_head, head());
        let mut again = head().begin();
        for (number, line) in &lines {
            add(&mut again, *number, line);
        }
        assert_eq!(String::from_utf8(again).unwrap(), BATCH_V1);
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 5]);
    }

    #[test]
    fn a_receipt_of_version_1_is_read_and_written_as_it_was() {
        let receipt: Receipt = serde_json::from_str(RECEIPT_V1).unwrap();
        assert_eq!((receipt.accepted, receipt.refused, receipt.reasons.len()), (2, 1, 1));
        assert_eq!(serde_json::to_string(&receipt).unwrap() + "\n", RECEIPT_V1);
    }

    #[test]
    fn what_is_wrong_with_a_batch_is_told() {
        let begun = String::from_utf8(head().begin()).unwrap();
        for (text, told) in [
            (String::new(), "no head"),
            (begun.replace("\"v\":1", "\"v\":2"), "version 2"),
            (begun.replace("0190-finding", "a b"), "the stream needs a name"),
            (format!("{begun}{{}}\n"), "line 2"),
            (format!("{begun}7 {{}}\n7 {{}}\n"), "line 3"),
            (format!("{begun}0 {{}}\n"), "line 2"),
            (format!("{begun}18446744073709551615 {{}}\n"), "line 2"),
            (format!("{begun}1 {}\n", "x".repeat(LINE_BYTES_MAX + 1)), "line 2"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let many: String =
            (1..=BATCH_LEN_MAX + 1).map(|number| format!("{number} {{}}\n")).collect();
        assert_eq!(read(format!("{begun}{many}").as_bytes()), Err(BatchError::Lines));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let _ = read(&bytes);
            let _ = read(&[head().begin(), bytes].concat());
        }
    }
}
