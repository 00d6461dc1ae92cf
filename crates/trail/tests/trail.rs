//! Append, read, find, prove; open again.

mod shared;

use shared::{Place, append, text};
use trail::{AppendError, Condition, Position, Reader, Verifier, merkle};

fn at(block: u64, entry: u32) -> Position {
    Position { block, entry }
}

#[test]
fn what_was_appended_is_read_also_by_another_process_and_after_opening_again() {
    let place = Place::new();
    let (mut trail, recovery) = place.open();
    assert_eq!(recovery, Default::default());
    for block in 0..5 {
        assert_eq!(append(&mut trail, block).block, block);
    }
    let check = |reader: &Reader| {
        assert_eq!(reader.blocks(), 5);
        assert_eq!(reader.entry(at(4, 1)).unwrap(), text(4, 1));
        assert!(reader.entry(at(4, 2)).is_err());
        assert!(reader.entry(at(5, 0)).is_err());
    };
    check(&trail.reader());
    check(&Reader::open(&place.trail()).unwrap());
    drop(trail);
    let (mut trail, recovery) = place.open();
    assert_eq!(recovery, Default::default());
    check(&trail.reader());
    append(&mut trail, 5);
    assert_eq!(trail.reader().blocks(), 6);
}

#[test]
fn entries_are_found_by_key_newest_first_and_page_by_page() {
    let place = Place::filled(9);
    let (trail, _) = place.open();
    let reader = trail.reader();
    assert_eq!(reader.find(&[108], None, 9).unwrap(), [at(8, 2), at(8, 1), at(8, 0)]);
    assert_eq!(reader.find(&[100, 101, 7], None, 2).unwrap(), [at(8, 2), at(8, 1)]);
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = reader.find(&[7], before, 4).unwrap();
        before = page.last().copied();
        all.extend(page);
        if before == Some(at(0, 0)) {
            break;
        }
    }
    assert_eq!(all.len(), 18);
    assert!(all.is_sorted_by(|left, right| left > right));
    assert_eq!(
        reader.find(&[107, 101], Some(at(7, 1)), 9).unwrap(),
        [at(7, 0), at(1, 1), at(1, 0)]
    );
    assert_eq!(reader.find(&[999], None, 9).unwrap(), []);
}

#[test]
fn entries_under_a_key_are_counted_between_any_two_places() {
    let folder = tempfile::tempdir().unwrap();
    // Segments of a few blocks each.
    let (mut trail, _) = shared::open_with_segments(folder.path(), 0, 1000).unwrap();
    for block in 0..20 {
        append(&mut trail, block);
    }
    let reader = trail.reader();
    let all = reader.find(&[7], None, 100).unwrap();
    let bounds: Vec<Position> = (0..22).flat_map(|block| [at(block, 0), at(block, 2)]).collect();
    for (number, from) in bounds.iter().enumerate() {
        for until in &bounds[number..] {
            let between = all.iter().filter(|place| (from..until).contains(place)).count();
            assert_eq!(reader.count(7, *from, *until).unwrap(), between as u64);
        }
    }
    assert_eq!(reader.count(107, at(0, 0), at(20, 0)).unwrap(), 2);
    assert_eq!(reader.count(999, at(0, 0), at(20, 0)).unwrap(), 0);
    assert_eq!(reader.count(7, at(9, 0), at(3, 0)).unwrap(), 0);
}

#[test]
fn a_proof_leads_from_an_entry_to_the_signed_checkpoint_and_no_other_entry_does() {
    let place = Place::filled(300);
    let reader = Reader::open(&place.trail()).unwrap();
    let verifier: Verifier = reader.verifier().to_string().parse().unwrap();
    for position in [at(0, 0), at(255, 0), at(256, 1), at(299, 2)] {
        let proof = reader.prove(position).unwrap();
        let json = serde_json::to_string(&proof).unwrap();
        let proof: trail::Proof = serde_json::from_str(&json).unwrap();
        let entry = reader.entry(position).unwrap();
        assert_eq!(proof.check(&entry, &verifier).unwrap().size, 300);
        assert!(proof.check(b"something else", &verifier).is_err());
        let mut moved = proof.clone();
        moved.position.entry ^= 1;
        assert!(moved.check(&entry, &verifier).is_err());
        let mut forged = proof;
        forged.checkpoint = forged.checkpoint.replacen("300", "301", 1);
        assert!(forged.check(&entry, &verifier).is_err());
    }
}

