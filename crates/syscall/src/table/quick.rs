//! A quick hash for numbers that the kernel chooses.

use std::hash::{BuildHasher, Hasher};

/// Makes hashes of single numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quick;

/// A hash under way.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickHash(u64);

impl BuildHasher for Quick {
    type Hasher = QuickHash;

    fn build_hasher(&self) -> QuickHash {
        QuickHash(0)
    }
}

impl Hasher for QuickHash {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
        self.0 = (self.0 ^ number).wrapping_mul(MULTIPLIER);
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits as well as at the lower ones.
        self.0 ^ self.0 >> 32
    }
}
