//! What a verification proved, in plain sentences.

use super::Verification;

impl Verification {
    /// Tells whether everything is as it was written.
    pub fn sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Returns what was proved, a sentence each. Empty when anything is wrong.
    pub fn proved(&self) -> Vec<String> {
        if !self.sound() {
            return Vec::new();
        }
        if self.blocks == 0 {
            return vec!["The trail is empty.".into()];
        }
        let mut sentences = vec![
            format!(
                "All {} entries in {} blocks are, byte for byte, as they were when they were \
                 committed: each checksum, each block's root and each signature was recomputed.",
                self.entries, self.blocks
            ),
            format!(
                "The log over these blocks leads to the signed checkpoint of {} blocks: none was \
                 added, dropped, replaced or moved in it.",
                self.signed_blocks
            ),
        ];
        for witness in &self.witnesses {
            sentences.push(format!(
                "It continues the {} checkpoints in `{}`, the newest of {} blocks.",
                witness.checkpoints, witness.file, witness.newest
            ));
        }
        if self.live {
            sentences.push(
                "Entries are still being added; those after the checkpoint were not looked at."
                    .into(),
            );
        }
        sentences
    }

    /// Returns what was not proved, and what would prove it.
    pub fn unproved(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if !self.key_given && !self.verifier_key.is_empty() {
            sentences.push(format!(
                "The signatures were checked with the key found in the trail itself. Compare it \
                 with one that you were given by another way, or pass that with --key: {}",
                self.verifier_key
            ));
        }
        sentences.push(
            "Who holds the signing key could have written another history, or cut off the newest \
             end, and signed that. This rests on the operator's own key alone, as far as no \
             checkpoint was kept out of the operator's reach."
                .into(),
        );
        if !self.witnesses.is_empty() {
            sentences.push(
                "Who could change a witness file cannot be seen from here: one that the \
                 organisation keeps itself is operator-controlled."
                    .into(),
            );
        }
        sentences.push(
            "That entries are unchanged since they were committed does not show that they were \
             true, or complete, when they were."
                .into(),
        );
        sentences
    }
}
