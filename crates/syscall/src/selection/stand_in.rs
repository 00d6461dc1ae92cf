//! Records that stand for all of a situation. What every one of them answers in the same way, any
//! record of that situation answers so.

use event::Time;

use super::{Class, Executable, OPEN_FLAGS, OPEN_MODE, Outcome, Place, Situation, Sort, What};
use crate::arg::{self, Uses};
use crate::read::FILES;
use crate::record::{
    FILE_CREATED, FILE_LEN, From, Head, Kind, Operation, PROCESS_LEN, Param, Record, SOCKET_LEN,
    Writer,
};
use crate::table::{Environment, Home, Tables};

/// How far the situation decides a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Not at all.
    No,
    /// It has the same value in every stand-in, or the same few.
    Wholly,
    /// It is a number that follows from the result alone.
    ByResult,
    /// It is the name of an error: only that there is one is known.
    ByError,
    /// It is a text of the names of flags, of which some are known.
    ByFlags,
}

/// Fields that follow from the call, and from whether it failed.
const OF_CALL: [&str; 10] = [
    "evt.type",
    "syscall.type",
    "evt.dir",
    "evt.category",
    "evt.is_io",
    "evt.is_io_read",
    "evt.is_io_write",
    "evt.io_dir",
    "evt.failed",
    "evt.source",
];
const OF_OPEN: [&str; 4] =
    ["evt.is_open_read", "evt.is_open_write", "evt.is_open_exec", "evt.is_open_create"];
/// Fields of what a descriptor names that its class decides.
const OF_CLASS: [&str; 4] = ["fd.type", "fd.typechar", "fd.l4proto", "fd.sockfamily"];
/// Fields that only a socket of the internet has.
const OF_LINK: [&str; 27] = [
    "fd.ip",
    "fd.cip",
    "fd.sip",
    "fd.lip",
    "fd.rip",
    "fd.net",
    "fd.cnet",
    "fd.snet",
    "fd.lnet",
    "fd.rnet",
    "fd.port",
    "fd.cport",
    "fd.sport",
    "fd.lport",
    "fd.rport",
    "fd.proto",
    "fd.cproto",
    "fd.sproto",
    "fd.lproto",
    "fd.rproto",
    "fd.is_server",
    "fd.connected",
    "fd.name_changed",
    "fd.cip.name",
    "fd.sip.name",
    "fd.lip.name",
    "fd.rip.name",
];

/// Fields that are the same wherever there is no container, or absent.
const OF_HOST: [&str; 16] = [
    "container.id",
    "container.full_id",
    "container.name",
    "container.type",
    "container.image",
    "container.image.id",
    "container.image.repository",
    "container.image.tag",
    "container.image.digest",
    "container.privileged",
    "container.duration",
    "container.start_ts",
    "k8s.ns.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.pod.id",
];

/// Tells how far a situation decides a field.
pub fn decided(operation: Operation, situation: Situation, field: &str) -> Decided {
    let failed = situation.outcome() == Outcome::Failed;
    let opens = arg::row(operation).uses == Uses::Open;
    let open = matches!(situation.what, What::Open(..));
    let wholly = |yes: bool| if yes { Decided::Wholly } else { Decided::No };
    if OF_CALL.contains(&field) {
        return Decided::Wholly;
    }
    if OF_OPEN.contains(&field) {
        return wholly(open || !opens);
    }
    if OF_HOST.contains(&field) {
        return wholly(situation.place == Place::Host);
    }
    match (field, situation.what) {
        ("evt.rawres", _) => Decided::ByResult,
        ("evt.res", _) if failed => Decided::ByError,
        ("evt.res", _) => Decided::Wholly,
        ("fd.num", What::Open(..)) => Decided::ByResult,
        ("fd.type" | "fd.typechar", What::Open(..)) => Decided::Wholly,
        ("evt.arg.flags", What::Open(..)) => Decided::ByFlags,
        (_, What::Socket(class, _)) if OF_CLASS.contains(&field) => wholly(class != Class::Other),
        (_, What::Socket(class, _)) if OF_LINK.contains(&field) => {
            wholly(matches!(class, Class::NoSocket | Class::Unix))
        }
        // Paths are told of what was done.
        _ => wholly(failed && field.starts_with("fs.path.")),
    }
}

/// Returns tables that know of nobody.
pub fn nowhere() -> Tables {
    let home = Home { proc: "/nowhere".into(), root: "/nowhere".into() };
    Tables::new(home, Time(0), Environment::Left)
}

/// Returns tables in which whoever acts in [`records`] is in no container.
pub fn host() -> Tables {
    let mut tables = nowhere();
    let bytes = record(Operation::Execve, 0, |param| match param.name {
        "process" => Some((Kind::Process, vec![0; PROCESS_LEN])),
        "cgroup" => Some((Kind::Text, b"/".to_vec())),
        _ => None,
    });
    if let Ok(record) = Record::parse(&bytes) {
        tables.before(&record);
    }
    tables
}

