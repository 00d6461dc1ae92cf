//! Hashes as people see them.

use serde::{Deserialize, Deserializer, Serializer};

use crate::merkle::Hash;

/// Returns the lower-case hex form.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads 64 hex digits.
pub fn decode(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(hash)
}

/// Serde for one hash.
pub mod one {
    use super::*;

    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(hash))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| serde::de::Error::custom("a hash has 64 hex digits"))
    }
}

/// Serde for a path of hashes.
pub mod path {
    use super::*;

    pub fn serialize<S: Serializer>(path: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(path.iter().map(|hash| encode(hash)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let hashes: Option<Vec<Hash>> = texts.iter().map(|text| decode(text)).collect();
        hashes.ok_or_else(|| serde::de::Error::custom("a hash has 64 hex digits"))
    }
}
