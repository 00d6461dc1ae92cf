//! Lines of an input, many at a time.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;

use super::{Counted, MAGIC_BYTES, Mapped, inflate, is_compressed};

/// Bytes read at a time: few enough to stay in the cache until they are judged.
const CHUNK_BYTES: usize = 128 << 10;
/// Most bytes gathered for one line; a longer one is handed on in parts.
const GATHERED_BYTES_MAX: usize = 8 << 20;

/// The lines of an input, from its beginning.
pub struct Lines<'r> {
    from: From<'r>,
}

enum From<'r> {
    Mapped(Mapped),
    Stream { reader: Box<dyn Read + 'r>, gathered: Gathered, taken: Rc<Cell<u64>>, told: u64 },
}

/// How far a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes of content; 0 at the end.
    pub content: u64,
    /// Bytes as they stand in the input, compressed or not.
    pub input: u64,
}

impl<'r> Lines<'r> {
    /// Takes a file. A plain one is looked at where it is.
    pub fn of_file(file: File) -> io::Result<Lines<'static>> {
        let Some(mapped) = Mapped::of(&file)? else { return Lines::of(file) };
        if is_compressed(&mapped.head(MAGIC_BYTES)?) {
            return Lines::of(file);
        }
        Ok(Lines { from: From::Mapped(mapped) })
    }

    /// Takes a stream, and inflates it if it is compressed.
    pub fn of(input: impl Read + 'r) -> io::Result<Lines<'r>> {
        let counted = Counted::new(input);
        let taken = counted.taken();
        let reader = inflate(counted)?;
        let gathered = Gathered::new();
        Ok(Lines { from: From::Stream { reader, gathered, taken, told: 0 } })
    }

    /// Returns what the content begins with, some of it at least. To be asked for before any step.
    pub fn head(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.from {
            From::Mapped(mapped) => mapped.head(CHUNK_BYTES),
            From::Stream { reader, gathered, .. } => {
                // What tells a compressed stream comes by itself at first.
                while gathered.read(reader)? > 0 && gathered.filled <= MAGIC_BYTES {}
                Ok(gathered.buffer[..gathered.filled].to_vec())
            }
        }
    }

    /// Shows the lines that come next to `see`: whole ones, but for the last of all and any that is
    /// too long to be held.
    pub fn step(&mut self, see: impl FnOnce(&[u8])) -> io::Result<Step> {
        match &mut self.from {
            From::Mapped(mapped) => {
                let length = mapped.lines(see)? as u64;
                Ok(Step { content: length, input: length })
            }
            From::Stream { reader, gathered, taken, told } => {
                let length = gathered.read(reader)?;
                see(gathered.whole(length));
                let input = taken.get() - std::mem::replace(told, taken.get());
                Ok(Step { content: length as u64, input })
            }
        }
    }
}

/// What was read of a stream and not handed on yet. A long line is gathered where it was read to,
/// and not copied piece by piece.
#[derive(Debug)]
struct Gathered {
    buffer: Vec<u8>,
    /// Bytes handed on, which stand in front.
    done: usize,
    /// Bytes read.
    filled: usize,
}

impl Gathered {
    /// Returns an empty buffer.
    fn new() -> Gathered {
        Gathered { buffer: vec![0; CHUNK_BYTES], done: 0, filled: 0 }
    }

    /// Reads more; returns how many bytes, 0 at the end.
    fn read(&mut self, input: &mut impl Read) -> io::Result<usize> {
        self.buffer.copy_within(self.done..self.filled, 0);
        self.filled -= self.done;
        self.done = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let end = self.buffer.len().min(self.filled + CHUNK_BYTES);
        loop {
            match input.read(&mut self.buffer[self.filled..end]) {
                Ok(length) => {
                    self.filled += length;
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the lines that ended in the last `length` bytes, which were read just now. At the
    /// end of the input, or where a line is too long, that is everything.
    fn whole(&mut self, length: usize) -> &[u8] {
        let before = self.filled - length;
        let end = match memchr::memrchr(b'\n', &self.buffer[before..self.filled]) {
            Some(end) => before + end + 1,
            None if length == 0 || self.filled >= GATHERED_BYTES_MAX => self.filled,
            None => 0,
        };
        self.done = end;
        &self.buffer[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> Vec<usize> {
        let (mut lines, mut input, mut seen) = (Gathered::new(), text, Vec::new());
        let mut whole = Vec::new();
        loop {
            let length = lines.read(&mut input).unwrap();
            let piece = lines.whole(length);
            seen.extend_from_slice(piece);
            whole.push(piece.len());
            if length == 0 {
                assert!(seen == text, "nothing is lost or doubled");
                whole.retain(|length| *length > 0);
                return whole;
            }
        }
    }

    #[test]
    fn lines_come_whole_however_long_they_are() {
        let long = [vec![b'a'; 3 * CHUNK_BYTES], b"\nb\n".to_vec()].concat();
        assert_eq!(pieces(&long), [long.len()]);
        let ends_open = [b"a\nb".to_vec(), vec![b'c'; CHUNK_BYTES]].concat();
        assert_eq!(pieces(&ends_open), [2, CHUNK_BYTES + 1]);
        assert!(pieces(b"").is_empty());
    }

    #[test]
    fn a_line_longer_than_any_event_is_not_gathered() {
        let endless = vec![b'a'; GATHERED_BYTES_MAX + 2 * CHUNK_BYTES];
        assert_eq!(pieces(&endless), [GATHERED_BYTES_MAX, 2 * CHUNK_BYTES]);
    }

    #[test]
    fn a_look_at_the_head_takes_nothing_away() {
        let text = [b"a line\n".repeat(CHUNK_BYTES / 3), b"the end".to_vec()].concat();
        let packed = zstd::encode_all(&text[..], 1).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &text).unwrap();
        let of = |input| Lines::of(input).unwrap();
        for (mut lines, length) in [
            (of(&text[..]), text.len()),
            (of(&packed[..]), packed.len()),
            (Lines::of_file(file).unwrap(), text.len()),
        ] {
            assert!(lines.head().unwrap().starts_with(b"a line\na line\n"));
            let (mut seen, mut input) = (Vec::new(), 0);
            loop {
                let step = lines.step(|lines| seen.extend_from_slice(lines)).unwrap();
                input += step.input;
                if step.content == 0 {
                    break;
                }
            }
            assert!(seen == text);
            assert_eq!(input, length as u64);
        }
    }
}
