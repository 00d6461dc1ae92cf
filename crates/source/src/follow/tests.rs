//! Real files, rotated as kube-apiserver and logrotate do it.

use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;

struct Log {
    folder: TempDir,
}

impl Log {
    fn new() -> Log {
        Log { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn path(&self) -> PathBuf {
        self.at("audit.log")
    }

    fn write(&self, text: &str) {
        let mut file = fs::File::options().create(true).append(true).open(self.path()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self, to: &str) {
        fs::rename(self.path(), self.at(to)).unwrap();
    }

    fn compress(&self, name: &str) {
        let text = fs::read(self.at(name)).unwrap();
        let file = fs::File::create(self.at(&format!("{name}.gz"))).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        gzip.finish().unwrap();
        fs::remove_file(self.at(name)).unwrap();
    }

    fn follow(&self, cursor: Option<Cursor>) -> Follower {
        Follower::new(self.path(), cursor, Start::Beginning)
    }
}

/// Reads until there is nothing new; small reads, so that cursors lie anywhere.
fn rest(follower: &mut Follower) -> (String, Vec<Notice>) {
    let (mut text, mut notices) = (Vec::new(), Vec::new());
    let mut buffer = [0; 7];
    loop {
        match follower.read(&mut buffer, |notice| notices.push(notice)).unwrap() {
            0 => return (String::from_utf8(text).unwrap(), notices),
            length => text.extend_from_slice(&buffer[..length]),
        }
    }
}

#[test]
fn what_is_appended_is_read_once() {
    let log = Log::new();
    let mut follower = log.follow(None);
    assert_eq!(rest(&mut follower).0, "", "not there yet");
    log.write("one\n");
    assert_eq!(rest(&mut follower).0, "one\n");
    log.write("two\nthr");
    assert_eq!(rest(&mut follower).0, "two\nthr");
    log.write("ee\n");
    assert_eq!(rest(&mut follower), ("ee\n".to_owned(), vec![]));
}

#[test]
fn a_follower_may_begin_at_the_end() {
    let log = Log::new();
    log.write("old\n");
    let mut follower = Follower::new(log.path(), None, Start::End);
    assert_eq!(rest(&mut follower).0, "");
    log.write("new\n");
    assert_eq!(rest(&mut follower).0, "new\n");
}

#[test]
fn a_rotation_loses_nothing_written_just_before_it() {
    let log = Log::new();
    log.write("one\n");
    let mut follower = log.follow(None);
    assert_eq!(rest(&mut follower).0, "one\n");
    log.write("last\n");
    log.rotate("audit-2026-11-22T04-05-06.123.log");
    log.write("next\n");
    let (text, notices) = rest(&mut follower);
    assert_eq!(text, "last\nnext\n");
    assert_eq!(notices, [Notice::Rotated { to: log.path() }]);
}

#[test]
fn two_rotations_while_down_are_read_in_order() {
    for numbered in [true, false] {
        let log = Log::new();
        log.write("first file, first line\n");
        let mut follower = log.follow(None);
        rest(&mut follower);
        let cursor = follower.cursor().cloned();
        drop(follower);
        log.write("first file, last line\n");
        if numbered {
            log.rotate("audit.log.2");
            log.write("second file\n");
            log.rotate("audit.log.1");
        } else {
            log.rotate("audit-2026-11-22T04-05-06.123.log");
            log.write("second file\n");
            log.rotate("audit-2026-11-22T05-05-06.123.log");
        }
        log.write("third file\n");
        let mut follower = log.follow(cursor);
        let (text, notices) = rest(&mut follower);
        assert_eq!(text, "first file, last line\nsecond file\nthird file\n");
        assert_eq!(notices.len(), 2);
        log.write("more\n");
        assert_eq!(rest(&mut follower).0, "more\n");
    }
}

#[test]
fn rotated_files_may_be_compressed_meanwhile() {
    let log = Log::new();
    log.write("first file, first line\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    let cursor = follower.cursor().cloned();
    log.write("first file, last line\n");
    log.rotate("audit.log.2");
    log.compress("audit.log.2");
    log.write("second file\n");
    log.rotate("audit.log.1");
    log.compress("audit.log.1");
    log.write("third file\n");
    let (text, _) = rest(&mut log.follow(cursor));
    assert_eq!(text, "first file, last line\nsecond file\nthird file\n");
}

#[test]
fn two_rotations_while_following_are_read_in_order() {
    let log = Log::new();
    log.write("first\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    log.rotate("audit-2026-11-22T04-05-06.123.log");
    log.write("second\n");
    log.rotate("audit-2026-11-22T05-05-06.123.log");
    log.write("third\n");
    assert_eq!(rest(&mut follower).0, "second\nthird\n");
}

#[test]
fn rotations_while_catching_up_are_read_in_order() {
    for numbered in [true, false] {
        let log = Log::new();
        let rotate = |from: usize| match numbered {
            true => {
                for number in (1..from).rev() {
                    let (old, new) = (log.at(&format!("audit.log.{number}")), number + 1);
                    fs::rename(old, log.at(&format!("audit.log.{new}"))).unwrap();
                }
                log.rotate("audit.log.1");
            }
            false => log.rotate(&format!("audit-2026-11-22T0{from}-05-06.123.log")),
        };
        log.write("first file\n");
        let mut follower = log.follow(None);
        rest(&mut follower);
        let cursor = follower.cursor().cloned();
        rotate(1);
        log.write("second file\n");
        rotate(2);
        log.write("third file\n");
        let mut follower = log.follow(cursor);
        let mut begin = [0; 6];
        assert_eq!(follower.read(&mut begin, |_| ()).unwrap(), 6);
        rotate(3);
        log.write("fourth file\n");
        let (text, _) = rest(&mut follower);
        assert_eq!(&begin, b"second");
        assert_eq!(text, " file\nthird file\nfourth file\n");
    }
}

#[test]
fn a_log_cut_in_place_is_read_anew_and_told_of() {
    let log = Log::new();
    log.write("a long first line\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    fs::File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
    log.write("new\n");
    let (text, notices) = rest(&mut follower);
    assert_eq!((text.as_str(), notices), ("new\n", vec![Notice::Truncated]));
}

#[test]
fn a_vanished_file_is_a_loss_that_is_told() {
    let log = Log::new();
    log.write("first\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    let cursor = follower.cursor().cloned();
    fs::remove_file(log.path()).unwrap();
    log.write("another\n");
    let (text, notices) = rest(&mut log.follow(cursor));
    assert_eq!((text.as_str(), notices), ("another\n", vec![Notice::Lost]));
}

#[test]
fn a_cursor_survives_its_text_form_and_a_reused_inode() {
    let log = Log::new();
    log.write("first\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    let text = serde_json::to_string(follower.cursor().unwrap()).unwrap();
    let cursor: Cursor = serde_json::from_str(&text).unwrap();
    assert_eq!(Some(&cursor), follower.cursor());
    // Same inode, other content: copied away and written anew.
    fs::copy(log.path(), log.at("audit.log.1")).unwrap();
    fs::write(log.path(), "second, longer than the first\n").unwrap();
    assert_eq!(rest(&mut log.follow(Some(cursor))).0, "second, longer than the first\n");
}

#[test]
fn a_copy_made_before_the_cut_has_what_was_not_read_yet() {
    for running in [true, false] {
        let log = Log::new();
        log.write("first line\nsec");
        let mut follower = log.follow(None);
        assert_eq!(rest(&mut follower).0, "first line\nsec");
        log.write("ond line\n");
        fs::copy(log.path(), log.at("audit.log.1")).unwrap();
        fs::File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
        log.write("new\n");
        if !running {
            follower = log.follow(follower.cursor().cloned());
        }
        let (text, notices) = rest(&mut follower);
        assert_eq!(text, "ond line\nnew\n");
        assert_eq!(notices, [Notice::Rotated { to: log.path() }], "the line goes on in the copy");
    }
}

#[test]
fn a_log_cut_and_grown_beyond_the_place_is_read_anew() {
    let log = Log::new();
    log.write("short\n");
    let mut follower = log.follow(None);
    rest(&mut follower);
    fs::File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
    log.write("much longer than before\n");
    let (text, notices) = rest(&mut follower);
    assert_eq!(text, "much longer than before\n");
    assert_eq!(notices, [Notice::Truncated]);
}

#[test]
fn a_follower_at_the_end_reads_all_of_a_log_that_comes_later() {
    let log = Log::new();
    let mut follower = Follower::new(log.path(), None, Start::End);
    assert_eq!(rest(&mut follower).0, "");
    log.write("all new\n");
    assert_eq!(rest(&mut follower).0, "all new\n");
}

#[test]
fn a_file_deleted_by_rotation_is_followed_by_the_oldest_younger_one() {
    let log = Log::new();
    fs::write(log.at("audit.log.1"), "older, read long ago\n").unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(3600);
    let older = fs::File::options().write(true).open(log.at("audit.log.1")).unwrap();
    older.set_modified(long_ago).unwrap();
    log.write("first\n");
    let mut follower = log.follow(None);
    assert_eq!(rest(&mut follower).0, "first\n");
    // One rotated file is kept: the second rotation deletes what was read.
    fs::remove_file(log.path()).unwrap();
    fs::rename(log.at("audit.log.1"), log.at("audit.log.2")).unwrap();
    fs::write(log.at("audit.log.1"), "second\n").unwrap();
    log.write("third\n");
    let (text, notices) = rest(&mut follower);
    assert_eq!(text, "second\nthird\n");
    assert_eq!(notices[0], Notice::Lost, "whether others were deleted too, nobody knows");
}

#[test]
fn files_that_begin_alike_are_told_apart_by_their_inode() {
    let log = Log::new();
    log.write("{\"kind\":");
    let mut follower = log.follow(None);
    assert_eq!(rest(&mut follower).0, "{\"kind\":");
    let cursor = follower.cursor().cloned();
    log.rotate("audit.log.2");
    fs::write(log.at("audit.log.1"), "{\"kind\":2}\n").unwrap();
    log.write("{\"kind\":3}\n");
    for mut follower in [follower, log.follow(cursor)] {
        assert_eq!(rest(&mut follower).0, "{\"kind\":2}\n{\"kind\":3}\n");
    }
}

#[test]
fn a_file_that_is_being_compressed_is_read_once() {
    let log = Log::new();
    log.write("first\n");
    let mut follower = log.follow(None);
    let mut begin = [0; 3];
    assert_eq!(follower.read(&mut begin, |_| ()).unwrap(), 3);
    log.rotate("audit.log.1");
    let gzip = [0x1f, 0x8b, 8, 0, 0];
    fs::write(log.at("audit.log.1.gz"), gzip).unwrap();
    log.write("second\n");
    assert_eq!(rest(&mut follower).0, "st\nsecond\n");
    let cursor =
        Cursor { offset: 3, ..Open::at(&log.at("audit.log.1"), 0).unwrap().unwrap().cursor };
    assert_eq!(rest(&mut log.follow(Some(cursor))).0, "st\nsecond\n");
}

#[test]
fn a_damaged_file_ends_where_it_cannot_be_inflated_and_that_is_told() {
    for ending in ["gz", "zst"] {
        let log = Log::new();
        log.write("first\n");
        let mut follower = log.follow(None);
        rest(&mut follower);
        let cursor = follower.cursor().cloned();
        log.rotate("audit.log.2");
        let name = format!("audit.log.1.{ending}");
        let text: String =
            (0..20_000).map(|number| format!("{number} {}\n", number % 977)).collect();
        let whole = match ending {
            "gz" => {
                fs::write(log.at("audit.log.1"), &text).unwrap();
                log.compress("audit.log.1");
                fs::read(log.at(&name)).unwrap()
            }
            _ => zstd::encode_all(text.as_bytes(), 1).unwrap(),
        };
        fs::write(log.at(&name), &whole[..whole.len() * 3 / 4]).unwrap();
        log.write("third\n");
        let (read, notices) = rest(&mut log.follow(cursor));
        assert!(read.ends_with("third\n"), "{ending}");
        assert!(notices.contains(&Notice::Damaged { path: log.at(&name) }), "{notices:?}");
        assert!(read.len() > 1000 || ending == "zst", "what can be inflated comes: {}", read.len());
    }
}
