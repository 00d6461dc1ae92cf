//! Append-only segments of blocks and the Merkle log over them: append, read, prove, verify.
//! Knows bytes only: no domain, no SQL, no clock.
//!
//! ```text
//! trail/segments/<first block>.seg   blocks, each one group commit          the truth
//!       segments/<first block>.idx   where its keys and blocks stand        made from it
//!       tile/…                       the Merkle log over block roots        made from it
//!       checkpoint                   the newest signed state of the log
//!       vkey                         the key that checks it
//! ```
//!
//! What always holds: checkpoint ≤ durable end; a block once durable never changes; each block
//! carries the signature of the log up to it.

pub mod block;
mod disk;
pub mod failpoint;
mod hex;
mod index;
pub mod merkle;
mod note;
mod position;
mod proof;
mod reader;
mod recovery;
mod segment;
mod tile;
mod trail;
mod verify;

pub use block::{BLOCK_BYTES_MAX, BLOCK_ENTRIES_MAX, BLOCK_KEYS_MAX, Block, ENTRY_BYTES_MAX};
pub use note::{Checkpoint, KeyError, NoteError, Verifier};
pub use position::{Position, PositionError};
pub use proof::{Proof, ProofError};
pub use reader::{ReadError, Reader};
pub use recovery::{OpenError, Options, Recovery};
pub use segment::{SEGMENT_BLOCKS_MAX, SEGMENT_BYTES_MAX, SEGMENT_KEYS_MAX};
pub use trail::{AppendError, Committed, Condition, Trail};
pub use verify::{Fault, Verification, Verify, Witness, verify};
