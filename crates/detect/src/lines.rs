//! Reads an input so that lines come whole: a long one is gathered where it was read to, and not
//! copied piece by piece.

use std::io::{self, Read};

/// Bytes read at a time: few enough to stay in the cache until they are judged.
const CHUNK_BYTES: usize = 128 << 10;
/// Most bytes gathered for one line; a longer one is handed on in parts.
const GATHERED_BYTES_MAX: usize = 8 << 20;

/// What was read of an input and not handed on yet.
#[derive(Debug)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Bytes handed on, which stand in front.
    done: usize,
    /// Bytes read.
    filled: usize,
}

impl Lines {
    /// Returns an empty buffer.
    pub fn new() -> Lines {
        Lines { buffer: vec![0; CHUNK_BYTES], done: 0, filled: 0 }
    }

    /// Reads more; returns how many bytes, 0 at the end.
    pub fn read(&mut self, input: &mut impl Read) -> io::Result<usize> {
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
    pub fn whole(&mut self, length: usize) -> &[u8] {
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
        let (mut lines, mut input, mut seen) = (Lines::new(), text, Vec::new());
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
}
