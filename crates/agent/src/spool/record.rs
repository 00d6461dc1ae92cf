//! Records of a segment: a line each, `CHECKSUM NUMBER JSON`, readable with any pager. What is
//! damaged is one record; those after it are found again.

use control::shipment::split;

/// Digits of a checksum.
const DIGITS: usize = 8;

/// A record as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'b> {
    /// A sound one.
    Line {
        /// Its number within the stream.
        number: u64,
        /// The trail line.
        line: &'b [u8],
    },
    /// One whose bytes are not those that were written.
    Damaged,
}

/// Adds a record to `bytes`. The line must have no line break.
pub fn write(bytes: &mut Vec<u8>, number: u64, line: &[u8]) {
    let at = bytes.len();
    bytes.extend_from_slice(&[b'0'; DIGITS]);
    bytes.push(b' ');
    bytes.extend_from_slice(number.to_string().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(line);
    let checksum = crc32fast::hash(&bytes[at + DIGITS + 1..]);
    bytes[at..at + DIGITS].copy_from_slice(format!("{checksum:08x}").as_bytes());
    bytes.push(b'\n');
}

/// Reads the records of a part of a segment, each with its length. What has no end yet is left.
pub fn read(bytes: &[u8]) -> impl Iterator<Item = (Record<'_>, usize)> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|whole| {
        let record = whole.strip_suffix(b"\n")?;
        Some((sound(record).unwrap_or(Record::Damaged), whole.len()))
    })
}

fn sound(record: &[u8]) -> Option<Record<'_>> {
    let (digits, rest) = record.split_at_checked(DIGITS)?;
    let rest = rest.strip_prefix(b" ")?;
    let checksum = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    if checksum != crc32fast::hash(rest) {
        return None;
    }
    let (number, line) = split(rest)?;
    Some(Record::Line { number, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment as version 1 writes it; it stays readable.
    const V1: &str = include_str!("frozen/segment-v1.seg");

    #[test]
    fn a_segment_of_version_1_is_read_and_written_as_it_was() {
        let mut again = Vec::new();
        for (record, _) in read(V1.as_bytes()) {
            let Record::Line { number, line } = record else { panic!("{record:?}") };
            write(&mut again, number, line);
        }
        assert_eq!(String::from_utf8(again).unwrap(), V1);
    }

    #[test]
    fn a_damaged_record_is_one_record() {
        let mut bytes = Vec::new();
        (1..=3).for_each(|number| write(&mut bytes, number, b"{}"));
        let third = bytes.len() / 3;
        bytes[third + 10] ^= 1;
        bytes.extend_from_slice(b"00000000 4 {");
        let found: Vec<_> = read(&bytes).map(|(record, _)| record).collect();
        let line = |number| Record::Line { number, line: b"{}" };
        assert_eq!(found, [line(1), Record::Damaged, line(3)]);
        assert_eq!(read(&bytes).map(|(_, length)| length).sum::<usize>(), third * 3);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(0_u8.., 0..300)) {
            let read: usize = read(&bytes).map(|(_, length)| length).sum();
            assert!(read <= bytes.len());
        }
    }
}
