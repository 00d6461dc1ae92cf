//! Records as lines that are the same on every machine.

use std::io::Write;
use std::path::Path;

use syscall::record::{File, IO_URING, Record, Socket, What};

/// Says something on standard error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Compares line by line. The file's text is built in, so that the test runs on machines without
/// the sources; with `UPDATE_EXPECT` set it is written anew.
pub fn is(file: &str, expected: &str, seen: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live").join(file);
        std::fs::write(path, seen).expect("it can be written");
        return;
    }
    for (seen, expected) in seen.lines().zip(expected.lines()) {
        assert_eq!(seen, expected, "in {file}");
    }
    assert_eq!(seen.lines().count(), expected.lines().count(), "lines of {file}");
}

/// One line a record.
pub fn all(records: &[Vec<u8>], dir: &str) -> String {
    let line = |bytes: &Vec<u8>| one(Record::parse(bytes).expect("a record"), dir);
    records.iter().map(line).collect()
}

fn one(record: Record<'_>, dir: &str) -> String {
    let result = match record.result() {
        None => "unknown",
        Some(result) if result < 0 => "failed",
        Some(_) => "ok",
    };
    let uring = if record.flags & IO_URING == 0 { "" } else { " (io_uring)" };
    let mut line = format!("{}{uring}: {result}", record.operation.name());
    for (param, value) in record.params() {
        let value = match param.name {
            // Numbers that the kernel chose.
            "result" | "live" | "cgroup" => continue,
            _ => show(&value.what),
        };
        line.push_str(&format!(" {}={value}", param.name));
    }
    line.replace(dir, "$DIR") + "\n"
}

fn show(what: &What<'_>) -> String {
    match what {
        What::Number(number) if *number as i64 >= 0 => format!("{number:#o}"),
        What::Number(number) => (*number as i64).to_string(),
        What::Text(text) => format!("{:?}", lossy(text)),
        What::Path(path, b"") => format!("{:?}", lossy(path)),
        What::Path(path, base) => format!("{:?}@{:?}", lossy(path), lossy(base)),
        What::Bytes(bytes) => data(bytes),
        What::Address(bytes) => address(bytes),
        What::Message(to, bytes) => format!("{}:{}", address(to), data(bytes)),
        What::File(file) => show_file(file),
        What::Process(process) => {
            let process = process.read();
            let thread = if process.tid == process.pid { "process" } else { "thread" };
            format!("{thread}(uid {}, flags {:#x})", process.euid, process.clone_flags)
        }
        What::Absent => "-".into(),
        What::Unread => "unread".into(),
        What::Unknown => "unknown".into(),
    }
}

fn show_file(file: &File<'_>) -> String {
    match &file.socket {
        _ if !file.is_open() => format!("{}(none)", file.fd),
        None => format!("{}({})", file.fd, lossy(file.path)),
        Some(socket) => format!("{}({})", file.fd, show_socket(socket)),
    }
}

fn show_socket(socket: &Socket<'_>) -> String {
    match (socket.local, socket.remote) {
        (Some(local), Some(remote)) => {
            let port = |port: u16| if port == 0 { "0" } else { "port" };
            let (near, far) = (port(socket.local_port), port(socket.remote_port));
            format!("{} {local}:{near} -> {remote}:{far}", socket.protocol)
        }
        _ => format!("unix {:?}", lossy(socket.path)),
    }
}

fn address(bytes: &[u8]) -> String {
    match bytes {
        [] => "-".into(),
        [2, 0, _, _, a, b, c, d, ..] => format!("inet {a}.{b}.{c}.{d}"),
        [family, 0, rest @ ..] => format!("{family} {:?}", lossy(rest).trim_end_matches('\0')),
        _ => format!("{} bytes", bytes.len()),
    }
}

fn data(bytes: &[u8]) -> String {
    if bytes.iter().any(|byte| *byte != 0) {
        format!("{:?}", lossy(bytes))
    } else {
        format!("{} zeros", bytes.len())
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
