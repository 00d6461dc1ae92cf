//! Whatever is changed in a trail, `verify` finds it and names the place.

mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use shared::{Place, append, open_with_segments};
use trail::{Verification, Verify};

/// Small enough that a few blocks fill several segments.
const SEGMENT_BYTES: u64 = 1500;

/// A trail of several segments, closed cleanly.
fn several_segments(blocks: u64) -> Place {
    let place = Place::new();
    let (mut trail, _) = open_with_segments(place.folder.path(), 0, SEGMENT_BYTES).unwrap();
    for block in 0..blocks {
        append(&mut trail, block);
    }
    trail.close().unwrap();
    place
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn places(verification: &Verification) -> String {
    let faults = verification.faults.iter();
    faults.map(|fault| format!("{}: {}\n", fault.place, fault.what)).collect()
}

/// Checks that the trail, with one file changed, is found wrong there, and sound again after.
fn check(place: &Place, file: &Path, changed: &[u8]) -> String {
    let before = fs::read(file).unwrap();
    fs::write(file, changed).unwrap();
    let verification = place.verify();
    fs::write(file, before).unwrap();
    let told = places(&verification);
    assert!(!verification.sound() && verification.proved().is_empty(), "{}", file.display());
    told
}

fn name(place: &Place, file: &Path) -> String {
    file.strip_prefix(place.trail()).unwrap().display().to_string()
}

#[test]
fn an_untouched_trail_is_sound() {
    let place = several_segments(24);
    let verification = place.verify();
    assert_eq!(verification.faults, []);
    assert!(verification.segments > 3);
    assert_eq!((verification.blocks, verification.signed_blocks), (24, 24));
    assert_eq!(verification.proved().len(), 2);
}

#[test]
fn a_flipped_bit_in_any_byte_of_any_file_is_named() {
    let place = several_segments(5);
    for file in files(&place.trail()) {
        let bytes = fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            let told = check(&place, &file, &changed);
            assert!(told.contains(&name(&place, &file)), "{} byte {at}: {told}", file.display());
        }
    }
}

#[test]
fn a_missing_file_and_one_too_many_are_named() {
    let place = several_segments(20);
    for file in files(&place.trail()) {
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let verification = place.verify();
        assert!(!verification.sound(), "{}", file.display());
        fs::write(&file, bytes).unwrap();
    }
    let known = files(&place.trail());
    let segment = known.iter().rfind(|file| file.ends_with("00000000000000000000.seg")).unwrap();
    for extra in ["segments/00000000000000000099.seg", "tile/0/000", "tile/0/000.p/3", "note"] {
        let path = place.trail().join(extra);
        fs::copy(segment, &path).unwrap();
        let told = places(&place.verify());
        assert!(told.contains(extra), "{extra}: {told}");
        fs::remove_file(path).unwrap();
    }
    assert!(place.verify().sound());
}

/// Splits a segment file into its header and its blocks.
fn blocks(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut blocks = Vec::new();
    let mut at = 32;
    while at < bytes.len() {
        let stored = u32::from_le_bytes(bytes[at + 16..at + 20].try_into().unwrap()) as usize;
        blocks.push(bytes[at..at + 128 + stored].to_vec());
        at += 128 + stored;
    }
    (bytes[..32].to_vec(), blocks)
}

fn joined(header: &[u8], blocks: &[Vec<u8>]) -> Vec<u8> {
    [header, &blocks.concat()].concat()
}

#[test]
fn dropped_doubled_and_swapped_blocks_are_named_by_number() {
    let place = Place::filled(12);
    let file = place.trail().join("segments/00000000000000000000.seg");
    let (header, all) = blocks(&fs::read(&file).unwrap());
    for at in 0..all.len() {
        let mut dropped = all.clone();
        dropped.remove(at);
        let told = check(&place, &file, &joined(&header, &dropped));
        assert!(told.contains(&format!("block {at} is missing")), "{told}");
        let mut doubled = all.clone();
        doubled.insert(at, all[at].clone());
        let told = check(&place, &file, &joined(&header, &doubled));
        assert!(told.contains(&format!("block {at} stands here")), "{told}");
        if at > 0 {
            let mut swapped = all.clone();
            swapped.swap(at - 1, at);
            let told = check(&place, &file, &joined(&header, &swapped));
            assert!(told.contains(&format!("block {} is missing", at - 1)), "{told}");
            assert!(told.contains(&format!("block {} stands here", at - 1)), "{told}");
        }
    }
    let told = check(&place, &file, &joined(&header, &all[..7]));
    assert!(told.contains("blocks 7 to 11 are missing"), "{told}");
}

/// Gives a block another first entry byte, and makes its checksum right again.
fn forge(block: &[u8]) -> Vec<u8> {
    let mut forged = block.to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let crc = crc32fast::hash(&forged[8..]);
    forged[4..8].copy_from_slice(&crc.to_le_bytes());
    forged
}

