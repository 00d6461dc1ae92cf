//! Append-only segments of blocks and the Merkle log over them: append, read, prove, verify.
//! Knows bytes only: no domain and no SQL.

pub mod failpoint;
pub mod merkle;
mod position;

pub use position::{Position, PositionError};

/// Why the trail could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("not yet")]
pub struct OpenError;
/// Why the trail could not be read.
#[derive(Debug, thiserror::Error)]
#[error("not yet")]
pub struct ReadError;
/// A handle for readers.
#[derive(Clone, Debug)]
pub struct Reader;
