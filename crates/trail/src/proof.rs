//! The proof that one entry stands in the log: entry → block root → log root → checkpoint.

use serde::{Deserialize, Serialize};

use crate::Position;
use crate::hex;
use crate::merkle::{self, Hash};
use crate::note::{Checkpoint, NoteError, Verifier};

/// A proof that can be checked offline, with the entry's bytes and the trail's verifier key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Where the entry stands.
    pub position: Position,
    /// Number of entries in its block. The block's tree has one leaf more: its label.
    pub entries: u32,
    /// From the entry to the block's root.
    #[serde(with = "hex::path")]
    pub path: Vec<Hash>,
    /// Root over the block, a leaf of the log.
    #[serde(with = "hex::one")]
    pub block_root: Hash,
    /// From the block's root to the log's.
    #[serde(with = "hex::path")]
    pub log_path: Vec<Hash>,
    /// The signed checkpoint with the log's root.
    pub checkpoint: String,
}

/// Why a proof was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum ProofError {
    #[error("the checkpoint is not believed")]
    Note(#[source] NoteError),
    #[error("the proof is longer than any tree is deep")]
    Long,
    #[error("the entry does not lead to the root of block {0}")]
    Entry(u64),
    #[error("block {0} does not lead to the signed root")]
    Block(u64),
}

impl Proof {
    /// Checks that `entry`, exactly these bytes, stands where the proof says. Returns the
    /// checkpoint under which it does.
    pub fn check(&self, entry: &[u8], verifier: &Verifier) -> Result<Checkpoint, ProofError> {
        if self.path.len().max(self.log_path.len()) > merkle::PROOF_LEN_MAX {
            return Err(ProofError::Long);
        }
        let checkpoint = verifier.open(&self.checkpoint).map_err(ProofError::Note)?;
        let Position { block, entry: index } = self.position;
        // The label is the last leaf, and is no entry.
        let leaves = u64::from(self.entries) + 1;
        let leaf = merkle::leaf(&[entry]);
        let root = merkle::included(leaf, index.into(), leaves, &self.path);
        if index >= self.entries || root != Some(self.block_root) {
            return Err(ProofError::Entry(block));
        }
        let leaf = merkle::leaf(&[&self.block_root]);
        let root = merkle::included(leaf, block, checkpoint.size, &self.log_path);
        if root != Some(checkpoint.root) {
            return Err(ProofError::Block(block));
        }
        Ok(checkpoint)
    }
}
