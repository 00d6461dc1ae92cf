use super::*;

fn head() -> Head {
    Head { pid: 41, tid: 42, result: 3, time: 9, comm: "cat".into(), ..Head::default() }
}

#[test]
fn a_record_tells_who_opened_what() {
    let bytes = Writer::new(Operation::Openat, &head())
        .number(0)
        .number(0o644)
        .path(b"shadow", b"/etc")
        .file(3, 0o100_640, 0, b"/etc/shadow")
        .finish();
    let record = Record::parse(&bytes).unwrap();
    assert_eq!((record.pid(), record.tid(), record.comm()), (41, 42, &b"cat"[..]));
    assert_eq!(record.result(), Some(3));
    assert_eq!(record.param("name").unwrap().what, What::Path(b"shadow", b"/etc"));
    let What::File(file) = record.param("file").unwrap().what else { panic!("no file") };
    assert_eq!((file.fd, file.path), (3, &b"/etc/shadow"[..]));
}

#[test]
fn a_socket_tells_both_its_ends() {
    let bytes = Writer::new(Operation::Connect, &head())
        .socket(5, 2, (&[127, 0, 0, 1], 40_000), (&[192, 0, 2, 7], 22))
        .raw(Kind::Address, 0, &[2, 0, 0, 22, 192, 0, 2, 7])
        .finish();
    let record = Record::parse(&bytes).unwrap();
    let What::File(file) = record.param("file").unwrap().what else { panic!("no file") };
    let socket = file.socket.unwrap();
    assert_eq!(socket.remote.unwrap().to_string(), "192.0.2.7");
    assert_eq!((socket.local_port, socket.remote_port), (40_000, 22));
}

#[test]
fn what_is_cut_short_reads_as_far_as_it_goes() {
    let whole = Writer::new(Operation::Openat, &head())
        .number(0)
        .number(0)
        .path(b"/etc/passwd", b"")
        .file(3, 0o100_644, 0, b"/etc/passwd")
        .finish();
    for len in 0..whole.len() {
        let mut cut = whole[..len].to_vec();
        assert!(Record::parse(&cut).is_err(), "{len} bytes are no record");
        if len < HEAD_LEN {
            continue;
        }
        cut[..4].copy_from_slice(&(len as u32).to_le_bytes());
        let record = Record::parse(&cut).unwrap();
        assert!(record.params().count() <= 4);
    }
}

#[test]
fn another_version_is_refused_by_name() {
    let mut bytes = Writer::new(Operation::Close, &head()).number(3).finish();
    bytes[4] = 2;
    let error = Record::parse(&bytes).unwrap_err().to_string();
    assert_eq!(error, "record of version 2: this build reads version 1");
}

#[test]
fn the_table_follows_the_numbers() {
    for (index, call) in CALLS.iter().enumerate() {
        assert_eq!(usize::from(call.operation.number()), index + 1, "{}", call.name);
        assert_eq!(Operation::from_name(call.name), Some(call.operation));
    }
}

/// A record of version 1, kept as it was first written: later builds must read it the same.
#[test]
fn a_record_of_version_one_is_still_read() {
    let frozen = include_bytes!("open-v1.record");
    let record = Record::parse(frozen).unwrap();
    assert_eq!(record.operation.name(), "openat");
    assert_eq!(record.param("name").unwrap().what, What::Path(b"/etc/hostname", b""));
    let again = Writer::new(Operation::Openat, &head())
        .number(0)
        .number(0)
        .path(b"/etc/hostname", b"")
        .file(3, 0o100_644, 0o100_000, b"/etc/hostname")
        .finish();
    assert_eq!(again, frozen);
}
