//! Push-down: a [`Selection`] as the programs read it from their maps.

use aya::Ebpf;
use aya::maps::lpm_trie::Key;
use aya::maps::{Array, LpmTrie};
use syscall::record::Operation;
use syscall::selection::{Needle, SITUATION_COUNT, Selection, Verdict};

use crate::options::SensorError;
use crate::reader::wrong;

/// Words of a set of hashes.
const HASH_WORDS: usize = 16;
/// Pairs of bytes that are looked for in a path.
pub(crate) const PAIR_COUNT: usize = 4;
/// Bytes of a path in the tree of beginnings.
pub(crate) const KEY_TEXT_LEN: usize = 252;
const HASH_FACTOR: u32 = 2_654_435_761;
const HASH_SHIFT: u32 = 22;
const IN_ROOT: u64 = 1;
const HIDDEN: u64 = 2;
const PAIR: u64 = 4;
const PAIRS: u64 = 8;

/// A set as it stands in its map: hashes of beginnings, hashes of endings, pairs, flags.
pub(crate) type Set = [u64; 2 * HASH_WORDS + 2 * PAIR_COUNT + 1];

/// A set number and a text, as the tree of beginnings takes them.
type Beginning = [u8; 4 + KEY_TEXT_LEN];

/// Writes a selection into the maps, before any program runs.
pub(crate) fn write(ebpf: &mut Ebpf, selection: &Selection) -> Result<(), SensorError> {
    let map = ebpf.map_mut("verdicts").ok_or(SensorError::NoMap("verdicts"))?;
    let mut verdicts =
        Array::<_, [u8; SITUATION_COUNT]>::try_from(map).map_err(wrong("verdicts"))?;
    for (operation, of) in &selection.verdicts {
        let number = u32::from(Operation::number(*operation));
        verdicts.set(number, codes(of), 0).map_err(wrong("verdicts"))?;
    }
    let map = ebpf.map_mut("sets").ok_or(SensorError::NoMap("sets"))?;
    let mut sets = Array::<_, Set>::try_from(map).map_err(wrong("sets"))?;
    for (number, needles) in (0..).zip(&selection.sets) {
        sets.set(number, set(needles), 0).map_err(wrong("sets"))?;
    }
    let map = ebpf.map_mut("beginnings").ok_or(SensorError::NoMap("beginnings"))?;
    let mut tree = LpmTrie::<_, Beginning, u8>::try_from(map).map_err(wrong("beginnings"))?;
    for (number, needles) in (0..).zip(&selection.sets) {
        for (bits, beginning) in needles.iter().filter_map(|needle| beginning(number, needle)) {
            tree.insert(&Key::new(bits, beginning), 1, 0).map_err(wrong("beginnings"))?;
        }
    }
    Ok(())
}

fn codes(of: &[Verdict]) -> [u8; SITUATION_COUNT] {
    let mut codes = [0; SITUATION_COUNT];
    for (code, verdict) in codes.iter_mut().zip(of) {
        *code = match verdict {
            Verdict::Send => 0,
            Verdict::Drop => 1,
            Verdict::Among(set) => u8::try_from(set + 2).unwrap_or(0),
        };
    }
    codes
}

/// Makes the looks of a set. What cannot be looked for lets everything through.
pub(crate) fn set<'n>(needles: impl IntoIterator<Item = &'n Needle>) -> Set {
    const BEGINS: usize = 0;
    const ENDS: usize = HASH_WORDS;
    const FIRST: usize = 2 * HASH_WORDS;
    const SECOND: usize = FIRST + PAIR_COUNT;
    const FLAGS: usize = SECOND + PAIR_COUNT;
    let mut set: Set = [0; FLAGS + 1];
    let mut pairs = 0;
    for needle in needles {
        match needle {
            // A short path is looked at with the zeros behind it.
            Needle::Is(path) => mark(&mut set[BEGINS..ENDS], first_four(path)),
            Needle::Begins(path) if path.len() < 4 => set[BEGINS..ENDS].fill(u64::MAX),
            Needle::Begins(path) => mark(&mut set[BEGINS..ENDS], first_four(path)),
            Needle::Ends(last) => mark(&mut set[ENDS..FIRST], *last),
            Needle::Holds(pair) if pairs < PAIR_COUNT => {
                set[FIRST + pairs] = u64::from_ne_bytes([pair[0]; 8]);
                set[SECOND + pairs] = u64::from_ne_bytes([pair[1]; 8]);
                pairs += 1;
            }
            Needle::Holds(_) => set[ENDS..FIRST].fill(u64::MAX),
            Needle::InRoot => set[FLAGS] |= IN_ROOT,
            Needle::Hidden => set[FLAGS] |= HIDDEN,
            Needle::Port(_) => {}
        }
    }
    if pairs > 0 {
        set[FLAGS] |= PAIR;
    }
    if pairs > 1 {
        set[FLAGS] |= PAIRS;
    }
    set
}

fn first_four(path: &[u8]) -> [u8; 4] {
    let mut four = [0; 4];
    four.iter_mut().zip(path).for_each(|(to, from)| *to = *from);
    four
}

fn mark(bits: &mut [u64], four: [u8; 4]) {
    let hash = u32::from_le_bytes(four).wrapping_mul(HASH_FACTOR) >> HASH_SHIFT;
    bits[hash as usize / 64] |= 1 << (hash % 64);
}

/// Returns what stands for a needle in the tree of beginnings, and how many bits of it count.
fn beginning(set: u32, needle: &Needle) -> Option<(u32, Beginning)> {
    let (text, zero) = match needle {
        Needle::Is(path) => (path.clone(), 1),
        Needle::Begins(path) => (path.clone(), 0),
        Needle::Port(port) => (port.to_be_bytes().to_vec(), 0),
        _ => return None,
    };
    let mut key = [0; 4 + KEY_TEXT_LEN];
    key[..4].copy_from_slice(&set.to_ne_bytes());
    let count = (text.len() + zero).min(KEY_TEXT_LEN);
    key[4..].iter_mut().zip(&text).for_each(|(to, from)| *to = *from);
    Some(((32 + 8 * count) as u32, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_pairs_than_there_is_room_for_let_everything_through() {
        let needles: Vec<Needle> = (b'a'..).take(5).map(|byte| Needle::Holds([byte; 2])).collect();
        assert_eq!(set(&needles[..4])[HASH_WORDS], 0);
        assert!(set(&needles)[HASH_WORDS..2 * HASH_WORDS].iter().all(|word| *word == u64::MAX));
    }

    #[test]
    fn a_beginning_is_measured_in_bits_behind_its_set() {
        let (bits, key) = beginning(3, &Needle::Begins(b"/etc/".to_vec())).unwrap();
        assert_eq!((bits, &key[..9]), (32 + 40, &b"\x03\0\0\0/etc/"[..]));
        assert_eq!(beginning(3, &Needle::Is(b"/etc/".to_vec())).unwrap().0, 32 + 48);
        assert_eq!(beginning(0, &Needle::Hidden), None);
    }
}
