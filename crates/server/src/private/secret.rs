//! Random secrets and their hashes.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A secret on its way to its owner; printed by nothing but [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a new one of 244 random bits: two version-4 UUIDs, taken from the system's generator.
    pub fn random() -> Secret {
        let halves = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()];
        Secret(URL_SAFE_NO_PAD.encode(halves.concat()))
    }

    /// Takes a secret that a caller presented.
    pub fn presented(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// Returns the text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns its SHA-256, which is all that is kept.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Compares with a kept hash in a time that does not depend on where they differ.
    pub fn matches(&self, kept: &[u8]) -> bool {
        let hash = self.hash();
        let differing = hash.iter().zip(kept).fold(0, |all, (left, right)| all | (left ^ right));
        kept.len() == hash.len() && std::hint::black_box(differing) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
