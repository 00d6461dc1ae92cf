//! The kernel programs' headers say the same as the Rust that reads their records.

use std::collections::{BTreeMap, BTreeSet};

use syscall::record::{
    self, COMPAT, Call, DATA_LEN_MAX, FILE_CREATED, From, HEAD_LEN, HERE, Head, IO_URING, Kind,
    Operation, Param, RECORD_LEN_MAX, RESULT, RESULT_UNKNOWN, Record, TEXT_LEN_MAX, TRUNCATED,
    UNREAD, VERSION, Writer,
};

use syscall::selection::{
    Class, Outcome, Place, SET_COUNT_MAX, SITUATION_COUNT, Situation, Sort, What,
};

use crate::choose::{KEY_TEXT_LEN, PAIR_COUNT, Set};
use crate::number::URING_CALLS;
use crate::plan::{STEP_COUNT_MAX, STEPS_AT, plan};
use crate::reader::{HOST_COUNT_MAX, URING_NUMBERS};

const RECORD: &str = include_str!("../bpf/record.h");
const SLOT: &str = include_str!("../bpf/slot.h");

/// Every `#define NAME 1` and `NAME = 1` of a header.
fn numbers(header: &'static str) -> BTreeMap<&'static str, u64> {
    let pair = |line: &'static str| -> Option<(&str, u64)> {
        let line = line.trim();
        let (name, value) = match line.strip_prefix("#define ") {
            Some(rest) => rest.split_once(' ')?,
            None => line.split_once(" = ")?,
        };
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        Some((name, digits.parse().ok()?))
    };
    header.lines().filter_map(pair).collect()
}

/// Fields of a structure with their lengths, in order.
fn fields(name: &str) -> Vec<(&'static str, usize)> {
    let start = RECORD.find(&format!("struct {name} {{")).expect("the structure");
    let body = &RECORD[start..start + RECORD[start..].find("};").expect("its end")];
    body.lines()
        .filter_map(|line| line.trim().strip_suffix(';')?.split_once(' '))
        .map(|(kind, field)| match kind {
            "__u8" => (field, 1),
            "__u16" => (field, 2),
            "__u32" | "__s32" => (field, 4),
            "__u64" | "__s64" => (field, 8),
            "char" => ("comm", 16),
            other => panic!("a field of type {other}"),
        })
        .collect()
}

/// The structure with 1 in its first field, 2 in the next, and so on.
fn counted(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, (_, len)) in fields(name).into_iter().enumerate() {
        bytes.push(index as u8 + 1);
        bytes.resize(bytes.len() + len - 1, 0);
    }
    bytes
}

#[test]
fn bounds_are_the_same() {
    let numbers = numbers(RECORD);
    assert_eq!(numbers["RECORD_VERSION"], u64::from(VERSION));
    assert_eq!(numbers["RECORD_LEN_MAX"], RECORD_LEN_MAX as u64);
    assert_eq!(numbers["TEXT_LEN_MAX"], TEXT_LEN_MAX as u64);
    assert_eq!(numbers["DATA_LEN_MAX"], DATA_LEN_MAX as u64);
    assert_eq!(numbers["FILE_CREATED"], u64::from(FILE_CREATED));
    let last = Operation::all().map(Operation::number).max().expect("operations");
    assert!(u64::from(last) < numbers["OPERATION_COUNT_MAX"]);
    let longest = Operation::all().map(|operation| operation.call().params.len()).max();
    assert!(longest <= Some(STEP_COUNT_MAX));
    assert_eq!(STEP_COUNT_MAX as u64, numbers["PARAM_COUNT_MAX"]);
}

