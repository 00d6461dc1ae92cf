//! Changes of rights, namespaces and mounts, and of the kernel.

use control::evidence::{Call, What};
use syscall::record::{self, Operation};

use super::{Activities, Seen, text};

/// What tells of them.
pub const OPERATIONS: &[Operation] = &[
    Operation::Setuid,
    Operation::Setreuid,
    Operation::Setresuid,
    Operation::Capset,
    Operation::Ptrace,
    Operation::ProcessVmWritev,
    Operation::Setns,
    Operation::Unshare,
    Operation::Mount,
    Operation::MoveMount,
    Operation::Umount,
    Operation::Umount2,
    Operation::PivotRoot,
    Operation::Chroot,
    Operation::InitModule,
    Operation::FinitModule,
    Operation::DeleteModule,
    Operation::Bpf,
    Operation::KexecLoad,
    Operation::KexecFileLoad,
];

/// Namespaces with the flags that make them.
const NAMESPACES: [(u64, &str); 8] = [
    (0x0002_0000, "mnt"),
    (0x0200_0000, "cgroup"),
    (0x0400_0000, "uts"),
    (0x0800_0000, "ipc"),
    (0x1000_0000, "user"),
    (0x2000_0000, "pid"),
    (0x4000_0000, "net"),
    (0x80, "time"),
];
/// Requests that take hold of a process or change it.
const PTRACE: [(u64, &str); 8] = [
    (4, "write text of"),
    (5, "write data of"),
    (6, "write user area of"),
    (13, "set registers of"),
    (15, "set floating-point registers of"),
    (16, "attach to"),
    (0x4205, "set registers of"),
    (0x4206, "seize"),
];
/// Commands that put a program into the kernel or make it run.
const BPF: [(u64, &str); 5] = [
    (5, "program loaded"),
    (8, "program attached"),
    (17, "raw tracepoint opened"),
    (28, "link made"),
    (6, "object pinned"),
];
/// A user that is left as it is.
const SAME: u64 = u32::MAX as u64;

impl Activities {
    pub(super) fn call(&mut self, seen: &Seen<'_>) {
        let Some(on) = on(seen) else { return };
        let call = Call { call: seen.record.operation.name().to_owned(), on: Vec::new() };
        let what = match seen.record.operation {
            Operation::InitModule
            | Operation::FinitModule
            | Operation::DeleteModule
            | Operation::Bpf
            | Operation::KexecLoad
            | Operation::KexecFileLoad => What::Module(call),
            _ => What::Privilege(call),
        };
        let by = self.actor(seen);
        let act = seen.act(by, what);
        self.acts.merge(act, Some(on).filter(|on| !on.is_empty()));
    }
}

/// Returns what a call is done to; nothing if it is not to be told.
fn on(seen: &Seen<'_>) -> Option<String> {
    let path = |name: &str| seen.path(name).map(|path| text(&path)).unwrap_or_default();
    Some(match seen.record.operation {
        Operation::Setuid => user(seen, seen.number("uid")?),
        Operation::Setreuid | Operation::Setresuid => {
            let asked = ["euid", "ruid"].iter().filter_map(|name| seen.number(name));
            let uid = asked.map(|uid| uid & SAME).find(|uid| *uid != SAME)?;
            user(seen, uid)
        }
        Operation::Capset => capabilities(seen)?,
        Operation::Ptrace => process(seen, named(&PTRACE, seen.number("request")?)?),
        Operation::ProcessVmWritev => process(seen, "write memory of"),
        Operation::Setns => match namespaces(seen.number("type").unwrap_or(0)) {
            names if names.is_empty() => path("file"),
            names => names,
        },
        Operation::Unshare => namespaces(seen.number("flags")?),
        Operation::Mount => match (path("device"), path("name")) {
            (device, name) if device.is_empty() => name,
            (device, name) => format!("{device} on {name}"),
        },
        Operation::MoveMount => format!("{} on {}", path("from"), path("to")),
        Operation::PivotRoot => path("new"),
        Operation::FinitModule => path("file"),
        Operation::KexecFileLoad => path("kernel"),
        Operation::Bpf => named(&BPF, seen.number("command")?)?.to_owned(),
        Operation::InitModule | Operation::KexecLoad => String::new(),
        _ => path("name"),
    })
}

fn named(names: &[(u64, &'static str)], number: u64) -> Option<&'static str> {
    names.iter().find(|(known, _)| *known == number & SAME).map(|(_, name)| *name)
}

fn user(seen: &Seen<'_>, uid: u64) -> String {
    let uid = uid as u32;
    let names = seen.process.names.as_deref();
    match names.and_then(|names| names.user(uid)) {
        Some(user) => format!("{} ({uid})", text(&user.name)),
        None => uid.to_string(),
    }
}

fn process(seen: &Seen<'_>, doing: &str) -> String {
    let pid = seen.number("pid").unwrap_or(0) as u32;
    // Its number is of the namespace of who asks; only on the host it is the one that is known.
    let known = seen.tables.processes().by_pid(pid);
    match known.filter(|_| seen.process.cgroup.place.is_none()) {
        Some(process) => format!("{doing} {} ({pid})", text(&process.program.name)),
        None => format!("{doing} {pid}"),
    }
}

fn namespaces(flags: u64) -> String {
    let made = NAMESPACES.iter().filter(|(flag, _)| flags & flag != 0);
    made.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

/// Two rows of effective, permitted and inheritable, 32 bits each, lower half first.
fn capabilities(seen: &Seen<'_>) -> Option<String> {
    let Some(record::What::Bytes(bytes)) = seen.param("sets") else { return None };
    let word = |at: usize| {
        let part = bytes.get(at * 4..at * 4 + 4).and_then(|part| part.try_into().ok());
        u64::from(part.map_or(0, u32::from_le_bytes))
    };
    let effective = word(0) | word(3) << 32;
    Some(match (effective, effective.count_ones()) {
        (0, _) => "none".to_owned(),
        (_, 36..) => "all".to_owned(),
        _ => syscall::capabilities(effective),
    })
}
