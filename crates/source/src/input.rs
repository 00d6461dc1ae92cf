//! Inputs as they come: plain, gzip or zstd, told apart by their first bytes.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

mod lines;
mod mapped;
mod window;

pub use lines::{Lines, Step};
use mapped::Mapped;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Bytes that tell how content is compressed.
const MAGIC_BYTES: usize = 4;

/// Bytes of a compressed input read at a time.
const COMPRESSED_BYTES: usize = 64 << 10;
/// Largest zstd window accepted, as a power of two: 8 MiB, so that memory stays bounded.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Returns a reader of the content, inflating as it goes.
pub fn inflate<'r>(mut input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = [0; MAGIC_BYTES];
    let mut length = 0;
    while length < head.len() {
        match input.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let head = &head[..length];
    let buffered = |input| BufReader::with_capacity(COMPRESSED_BYTES, input);
    let whole = Cursor::new(head.to_vec()).chain(input);
    Ok(if head.starts_with(GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered(whole)))
    } else if head.starts_with(ZSTD) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(whole))?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        Box::new(decoder)
    } else {
        Box::new(whole)
    })
}

/// Returns a reader of a compressed file's content that may change threads.
pub fn inflate_file(file: File) -> io::Result<Box<dyn Read + Send>> {
    let mut head = [0; MAGIC_BYTES];
    let length = (&file).take(MAGIC_BYTES as u64).read(&mut head)?;
    (&file).seek(SeekFrom::Start(0))?;
    let buffered = BufReader::with_capacity(COMPRESSED_BYTES, file);
    Ok(if head[..length].starts_with(ZSTD) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        Box::new(decoder)
    } else {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
    })
}

fn is_compressed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD)
}

/// Counts the bytes that are read through it, for progress.
struct Counted<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    fn new(inner: R) -> Counted<R> {
        Counted { inner, taken: Rc::default() }
    }

    /// Returns the count, which goes on.
    fn taken(&self) -> Rc<Cell<u64>> {
        self.taken.clone()
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + length as u64);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn content(input: &[u8]) -> String {
        let mut text = String::new();
        inflate(input).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn each_form_gives_the_same_content() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"one\n").unwrap();
        let mut twice = gzip.finish().unwrap();
        twice.extend_from_within(..);
        assert_eq!(content(b"one\n"), "one\n");
        assert_eq!(content(b""), "");
        assert_eq!(content(&twice), "one\none\n");
        assert_eq!(content(&zstd::encode_all(&b"one\n"[..], 1).unwrap()), "one\n");
    }
}