#[test]
fn a_forged_entry_with_a_right_checksum_is_named_and_others_stay_proved() {
    let place = Place::filled(12);
    let file = place.trail().join("segments/00000000000000000000.seg");
    let (header, all) = blocks(&fs::read(&file).unwrap());
    // Block 3 has one short entry, which is stored as it is.
    let mut forged = all.clone();
    forged[3] = forge(&all[3]);
    let told = check(&place, &file, &joined(&header, &forged));
    let at: usize = 32 + all[..3].iter().map(Vec::len).sum::<usize>();
    let named = "segments/00000000000000000000.seg at byte";
    assert_eq!(told, format!("{named} {at}, block 3: its root differs from its entries\n"));
    // With the root made right as well, the signature tells.
    let block = trail::Block::decode(&forged[3]).unwrap();
    forged[3][32..64].copy_from_slice(&trail::merkle::root(&block.leaves()));
    let crc = crc32fast::hash(&forged[3][8..]);
    forged[3][4..8].copy_from_slice(&crc.to_le_bytes());
    let told = check(&place, &file, &joined(&header, &forged));
    let expected = "its signature does not match the log up to it";
    assert_eq!(told, format!("{named} {at}, block 3: {expected}\n"));
}

#[test]
fn a_cut_end_with_an_old_checkpoint_is_seen_by_a_witness_only() {
    let place = Place::new();
    let witness = place.folder.path().join("witness");
    let (mut trail, _) = place.open();
    append(&mut trail, 0);
    append(&mut trail, 1);
    trail.witness(&witness).unwrap();
    trail.close().unwrap();
    let old = place.folder.path().join("old");
    copy(&place.trail(), &old);
    let (mut trail, _) = place.open();
    append(&mut trail, 2);
    trail.witness(&witness).unwrap();
    trail.close().unwrap();
    let known = Verify { witnesses: vec![witness.clone()], ..Verify::default() };
    let verification = trail::verify(&place.trail(), &known).unwrap();
    assert_eq!(verification.faults, []);
    assert_eq!((verification.witnesses[0].checkpoints, verification.witnesses[0].newest), (2, 3));
    fs::remove_dir_all(place.trail()).unwrap();
    copy(&old, &place.trail());
    assert!(place.verify().sound(), "an old copy is sound in itself");
    let told = places(&trail::verify(&place.trail(), &known).unwrap());
    assert!(told.contains("it saw 3 blocks, and the trail has 2"), "{told}");
    // Going on from there makes another history, with the same key.
    let (mut trail, _) = place.open();
    append(&mut trail, 5);
    trail.close().unwrap();
    assert!(place.verify().sound());
    let told = places(&trail::verify(&place.trail(), &known).unwrap());
    assert!(told.contains("the log of 3 blocks that it saw is not this one"), "{told}");
}

#[test]
fn a_trail_signed_by_another_key_is_not_taken_for_ours() {
    let (ours, theirs) = (Place::filled(3), Place::filled(3));
    let key = trail::Reader::open(&ours.trail()).unwrap().verifier().clone();
    let known = Verify { key: Some(key), ..Verify::default() };
    assert!(trail::verify(&ours.trail(), &known).unwrap().sound());
    let told = places(&trail::verify(&theirs.trail(), &known).unwrap());
    assert!(told.contains("another key than the one given"), "{told}");
}

#[test]
fn a_trail_that_is_being_written_to_is_checked_up_to_its_checkpoint() {
    let place = Place::new();
    let (mut trail, _) = open_with_segments(place.folder.path(), 0, SEGMENT_BYTES).unwrap();
    for block in 0..20 {
        append(&mut trail, block);
        let verification = place.verify();
        assert_eq!((verification.faults.as_slice(), verification.live), (&[][..], true));
        assert_eq!(verification.blocks, block + 1);
    }
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_cut_insertion_or_overwriting_is_found(
        blocks in 1_u64..14,
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        kind in 0_u8..4,
        noise in proptest::collection::vec(any::<u8>(), 1..200),
    ) {
        let place = several_segments(blocks);
        let files = files(&place.trail());
        let file = pick.get(&files);
        let bytes = fs::read(file).unwrap();
        let at = at.index(bytes.len());
        let mut changed = bytes.clone();
        match kind {
            0 => changed.truncate(at),
            1 => drop(changed.splice(at..at, noise)),
            2 => drop(changed.splice(at..(at + noise.len()).min(bytes.len()), noise)),
            _ => drop(changed.drain(at..(at + noise.len()).min(bytes.len()))),
        }
        prop_assume!(changed != bytes);
        let told = check(&place, file, &changed);
        prop_assert!(!told.is_empty());
    }
}