#[test]
fn the_head_of_a_record_is_the_same() {
    let place = |name: &str| {
        let index = fields("record").iter().position(|(field, _)| *field == name);
        index.expect("the field") as u64 + 1
    };
    let mut bytes = counted("record");
    assert_eq!(bytes.len(), HEAD_LEN);
    bytes[0] = HEAD_LEN as u8;
    bytes[4] = VERSION;
    let record = Record::parse(&bytes).expect("a record");
    assert_eq!(u64::from(record.operation.number()), place("operation"));
    let found = [
        (u64::from(record.flags), "flags"),
        (u64::from(record.cpu()), "cpu"),
        (u64::from(record.parent()), "ppid"),
        (record.time(), "time"),
        (record.result().expect("a result") as u64, "result"),
        (u64::from(record.tid()), "tid"),
        (u64::from(record.pid()), "pid"),
        (record.start(), "start"),
        (record.parent_start(), "parent_start"),
        (u64::from(record.uid()), "uid"),
        (u64::from(record.gid()), "gid"),
        (record.cgroup(), "cgroup"),
        (u64::from(record.mount_ns()), "mount_ns"),
        (u64::from(record.pid_ns()), "pid_ns"),
        (u64::from(record.comm()[0]), "comm"),
    ];
    for (value, name) in found {
        assert_eq!(value, place(name), "{name}");
    }
}

#[test]
fn a_process_is_the_same() {
    let bytes = counted("process_param");
    let record = Writer::new(Operation::Clone, &Head::default());
    let record = record.raw(Kind::Process, 0, &bytes).finish();
    let record = Record::parse(&record).expect("a record");
    let what = record.param("process").expect("a process").what;
    let expected: Vec<String> = fields("process_param")
        .iter()
        .enumerate()
        .map(|(index, (name, _))| format!("{name}: {}", index + 1))
        .collect();
    assert_eq!(format!("{what:?}"), format!("Process(Process {{ {} }})", expected.join(", ")));
}

#[test]
fn kinds_and_flags_are_the_same() {
    let numbers = numbers(RECORD);
    let kinds = [
        ("PARAM_NUMBER", Kind::Number),
        ("PARAM_TEXT", Kind::Text),
        ("PARAM_BYTES", Kind::Bytes),
        ("PARAM_FILE", Kind::File),
        ("PARAM_ADDRESS", Kind::Address),
        ("PARAM_PROCESS", Kind::Process),
    ];
    for (name, kind) in kinds {
        assert_eq!(numbers[name], kind as u64, "{name}");
    }
    let flags = [
        ("RECORD_TRUNCATED", TRUNCATED),
        ("RECORD_UNREAD", UNREAD),
        ("RECORD_COMPAT", COMPAT),
        ("RECORD_IO_URING", IO_URING),
        ("RECORD_RESULT_UNKNOWN", RESULT_UNKNOWN),
    ];
    for (name, flag) in flags {
        assert_eq!(numbers[name], u64::from(flag), "{name}");
    }
}

#[test]
fn flags_of_a_parameter_are_the_same() {
    let numbers = numbers(RECORD);
    let flagged = |operation: Operation, kind: Kind, flag: &str| {
        let record = Writer::new(operation, &Head::default());
        record.raw(kind, numbers[flag] as u8, &[1; 24]).finish()
    };
    let value = |bytes: &[u8]| format!("{:?}", Record::parse(bytes).unwrap().params().next());
    let text = |flag| value(&flagged(Operation::Fsopen, Kind::Text, flag));
    assert!(text("PARAM_TRUNCATED").contains("truncated: true, swappable: false"));
    assert!(text("PARAM_USER").contains("truncated: false, swappable: true"));
    assert!(text("PARAM_UNREAD").contains("what: Unread"));
    assert!(text("PARAM_ABSENT").contains("what: Absent"));
    let bytes = flagged(Operation::Fchdir, Kind::File, "PARAM_DELETED");
    let record::What::File(file) = Record::parse(&bytes).unwrap().param("file").unwrap().what
    else {
        panic!("no file")
    };
    assert!(file.deleted);
}

