//! A rule's output line, cut into literal text and terms to fill in.

use crate::expr::Term;

/// An output line, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Whether a leading `*` stood there. Falco prints `<NA>` for absent fields in rule output
    /// either way; elsewhere its absence means: no value, no line.
    pub lenient: bool,
    /// Pieces in order.
    pub pieces: Vec<Piece>,
    /// What `output_fields` holds, in order of first mention: plain fields only, also those
    /// inside transformers, each once, with their printed form as key.
    pub fields: Vec<(String, Term)>,
}

/// A stretch of an output line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Printed as it is.
    Text(String),
    /// Replaced by the value of a term, `<NA>` when absent.
    Term {
        /// What to read.
        term: Term,
        /// Cut or filled with blanks to this many bytes, `%20proc.name`; 0 leaves it as it is.
        width: usize,
    },
}

/// The output line is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OutputError {
    /// Byte offset in the line where reading stopped.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}
