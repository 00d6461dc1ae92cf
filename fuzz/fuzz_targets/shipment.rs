//! Anything may stand in a spool's files and in what a node ships: reading it never panics, and
//! whatever is believed is written again the same.
#![no_main]

use agent::spool::record::{self, Record};
use control::shipment;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for (found, length) in record::read(data) {
        assert!(length <= data.len());
        let Record::Line { number, line } = found else { continue };
        let mut again = Vec::new();
        record::write(&mut again, number, line);
        let (read, _) = record::read(&again).next().expect("a record");
        assert_eq!(read, Record::Line { number, line });
    }
    let Ok((head, lines)) = shipment::read(data) else { return };
    let mut again = head.begin();
    lines.iter().for_each(|(number, line)| shipment::add(&mut again, *number, line));
    assert_eq!(shipment::read(&again), Ok((head, lines)));
    let _ = std::str::from_utf8(data).map(str::parse::<shipment::JoinToken>);
});