#[test]
fn the_programs_know_every_way_of_finding_a_value() {
    let numbers = numbers(SLOT);
    assert_eq!((numbers["RESULT"], numbers["HERE"]), (u64::from(RESULT), u64::from(HERE)));
    let ways = [
        ("HOW_WORD", From::Word(1)),
        ("HOW_INT", From::Int(1)),
        ("HOW_CONSTANT", From::Constant(1)),
        ("HOW_NUMBER_AT", From::NumberAt(1, 1)),
        ("HOW_TEXT", From::Text(1)),
        ("HOW_PATH", From::Path(1, 1)),
        ("HOW_FILE", From::File(1)),
        ("HOW_ADDRESS", From::Address(1, 1)),
        ("HOW_BYTES", From::Bytes(1, 1)),
        ("HOW_BLOCK", From::Block(1, 1)),
        ("HOW_MESSAGE", From::Message(1)),
        ("HOW_ADDRESS_AT", From::AddressAt(1, 1)),
        ("HOW_ABSENT", From::Kernel(Kind::Text)),
        ("HOW_MESSAGES", From::Messages(1)),
    ];
    for (name, from) in ways {
        let params: &'static [Param] = Box::leak(Box::new([Param { name: "a", from }]));
        let call = Call { operation: Operation::Ioctl, name: "ioctl", params };
        assert_eq!(u64::from(plan(&call, None)[STEPS_AT]), numbers[name], "{name}");
    }
}

#[test]
fn the_programs_know_every_situation() {
    let numbers = numbers(SLOT);
    assert_eq!(numbers["SITUATION_COUNT"], SITUATION_COUNT as u64);
    assert_eq!(numbers["SET_COUNT_MAX"], SET_COUNT_MAX as u64);
    assert_eq!(numbers["KEY_TEXT_LEN"], KEY_TEXT_LEN as u64);
    assert_eq!(numbers["PAIR_COUNT"], PAIR_COUNT as u64);
    assert_eq!(numbers["HOST_COUNT_MAX"], u64::from(HOST_COUNT_MAX));
    let index = |place, what| Situation { place, what }.index() as u64;
    let nowhere = |what| index(Place::Anywhere, what);
    let host = index(Place::Host, What::Ended(Outcome::Failed));
    assert_eq!(numbers["SITUATION_HOST"], host);
    let ends = [
        ("END_FAILED = 0", Outcome::Failed),
        ("END_SMALL = 1", Outcome::Small),
        ("END_GREAT = 2", Outcome::Great),
    ];
    for (text, outcome) in ends {
        assert!(SLOT.contains(text) && text.ends_with(&nowhere(What::Ended(outcome)).to_string()));
    }
    let classes = [
        ("CLASS_NO_SOCKET = 0", Class::NoSocket),
        ("CLASS_UNIX = 4", Class::Unix),
        ("CLASS_TCP = 8", Class::Tcp),
        ("CLASS_UDP = 12", Class::Udp),
        ("CLASS_OTHER = 16", Class::Other),
    ];
    for (text, class) in classes {
        let number = nowhere(What::Socket(class, Outcome::Failed));
        assert!(SLOT.contains(text) && text.ends_with(&format!("= {number}")), "{text}");
    }
    let sorts = [
        (1, Sort::Outcome),
        (1, Sort::Path(0)),
        (2, Sort::Open { flags: 1, mode: 2, path: 0 }),
        (3, Sort::Socket(0)),
    ];
    for (number, sort) in sorts {
        assert_eq!(plan(Operation::Openat.call(), Some(sort))[4], number);
    }
    assert!(SLOT.contains("SORT_ENDED = 1, SORT_OPEN = 2, SORT_SOCKET = 3"));
    assert_eq!(size_of::<Set>(), 328);
    assert!(SLOT.contains("#define HASH_BITS 10") && SLOT.contains("2654435761U"));
}

#[test]
fn the_requests_through_io_uring_are_the_same() {
    let uring = numbers(include_str!("../bpf/uring.h"));
    let there: BTreeSet<u64> = uring
        .iter()
        .filter(|(name, _)| name.starts_with("URING_"))
        .map(|(_, number)| *number)
        .collect();
    let here: BTreeSet<u64> = URING_CALLS.iter().map(|(number, _)| u64::from(*number)).collect();
    assert_eq!(there, here);
    let slot = numbers(SLOT);
    assert_eq!(slot["URING_NUMBERS"], u64::from(URING_NUMBERS));
    assert!(here.iter().all(|number| *number < slot["URING_COUNT"]));
}
