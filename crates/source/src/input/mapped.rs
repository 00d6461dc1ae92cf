//! A plain file, looked at window by window instead of being copied: reading a log costs as much as
//! a third of judging it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::window::Window;

/// Bytes looked at together: memory in use stays bounded.
const WINDOW_BYTES: u64 = 8 << 20;
/// Where windows may begin: a multiple of every page size.
const PAGE_BYTES: u64 = 64 << 10;

/// A file under way.
#[derive(Debug)]
pub struct Mapped {
    file: File,
    at: u64,
}

impl Mapped {
    /// Begins at the start of a file; `None` when it cannot be looked at so: it is no regular file,
    /// says nothing of its length (as those in /proc), or its file system does not do it.
    pub(super) fn of(file: &File) -> io::Result<Option<Mapped>> {
        let about = file.metadata()?;
        if !about.is_file() || about.len() == 0 || Window::open(file, 0, 1).is_err() {
            return Ok(None);
        }
        Ok(Some(Mapped { file: file.try_clone()?, at: 0 }))
    }

    /// Returns what the file begins with, this many bytes at most.
    pub fn head(&self, length: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; length];
        let length = self.file.read_at(&mut head, 0)?;
        head.truncate(length);
        Ok(head)
    }

    /// Shows the lines that come next to `see`: whole ones, but for the last of the file and any
    /// that is longer than a window. Returns how many bytes, 0 at the end. What is added to the
    /// file meanwhile comes as well; when it is cut short meanwhile that is an error.
    pub fn lines(&mut self, see: impl FnOnce(&[u8])) -> io::Result<usize> {
        let length = self.file.metadata()?.len();
        if length == self.at {
            return Ok(0);
        }
        let start = self.at - self.at % PAGE_BYTES;
        let end = length.min(start + WINDOW_BYTES);
        if end <= self.at {
            return Err(cut_short());
        }
        let within = |bytes: u64| usize::try_from(bytes).unwrap_or_default();
        let (before, bytes) = (within(self.at - start), within(end - start));
        let shown = Window::open(&self.file, start, bytes)?.show(|bytes| {
            let rest = &bytes[before..];
            let last = if end == length { None } else { memchr::memrchr(b'\n', rest) };
            let lines = last.map_or(rest, |last| &rest[..=last]);
            see(lines);
            lines.len()
        });
        let shown = shown.ok_or_else(cut_short)?;
        self.at += shown as u64;
        Ok(shown)
    }
}

fn cut_short() -> io::Error {
    io::Error::other("the file was cut short, or its disk failed, while it was read")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LINE: &[u8] = b"a line of no more than a few words\n";

    fn log(lines: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&LINE.repeat(lines)).unwrap();
        file
    }

    fn of(file: &File) -> Mapped {
        Mapped::of(file).unwrap().unwrap()
    }

    fn rest(mapped: &mut Mapped) -> io::Result<Vec<u8>> {
        let mut seen = Vec::new();
        while mapped.lines(|lines| seen.extend_from_slice(lines))? > 0 {}
        Ok(seen)
    }

    #[test]
    fn lines_come_whole_and_nothing_twice() {
        let count = 3 * WINDOW_BYTES as usize / LINE.len();
        let mut mapped = of(&log(count));
        let mut seen = 0;
        let mut whole = |lines: &[u8]| {
            assert!(lines.chunks(LINE.len()).all(|line| line == LINE));
            seen += lines.len();
        };
        while mapped.lines(&mut whole).unwrap() > 0 {}
        assert_eq!(seen, count * LINE.len());
    }

    #[test]
    fn a_line_longer_than_a_window_comes_in_parts() {
        let mut file = log(1);
        let long = vec![b'x'; 2 * WINDOW_BYTES as usize + 5];
        file.write_all(&long).unwrap();
        assert_eq!(rest(&mut of(&file)).unwrap(), [LINE, &long].concat());
    }

    #[test]
    fn what_is_added_meanwhile_comes_as_well() {
        let file = log(1);
        let mut writer = file.try_clone().unwrap();
        let mut mapped = of(&file);
        assert_eq!(mapped.lines(|_| writer.write_all(b"more").unwrap()).unwrap(), LINE.len());
        assert_eq!(rest(&mut mapped).unwrap(), b"more");
    }

    #[test]
    fn a_file_cut_short_meanwhile_is_an_error_and_no_crash() {
        let count = 4096;
        let file = log(count);
        let writer = file.try_clone().unwrap();
        let mut mapped = of(&file);
        let mut zeros = 0;
        let shown = mapped.lines(|lines| {
            writer.set_len(LINE.len() as u64).unwrap();
            zeros = lines.iter().filter(|byte| **byte == 0).count();
        });
        assert!(shown.unwrap_err().to_string().contains("cut short"));
        assert!(zeros > 0, "what is gone shows as zeros");
        // Behind its new end, too.
        let mut mapped = of(&log(count));
        mapped.lines(|_| {}).unwrap();
        mapped.file.set_len(1).unwrap();
        assert!(mapped.lines(|_| {}).is_err());
    }

    #[test]
    fn what_cannot_be_looked_at_so_is_given_back() {
        assert!(Mapped::of(&File::open("/proc/self/status").unwrap()).unwrap().is_none());
        assert!(Mapped::of(&File::open("/dev/zero").unwrap()).unwrap().is_none());
        assert!(Mapped::of(&tempfile::tempfile().unwrap()).unwrap().is_none());
    }
}
