//! A trail written by the first version of the format is read, proved and continued for ever.
//!
//! `frozen/v1` was written once, by `SOCKEYE_FREEZE=v1 cargo test -p trail --test frozen`, and is
//! not written again: a new version of the format gets a folder of its own. Its key signs nothing
//! else.

mod shared;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use shared::{append, open_with_segments, text};
use trail::{Position, Reader, Verify};

const SEGMENT_BYTES: u64 = 1500;
const BLOCKS: u64 = 20;

fn frozen(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(version)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

#[test]
fn freeze() {
    let Ok(version) = std::env::var("SOCKEYE_FREEZE") else { return };
    let folder = frozen(&version);
    fs::create_dir_all(&folder).unwrap();
    let (mut trail, _) = open_with_segments(&folder, 0, SEGMENT_BYTES).unwrap();
    for block in 0..BLOCKS {
        append(&mut trail, block);
    }
    trail.close().unwrap();
    fs::rename(folder.join("keys"), folder.join("test-key")).unwrap();
}

#[test]
fn a_trail_of_version_1_is_read_proved_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    copy(&frozen("v1"), folder.path());
    fs::rename(folder.path().join("test-key"), folder.path().join("keys")).unwrap();
    let key = folder.path().join("keys/trail.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let trail = folder.path().join("trail");
    let verification = trail::verify(&trail, &Verify::default()).unwrap();
    assert_eq!(verification.faults, []);
    assert_eq!((verification.blocks, verification.entries), (BLOCKS, 39));
    let reader = Reader::open(&trail).unwrap();
    for block in 0..BLOCKS {
        let newest = Position { block, entry: (block % 3) as u32 };
        assert_eq!(reader.find(&[100 + block], None, 1).unwrap(), [newest]);
        let bytes = reader.entry(newest).unwrap();
        assert_eq!(bytes, text(block, block % 3));
        assert!(reader.prove(newest).unwrap().check(&bytes, reader.verifier()).is_ok());
    }
    let (mut writer, recovery) = open_with_segments(folder.path(), BLOCKS, SEGMENT_BYTES).unwrap();
    assert_eq!(recovery, Default::default());
    assert_eq!(append(&mut writer, BLOCKS).block, BLOCKS);
    writer.close().unwrap();
    assert_eq!(trail::verify(&trail, &Verify::default()).unwrap().faults, []);
}
