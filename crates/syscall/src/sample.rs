//! Records and tables for tests.

use ::event::{Time, Value};
use rule::source::{Presence, Source};

use crate::envelope::Envelope;
use crate::record::{Head, Kind, Operation, PROCESS_LEN, Record, Writer};
use crate::{Environment, Event, Home, Syscall, Tables};

/// When processes of tests start: far enough apart to differ.
pub const SECOND: u64 = 1_000_000_000;

/// Tables that know nothing: there is no `/proc` where they look.
pub fn tables() -> Tables {
    let home = Home { proc: "/no/such/proc".into(), root: "/no/such/root".into() };
    Tables::new(home, Time(0), Environment::Kept)
}

/// A process of a test: its number is also the second at which it started.
#[derive(Clone, Copy)]
pub struct Who {
    pub pid: u32,
    pub parent: u32,
}

pub fn who(pid: u32, parent: u32) -> Who {
    Who { pid, parent }
}

impl Who {
    pub fn head(self, result: i64, name: &str) -> Head {
        Head {
            pid: self.pid,
            tid: self.pid,
            parent: self.parent,
            start: u64::from(self.pid) * SECOND,
            parent_start: u64::from(self.parent) * SECOND,
            time: 10_000 * SECOND,
            result,
            cgroup: 1,
            comm: name.to_owned(),
            ..Head::default()
        }
    }

    /// The process as the kernel would tell it: the host's first session and group.
    pub fn facts(self) -> [u8; PROCESS_LEN] {
        let mut bytes = [0; PROCESS_LEN];
        let mut put = |at: usize, number: u64, len: usize| {
            bytes[at..at + len].copy_from_slice(&number.to_le_bytes()[..len]);
        };
        for (at, number) in [(0, self.pid), (4, self.pid), (8, self.parent), (12, 7), (16, 7)] {
            put(at, number.into(), 4);
        }
        for (at, number) in [(20, 1), (24, 1), (28, 1), (32, 1), (36, 34_816)] {
            put(at, number, 4);
        }
        put(40, u64::from(self.pid) * SECOND, 8);
        put(48, u64::from(self.parent) * SECOND, 8);
        put(80, u32::MAX.into(), 4);
        put(104, 1 << 21 | 1, 8);
        put(128, 1, 8);
        bytes
    }

    /// An execution with these arguments.
    pub fn executes(self, path: &str, args: &[&str], cgroup: &str) -> Vec<u8> {
        self.executing(path, args, cgroup).finish()
    }

    /// The same, up to what it hangs on.
    pub fn executing(self, path: &str, args: &[&str], cgroup: &str) -> Writer {
        let name = path.rsplit('/').next().unwrap_or_default();
        let args: String = args.iter().map(|arg| format!("{arg}\0")).collect();
        Writer::new(Operation::Execve, &self.head(0, name))
            .raw(Kind::Process, 0, &self.facts())
            .text(path.as_bytes())
            .text(path.as_bytes())
            .text(path.as_bytes())
            .text(b"/srv")
            .text(cgroup.as_bytes())
            .raw(Kind::Bytes, 0, args.as_bytes())
            .raw(Kind::Bytes, 0, b"HOME=/root\0TOKEN=x\0")
    }

    /// A process that this one makes.
    pub fn forks(self, child: Who) -> Vec<u8> {
        Writer::new(Operation::Clone, &self.head(child.pid.into(), "any"))
            .raw(Kind::Process, 0, &child.facts())
            .text(b"/any")
            .finish()
    }

    /// Its end.
    pub fn ends(self) -> Vec<u8> {
        Writer::new(Operation::Procexit, &self.head(0, "any")).number(0).number(0).finish()
    }

    /// An open of a file.
    pub fn opens(self, path: &str, base: &str, flags: u64, result: i64) -> Vec<u8> {
        let file = if result < 0 { (-1, 0) } else { (result as i32, 0o100_644) };
        Writer::new(Operation::Openat, &self.head(result, "any"))
            .number(flags)
            .number(0o644)
            .path(path.as_bytes(), base.as_bytes())
            .file(file.0, file.1, 0, b"/real/path")
            .finish()
    }
}

/// Takes in a record.
pub fn take(tables: &mut Tables, bytes: &[u8]) {
    let record = Record::parse(bytes).unwrap();
    tables.before(&record);
    tables.after(&record);
}

/// What a field of a record shows: values with commas between, or `-`.
pub fn show(tables: &mut Tables, bytes: &[u8], field: &str) -> String {
    let record = Record::parse(bytes).unwrap();
    tables.before(&record);
    let envelope = Envelope { number: 1, first: None, host: "node" };
    let mut event = Event::new(record, tables, envelope);
    let (name, argument) = match field.split_once('[') {
        Some((name, rest)) => (name, rest.strip_suffix(']')),
        None => {
            let (found, argument) = Syscall::DOC.lookup(field).unwrap();
            (found.name, argument)
        }
    };
    let resolved = Syscall::resolve(name, argument).unwrap();
    let mut shown = Vec::new();
    let presence = Syscall::each(&mut event, &resolved, |value| {
        shown.push(match value {
            Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Value::Int(number) => number.to_string(),
            Value::Uint(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Ip(address) => address.to_string(),
        });
        std::ops::ControlFlow::Continue(())
    });
    match presence {
        Presence::Present => shown.join(","),
        Presence::Absent => "-".to_owned(),
    }
}
