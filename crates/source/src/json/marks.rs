//! Where quotes and brackets stand in a block of JSON, and what of it lies within strings, found
//! for many bytes at once. Processors with AVX-512 look at 64 bytes at a time, those with AVX2 at
//! 32, all others at 16.

use wide::u8x16;

/// Bytes looked at together.
pub const BLOCK: usize = 64;
const LANES: usize = 16;

/// One bit a byte, the lowest for the first.
pub struct Marks {
    /// Double quotes.
    pub quotes: u64,
    /// Bytes behind an odd number of quotes, those included: within strings, were there no escapes.
    pub quoted: u64,
    /// Backslashes.
    pub backslashes: u64,
    /// `{` and `[`.
    pub opening: u64,
    /// `}` and `]`.
    pub closing: u64,
}

impl Marks {
    const NONE: Marks = Marks { quotes: 0, quoted: 0, backslashes: 0, opening: 0, closing: 0 };
}

/// Follows strings through text that comes block by block.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    /// The text so far ends within a string.
    pub open: bool,
    /// The last byte was a backslash that takes the next one with it.
    pub escaping: bool,
}

impl Strings {
    /// Returns which bytes lie within strings, opening quotes included, closing ones not.
    #[inline(always)]
    pub fn inside(&mut self, marks: &Marks) -> u64 {
        let quoted = if marks.backslashes == 0 && !self.escaping {
            marks.quoted
        } else {
            prefix_xor(marks.quotes & !self.escaped(marks.backslashes))
        };
        let inside = if self.open { !quoted } else { quoted };
        self.open = inside >> 63 == 1;
        inside
    }

    /// Returns which bytes a backslash took with it. A run of backslashes escapes itself in pairs.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let carried = u64::from(self.escaping);
        if backslashes == 0 {
            self.escaping = false;
            return carried;
        }
        // Adding a run to the bit behind it tells odd from even lengths (simdjson's method).
        let starts = backslashes & !carried;
        let series = ((starts << 1) | ODD).wrapping_sub(starts);
        let codes = series ^ ODD;
        let escaping = codes & backslashes;
        self.escaping = escaping >> 63 == 1;
        codes ^ (backslashes | carried)
    }
}

/// `[` and `{`, `]` and `}` differ in this one bit, and no other bytes fall on them.
const FOLD: u8 = 0x20;

/// What goes over the marks of block after block. A trait and no closure, because only what is
/// inlined as a whole is compiled for the processor's features.
pub trait Walk {
    /// Takes the marks of the next block; returns where in it the walk ends, if it does.
    fn block(&mut self, marks: &Marks) -> Option<usize>;
}

/// The widest lanes that the processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// 16 bytes.
    Narrow,
    /// 32 bytes, x86-64 with AVX2.
    #[cfg(target_arch = "x86_64")]
    Wide,
    /// 64 bytes, x86-64 with AVX-512.
    #[cfg(target_arch = "x86_64")]
    Whole,
}

impl Lanes {
    /// Returns the best that this processor has. The answer is kept by the standard library.
    #[inline(always)]
    pub fn best() -> Lanes {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("popcnt") {
            if is_x86_feature_detected!("avx512bw") {
                return Lanes::Whole;
            }
            if is_x86_feature_detected!("avx2") {
                return Lanes::Wide;
            }
        }
        Lanes::Narrow
    }

    /// Walks over blocks; returns how many bytes that took until the walk ended, if it did.
    #[inline(always)]
    pub fn walk(self, blocks: &[[u8; BLOCK]], walk: &mut impl Walk) -> Option<usize> {
        match self {
            Lanes::Narrow => walk_over(blocks, walk),
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor was asked")]
            // SAFETY: `Wide` only comes from `best`, which made sure of the features.
            Lanes::Wide => unsafe { avx2::walk_over(blocks, walk) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "the processor was asked")]
            // SAFETY: so does `Whole`.
            Lanes::Whole => unsafe { avx512::walk_over(blocks, walk) },
        }
    }
}

fn walk_over(blocks: &[[u8; BLOCK]], walk: &mut impl Walk) -> Option<usize> {
    let marks = |block: &[u8; BLOCK]| {
        let mut marks = Marks::NONE;
        let (lanes, _) = block.as_chunks::<LANES>();
        for (index, lane) in lanes.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            let folded = bytes | u8x16::splat(FOLD);
            let equal = |lane: u8x16, byte| {
                u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask()) << (index * LANES)
            };
            marks.quotes |= equal(bytes, b'"');
            marks.backslashes |= equal(bytes, b'\\');
            marks.opening |= equal(folded, b'{');
            marks.closing |= equal(folded, b'}');
        }
        marks.quoted = prefix_xor(marks.quotes);
        marks
    };
    for (index, block) in blocks.iter().enumerate() {
        if let Some(end) = walk.block(&marks(block)) {
            return Some(index * BLOCK + end);
        }
    }
    None
}