#[test]
fn a_longer_log_is_proved_to_continue_a_shorter_one() {
    let place = Place::new();
    let (mut trail, _) = place.open();
    let verifier: Verifier = trail.reader().verifier().clone();
    let mut old = Vec::new();
    for block in 0..40 {
        append(&mut trail, block);
        old.push(verifier.open(&trail.reader().checkpoint().unwrap()).unwrap());
    }
    let reader = trail.reader();
    let newest = old.last().unwrap();
    for checkpoint in &old {
        let path = reader.consistency(checkpoint.size, newest.size).unwrap();
        let holds =
            merkle::consistent(checkpoint.size, &checkpoint.root, newest.size, &newest.root, &path);
        assert!(holds, "{}", checkpoint.size);
        // The checkpoint of any past commit can be shown again.
        let note = reader.checkpoint_at(checkpoint.size - 1).unwrap();
        assert_eq!(verifier.open(&note).unwrap(), *checkpoint);
    }
}

#[test]
fn two_writers_are_not_let_in() {
    let place = Place::new();
    let (_trail, _) = place.open();
    let error = place.open_keeping(0).unwrap_err().to_string();
    assert!(error.contains("another process writes"), "{error}");
}

#[test]
fn a_missing_key_is_not_replaced_by_a_new_one() {
    let place = Place::filled(2);
    std::fs::remove_file(place.folder.path().join("keys/trail.key")).unwrap();
    let error = place.open_keeping(0).unwrap_err();
    assert!(format!("{error:?}").contains("Missing"), "{error:?}");
}

#[test]
fn the_key_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::filled(1);
    let key = place.folder.path().join("keys/trail.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(place.open_keeping(0).is_err());
}

#[test]
fn bounds_are_kept_before_anything_is_written() {
    let place = Place::new();
    let (mut trail, _) = place.open();
    assert!(matches!(trail.append(&[]), Err(AppendError::Bounds)));
    let large = vec![0; trail::ENTRY_BYTES_MAX + 1];
    assert!(matches!(trail.append(&[(&large, &[])]), Err(AppendError::EntryTooLarge(_))));
    let many = vec![(&b""[..], &[][..]); trail::BLOCK_ENTRIES_MAX + 1];
    assert!(matches!(trail.append(&many), Err(AppendError::Bounds)));
    assert_eq!((trail.blocks(), trail.condition()), (0, &Condition::Writable));
}

#[test]
fn segments_are_sealed_at_their_bound_and_still_found_proved_and_verified() {
    let place = Place::new();
    let (mut trail, _) = place.open();
    // Bytes that do not compress, so that few blocks reach the bound.
    let mut state = 88172645463325252_u64;
    let mut noise = vec![0_u8; 5 << 20];
    for block in 0..30_u64 {
        for byte in noise.iter_mut() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state as u8;
        }
        trail.append(&[(&noise[..], &[block, 7]), (b"small", &[7])]).unwrap();
    }
    let sealed = std::fs::read_dir(place.trail().join("segments")).unwrap().count();
    assert_eq!(sealed, 5, "two sealed segments with an index each, and the open one");
    let check = |reader: &Reader| {
        assert_eq!(reader.find(&[3], None, 9).unwrap(), [at(3, 0)]);
        assert_eq!(
            reader.find(&[7], Some(at(20, 1)), 3).unwrap(),
            [at(20, 0), at(19, 1), at(19, 0)]
        );
        assert_eq!(reader.find(&[7], None, 100).unwrap().len(), 60);
        let proof = reader.prove(at(3, 1)).unwrap();
        assert!(proof.check(b"small", reader.verifier()).is_ok());
    };
    check(&trail.reader());
    drop(trail);
    let (trail, recovery) = place.open();
    assert_eq!(recovery, Default::default());
    check(&trail.reader());
    drop(trail);
    let index = place.trail().join(format!("segments/{:020}.idx", 0));
    let length = index.metadata().unwrap().len();
    std::fs::write(&index, vec![1; length as usize]).unwrap();
    check(&Reader::open(&place.trail()).unwrap());
    let (trail, recovery) = place.open();
    assert_eq!(recovery.notes, ["the key index of segment 0 was made again"]);
    check(&trail.reader());
    drop(trail);
    assert_eq!(place.verify().faults, []);
}

#[test]
fn lost_tiles_and_checkpoint_are_made_again() {
    let place = Place::filled(520);
    let before = std::fs::read(place.trail().join("checkpoint")).unwrap();
    std::fs::remove_dir_all(place.trail().join("tile")).unwrap();
    std::fs::write(place.trail().join("checkpoint"), "").unwrap();
    let (_trail, recovery) = place.open();
    assert_eq!(
        recovery.notes,
        [
            "the checkpoint was made again from the last block",
            "the Merkle tiles were made again from the blocks",
        ]
    );
    assert_eq!(std::fs::read(place.trail().join("checkpoint")).unwrap(), before);
    drop(_trail);
    assert_eq!(place.verify().faults, []);
}
