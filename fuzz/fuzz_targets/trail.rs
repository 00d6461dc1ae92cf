//! Anything may stand in a trail's files: reading them neither panics nor takes memory without
//! bound, and whatever is believed hashes to what it says.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trail::{Block, Proof, Verifier, merkle};

/// A key whose secret is gone: what it is said to have signed is read, and believed only when it
/// did.
const KEY: &str = "default+daeb1bf5+AQmMukZMhLfmDAq75fCySaNqjatHWJsozrzwMIWWdrjC";
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| KEY.parse().expect("it is a key"));

/// Makes a block's magic and checksum right, so that what lies behind them is reached.
fn mended(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.resize(bytes.len().max(trail::block::HEAD_LEN), 0);
    bytes[..4].copy_from_slice(b"SKB1");
    let stored = (bytes.len() - trail::block::HEAD_LEN) as u32;
    bytes[16..20].copy_from_slice(&stored.to_le_bytes());
    let crc = crc32fast::hash(&bytes[8..]);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn read(bytes: &[u8]) {
    let Ok(block) = Block::decode(bytes) else { return };
    assert_eq!(block.entries().count(), block.len() as usize);
    assert_eq!(block.keys().count(), block.head.keys as usize);
    let leaves = block.leaves();
    assert_eq!(leaves.len(), block.len() as usize + 1);
    let root = merkle::root(&leaves);
    let count = leaves.len() as u64;
    let Ok(path) = merkle::inclusion(&leaves[..], count - 1, count);
    assert_eq!(merkle::included(leaves[leaves.len() - 1], count - 1, count, &path), Some(root));
}

fuzz_target!(|data: &[u8]| {
    read(data);
    read(&mended(data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(position) = text.parse::<trail::Position>() {
        assert_eq!(position.to_string(), text);
    }
    if let Ok(checkpoint) = VERIFIER.open(text) {
        assert!(text.starts_with(&checkpoint.body()), "what is believed is what was signed");
    }
    if let Ok(verifier) = text.parse::<Verifier>() {
        assert_eq!(verifier.to_string(), text);
        let _ = verifier.open(text);
    }
    if let Ok(proof) = serde_json::from_str::<Proof>(text) {
        let verifier = "example.org/trail+00000000+AQ==".parse::<Verifier>();
        assert!(verifier.is_err());
        let _ = merkle::included([0; 32], proof.position.block, u64::MAX, &proof.log_path);
    }
});