/// Sets each bit that has an odd number of set bits at or below it.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{BLOCK, FOLD, Marks, Walk};

    #[target_feature(enable = "avx2,pclmulqdq,popcnt")]
    pub fn walk_over(blocks: &[[u8; BLOCK]], walk: &mut impl Walk) -> Option<usize> {
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = walk.block(&marks(block)) {
                return Some(index * BLOCK + end);
            }
        }
        None
    }

    #[inline]
    #[target_feature(enable = "avx2,pclmulqdq")]
    fn marks(block: &[u8; BLOCK]) -> Marks {
        #[allow(unsafe_code, reason = "the standard library has no safe load")]
        // SAFETY: both loads lie within the block's 64 bytes, and need no alignment.
        let (low, high) = unsafe {
            let start = block.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1)))
        };
        let fold = _mm256_set1_epi8(FOLD.cast_signed());
        let folded = (_mm256_or_si256(low, fold), _mm256_or_si256(high, fold));
        let bytes = (low, high);
        let quotes = equal(bytes, b'"');
        let ones = _mm_set1_epi8(-1);
        let carried = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(quotes.cast_signed()), ones);
        Marks {
            quotes,
            quoted: _mm_cvtsi128_si64(carried).cast_unsigned(),
            backslashes: equal(bytes, b'\\'),
            opening: equal(folded, b'{'),
            closing: equal(folded, b'}'),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal((low, high): (__m256i, __m256i), byte: u8) -> u64 {
        let byte = _mm256_set1_epi8(byte.cast_signed());
        let bits = |lane| _mm256_movemask_epi8(_mm256_cmpeq_epi8(lane, byte)).cast_unsigned();
        u64::from(bits(low)) | u64::from(bits(high)) << 32
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::{BLOCK, FOLD, Marks, Walk};

    #[target_feature(enable = "avx512bw,pclmulqdq,popcnt")]
    pub fn walk_over(blocks: &[[u8; BLOCK]], walk: &mut impl Walk) -> Option<usize> {
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = walk.block(&marks(block)) {
                return Some(index * BLOCK + end);
            }
        }
        None
    }

    #[inline]
    #[target_feature(enable = "avx512bw,pclmulqdq")]
    fn marks(block: &[u8; BLOCK]) -> Marks {
        #[allow(unsafe_code, reason = "the standard library has no safe load")]
        // SAFETY: the load is of the block's 64 bytes, and needs no alignment.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(FOLD.cast_signed()));
        let quotes = equal(bytes, b'"');
        let ones = _mm_set1_epi8(-1);
        let carried = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(quotes.cast_signed()), ones);
        Marks {
            quotes,
            quoted: _mm_cvtsi128_si64(carried).cast_unsigned(),
            backslashes: equal(bytes, b'\\'),
            opening: equal(folded, b'{'),
            closing: equal(folded, b'}'),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512bw")]
    fn equal(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Seen(Vec<[u64; 5]>);

    impl Walk for Seen {
        fn block(&mut self, m: &Marks) -> Option<usize> {
            self.0.push([m.quotes, m.quoted, m.backslashes, m.opening, m.closing]);
            None
        }
    }

    proptest! {
        #[test]
        fn wide_lanes_see_what_narrow_ones_see(block in prop::array::uniform32(any::<u16>())) {
            let bytes: Vec<u8> = block.iter().flat_map(|pair| pair.to_le_bytes()).collect();
            let some = b"{}[]\"\\ a,";
            let bytes: Vec<u8> =
                bytes.iter().map(|byte| some[usize::from(*byte) % some.len()]).collect();
            let (blocks, _) = bytes.as_chunks::<BLOCK>();
            let seen = |lanes: Lanes| {
                let mut seen = Seen::default();
                lanes.walk(blocks, &mut seen);
                seen.0
            };
            let narrow = seen(Lanes::Narrow);
            prop_assert_eq!(&seen(Lanes::best()), &narrow);
            #[cfg(target_arch = "x86_64")]
            if Lanes::best() == Lanes::Whole {
                prop_assert_eq!(&seen(Lanes::Wide), &narrow, "what has the one has the other");
            }
        }
    }
}