/// Returns the results that a situation can have, as far as they need be looked at: the outermost,
/// and those beside `marks`, where something may change.
pub fn results(situation: Situation, marks: &[i64]) -> Vec<i64> {
    let fits = |result: &i64| match situation.outcome() {
        Outcome::Failed => (-4095..0).contains(result),
        Outcome::Small => (0..3).contains(result),
        Outcome::Great if matches!(situation.what, What::Open(..)) => *result >= 0,
        Outcome::Great => *result >= 3,
    };
    let beside =
        marks.iter().flat_map(|mark| [mark.saturating_sub(1), *mark, mark.saturating_add(1)]);
    [-4095, -38, -2, -1, 0, 1, 2, 3, i64::from(i32::MAX), i64::MAX]
        .into_iter()
        .chain(beside)
        .filter(fits)
        .collect()
}

/// Returns the records that stand for a situation with this result.
pub fn records(operation: Operation, situation: Situation, result: i64) -> Vec<Vec<u8>> {
    match situation.what {
        What::Ended(_) => vec![record(operation, result, |_| None)],
        What::Open(flags, mode, _) => {
            let mode = if mode == Executable::Yes { OPEN_MODE } else { 0 };
            let fd = i32::try_from(result).unwrap_or(i32::MAX);
            let open = |flags: u32, created: u32| {
                let mut made = file(fd, 0o100_644, b"/");
                made[8..12].copy_from_slice(&created.to_le_bytes());
                record(operation, result, |param| match param.name {
                    "flags" => Some((Kind::Number, u64::from(flags).to_le_bytes().to_vec())),
                    "mode" => Some((Kind::Number, u64::from(mode).to_le_bytes().to_vec())),
                    "file" if result >= 0 => Some((Kind::File, made.clone())),
                    _ => None,
                })
            };
            // With none of the flags that are not known, and with all of them; of a file that was
            // there before, and of one that was made.
            let unknown = 0o377_777_777 & !OPEN_FLAGS.iter().sum::<u32>();
            let all = [flags, flags | unknown];
            all.into_iter()
                .flat_map(|flags| [0, FILE_CREATED].map(|created| open(flags, created)))
                .collect()
        }
        What::Socket(class, _) => {
            let made = matches!(Sort::of(operation), Some(Sort::Socket(crate::record::RESULT)));
            let fd = if made { i32::try_from(result).unwrap_or(i32::MAX) } else { 5 };
            let file = |bytes: Vec<u8>| {
                record(operation, result, |param| match param.from {
                    From::File(_) => Some((Kind::File, bytes.clone())),
                    _ => None,
                })
            };
            files(class, fd).into_iter().map(file).collect()
        }
    }
}

/// Writes a record whose parameters are absent but where `value` has one.
fn record(
    operation: Operation,
    result: i64,
    value: impl Fn(&Param) -> Option<(Kind, Vec<u8>)>,
) -> Vec<u8> {
    const ABSENT: u8 = 4;
    let mut writer = Writer::new(operation, &Head { result, ..Head::default() });
    for param in operation.call().params {
        if let Some((kind, bytes)) = value(param) {
            writer = writer.raw(kind, 0, &bytes);
            continue;
        }
        for kind in param.from.kinds() {
            writer = writer.raw(*kind, ABSENT, &[]);
        }
    }
    writer.finish()
}

/// Returns files of every kind that a class has, as they stand in a record.
fn files(class: Class, fd: i32) -> Vec<Vec<u8>> {
    const UNIX: u16 = 1;
    const INET: u16 = 2;
    const INET6: u16 = 10;
    const MAPPED: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1];
    let sockets = |families: &[(u16, [u8; 16])], kind: u16, protocols: &[u16]| {
        let each =
            families.iter().flat_map(|family| protocols.iter().map(move |one| (family, one)));
        each.map(|((family, address), protocol)| socket(fd, (*family, kind, *protocol), *address))
            .collect()
    };
    let internet = [(INET, [127; 16]), (INET6, [1; 16]), (INET6, MAPPED)];
    match class {
        Class::NoSocket => FILES.iter().map(|(mode, path)| file(fd, *mode, path)).collect(),
        Class::Unix => {
            [1, 2, 5].into_iter().map(|kind| socket(fd, (UNIX, kind, 0), [0; 16])).collect()
        }
        Class::Tcp => sockets(&internet, 1, &[0, 6]),
        Class::Udp => sockets(&internet, 2, &[0, 17]),
        Class::Other => Vec::new(),
    }
}

fn file(fd: i32, mode: u32, path: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; FILE_LEN];
    bytes[..4].copy_from_slice(&fd.to_le_bytes());
    bytes[4..8].copy_from_slice(&mode.to_le_bytes());
    bytes.extend_from_slice(path);
    bytes
}

fn socket(fd: i32, (family, kind, protocol): (u16, u16, u16), address: [u8; 16]) -> Vec<u8> {
    let mut bytes = file(fd, 0o140_777, &[]);
    for number in [family, kind, protocol, 1, 1000, 2000] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(address);
    bytes.extend(address);
    debug_assert_eq!(bytes.len(), FILE_LEN + SOCKET_LEN);
    bytes
}
