//! What the record of each operation holds, and where the system call has it. One row is all
//! there is to know of a call: the sensor's programs read what the row asks for.

use super::operation::Operation;

/// One operation: its name and its parameters, in the order of the record.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Which operation.
    pub operation: Operation,
    /// Its name in rules.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Where a live sensor finds it.
    pub from: From,
}

/// Kind of a value in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A number of 64 bits.
    Number = 1,
    /// A text.
    Text = 2,
    /// Bytes.
    Bytes = 3,
    /// An open file or socket.
    File = 4,
    /// A socket address.
    Address = 5,
    /// A process.
    Process = 6,
}

/// Place of an argument: 0 to 5, [`RESULT`] or [`HERE`].
pub type Place = u8;

/// The result of the call.
pub const RESULT: Place = 7;
/// The directory that the process works in, as the base of a path.
pub const HERE: Place = 8;

/// Where the value of a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// An argument of 64 bits.
    Word(Place),
    /// An argument of 32 bits, with its sign.
    Int(Place),
    /// Nowhere: it follows from the call.
    Constant(u16),
    /// The 64-bit number so many bytes behind the address.
    NumberAt(Place, u16),
    /// The text at the address.
    Text(Place),
    /// The text at the second place, relative to the directory that the first one names.
    Path(Place, Place),
    /// The file of the descriptor.
    File(Place),
    /// The socket address at the first place; the second is its length.
    Address(Place, Place),
    /// The same, with the length in memory.
    AddressAt(Place, Place),
    /// The bytes at the first place; the second is their count.
    Bytes(Place, Place),
    /// So many bytes at the place.
    Block(Place, u16),
    /// The address and the first bytes of the message at the place.
    Message(Place),
    /// The same of the first of many messages.
    Messages(Place),
    /// The kernel tells it when the operation is done; a call that failed lacks it.
    Kernel(Kind),
}

impl From {
    /// The kinds of the values that it becomes in a record.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Word(_) | Self::Int(_) | Self::Constant(_) | Self::NumberAt(..) => {
                &[Kind::Number]
            }
            Self::Text(_) => &[Kind::Text],
            Self::Path(..) => &[Kind::Text, Kind::Text],
            Self::File(_) => &[Kind::File],
            Self::Address(..) | Self::AddressAt(..) => &[Kind::Address],
            Self::Bytes(..) | Self::Block(..) => &[Kind::Bytes],
            Self::Message(_) | Self::Messages(_) => &[Kind::Address, Kind::Bytes],
            Self::Kernel(kind) => kind.alone(),
        }
    }
}

impl Kind {
    const fn alone(self) -> &'static [Self] {
        match self {
            Self::Number => &[Self::Number],
            Self::Text => &[Self::Text],
            Self::Bytes => &[Self::Bytes],
            Self::File => &[Self::File],
            Self::Address => &[Self::Address],
            Self::Process => &[Self::Process],
        }
    }
}

const fn call(operation: Operation, name: &'static str, params: &'static [Param]) -> Call {
    Call { operation, name, params }
}

const fn word(name: &'static str, place: Place) -> Param {
    Param { name, from: From::Word(place) }
}

const fn int(name: &'static str, place: Place) -> Param {
    Param { name, from: From::Int(place) }
}

const fn constant(name: &'static str, value: u16) -> Param {
    Param { name, from: From::Constant(value) }
}

const fn number_at(name: &'static str, place: Place, offset: u16) -> Param {
    Param { name, from: From::NumberAt(place, offset) }
}

const fn text(name: &'static str, place: Place) -> Param {
    Param { name, from: From::Text(place) }
}

const fn path(name: &'static str, base: Place, place: Place) -> Param {
    Param { name, from: From::Path(base, place) }
}

const fn file(name: &'static str, place: Place) -> Param {
    Param { name, from: From::File(place) }
}

const fn address(name: &'static str, place: Place, len: Place) -> Param {
    Param { name, from: From::Address(place, len) }
}

const fn address_at(name: &'static str, place: Place, len: Place) -> Param {
    Param { name, from: From::AddressAt(place, len) }
}

const fn bytes(name: &'static str, place: Place, count: Place) -> Param {
    Param { name, from: From::Bytes(place, count) }
}

const fn block(name: &'static str, place: Place, len: u16) -> Param {
    Param { name, from: From::Block(place, len) }
}

const fn message(name: &'static str, place: Place) -> Param {
    Param { name, from: From::Message(place) }
}

const fn messages(name: &'static str, place: Place) -> Param {
    Param { name, from: From::Messages(place) }
}

const fn kernel(name: &'static str, kind: Kind) -> Param {
    Param { name, from: From::Kernel(kind) }
}

/// Every operation, in the order of their numbers.
pub const CALLS: &[Call] = &[
    call(
        Operation::Execve,
        "execve",
        &[
            kernel("process", Kind::Process),
            text("filename", 0),
            kernel("interp", Kind::Text),
            kernel("exe", Kind::Text),
            kernel("cwd", Kind::Text),
            kernel("cgroup", Kind::Text),
            kernel("args", Kind::Bytes),
            kernel("environment", Kind::Bytes),
            kernel("stdin", Kind::File),
            kernel("stdout", Kind::File),
            kernel("stderr", Kind::File),
        ],
    ),
    call(
        Operation::Execveat,
        "execveat",
        &[
            kernel("process", Kind::Process),
            text("filename", 1),
            kernel("interp", Kind::Text),
            kernel("exe", Kind::Text),
            kernel("cwd", Kind::Text),
            kernel("cgroup", Kind::Text),
            kernel("args", Kind::Bytes),
            kernel("environment", Kind::Bytes),
            kernel("stdin", Kind::File),
            kernel("stdout", Kind::File),
            kernel("stderr", Kind::File),
        ],
    ),
    call(
        Operation::Clone,
        "clone",
        &[kernel("process", Kind::Process), kernel("cgroup", Kind::Text)],
    ),
    call(
        Operation::Clone3,
        "clone3",
        &[kernel("process", Kind::Process), kernel("cgroup", Kind::Text)],
    ),
    call(
        Operation::Fork,
        "fork",
        &[kernel("process", Kind::Process), kernel("cgroup", Kind::Text)],
    ),
    call(
        Operation::Vfork,
        "vfork",
        &[kernel("process", Kind::Process), kernel("cgroup", Kind::Text)],
    ),
    call(
        Operation::Procexit,
        "procexit",
        &[kernel("status", Kind::Number), kernel("live", Kind::Number)],
    ),
    call(
        Operation::Open,
        "open",
        &[int("flags", 1), int("mode", 2), path("name", HERE, 0), file("file", RESULT)],
    ),
    call(
        Operation::Creat,
        "creat",
        &[constant("flags", 577), int("mode", 1), path("name", HERE, 0), file("file", RESULT)],
    ),
    call(
        Operation::Openat,
        "openat",
        &[int("flags", 2), int("mode", 3), path("name", 0, 1), file("file", RESULT)],
    ),
    call(
        Operation::Openat2,
        "openat2",
        &[
            number_at("flags", 2, 0),
            number_at("mode", 2, 8),
            path("name", 0, 1),
            file("file", RESULT),
        ],
    ),
    call(Operation::OpenByHandleAt, "open_by_handle_at", &[int("flags", 2), file("file", RESULT)]),
    call(Operation::Close, "close", &[int("fd", 0)]),
    call(Operation::Dup, "dup", &[int("from", 0), file("file", RESULT)]),
    call(Operation::Dup2, "dup2", &[int("from", 0), file("file", RESULT)]),
    call(Operation::Dup3, "dup3", &[int("from", 0), file("file", RESULT)]),
    call(Operation::Fcntl, "fcntl", &[int("fd", 0), int("command", 1), word("argument", 2)]),
    call(Operation::Rename, "rename", &[path("from", HERE, 0), path("to", HERE, 1)]),
    call(Operation::Renameat, "renameat", &[path("from", 0, 1), path("to", 2, 3)]),
    call(
        Operation::Renameat2,
        "renameat2",
        &[path("from", 0, 1), path("to", 2, 3), int("flags", 4)],
    ),
    call(Operation::Unlink, "unlink", &[path("name", HERE, 0)]),
    call(Operation::Unlinkat, "unlinkat", &[path("name", 0, 1), int("flags", 2)]),
    call(Operation::Rmdir, "rmdir", &[path("name", HERE, 0)]),
    call(Operation::Mkdir, "mkdir", &[path("name", HERE, 0), int("mode", 1)]),
    call(Operation::Mkdirat, "mkdirat", &[path("name", 0, 1), int("mode", 2)]),
    call(Operation::Link, "link", &[path("from", HERE, 0), path("to", HERE, 1)]),
    call(Operation::Linkat, "linkat", &[path("from", 0, 1), path("to", 2, 3), int("flags", 4)]),
    call(Operation::Symlink, "symlink", &[text("target", 0), path("name", HERE, 1)]),
    call(Operation::Symlinkat, "symlinkat", &[text("target", 0), path("name", 1, 2)]),
    call(Operation::Mknod, "mknod", &[path("name", HERE, 0), int("mode", 1), word("device", 2)]),
    call(Operation::Mknodat, "mknodat", &[path("name", 0, 1), int("mode", 2), word("device", 3)]),
    call(Operation::Chmod, "chmod", &[path("name", HERE, 0), int("mode", 1)]),
    call(Operation::Fchmod, "fchmod", &[file("file", 0), int("mode", 1)]),
    call(Operation::Fchmodat, "fchmodat", &[path("name", 0, 1), int("mode", 2)]),
    call(Operation::Fchmodat2, "fchmodat2", &[path("name", 0, 1), int("mode", 2), int("flags", 3)]),
    call(Operation::Chown, "chown", &[path("name", HERE, 0), int("uid", 1), int("gid", 2)]),
    call(Operation::Lchown, "lchown", &[path("name", HERE, 0), int("uid", 1), int("gid", 2)]),
    call(Operation::Fchown, "fchown", &[file("file", 0), int("uid", 1), int("gid", 2)]),
    call(
        Operation::Fchownat,
        "fchownat",
        &[path("name", 0, 1), int("uid", 2), int("gid", 3), int("flags", 4)],
    ),
    call(Operation::Truncate, "truncate", &[path("name", HERE, 0), word("length", 1)]),
    call(Operation::Ftruncate, "ftruncate", &[file("file", 0), word("length", 1)]),
    call(Operation::Utimensat, "utimensat", &[path("name", 0, 1), int("flags", 3)]),
    call(Operation::Setxattr, "setxattr", &[path("name", HERE, 0), text("attribute", 1)]),
    call(Operation::Lsetxattr, "lsetxattr", &[path("name", HERE, 0), text("attribute", 1)]),
    call(Operation::Fsetxattr, "fsetxattr", &[file("file", 0), text("attribute", 1)]),
    call(Operation::Removexattr, "removexattr", &[path("name", HERE, 0), text("attribute", 1)]),
    call(Operation::Lremovexattr, "lremovexattr", &[path("name", HERE, 0), text("attribute", 1)]),
    call(Operation::Fremovexattr, "fremovexattr", &[file("file", 0), text("attribute", 1)]),
    call(
        Operation::Mount,
        "mount",
        &[text("device", 0), path("name", HERE, 1), text("type", 2), word("flags", 3)],
    ),
    call(Operation::Umount, "umount", &[path("name", HERE, 0)]),
    call(Operation::Umount2, "umount2", &[path("name", HERE, 0), int("flags", 1)]),
    call(
        Operation::MoveMount,
        "move_mount",
        &[path("from", 0, 1), path("to", 2, 3), int("flags", 4)],
    ),
    call(
        Operation::OpenTree,
        "open_tree",
        &[path("name", 0, 1), int("flags", 2), file("file", RESULT)],
    ),
    call(Operation::Fsopen, "fsopen", &[text("type", 0), int("flags", 1)]),
    call(Operation::Fsmount, "fsmount", &[int("fd", 0), int("flags", 1)]),
    call(Operation::PivotRoot, "pivot_root", &[path("new", HERE, 0), path("old", HERE, 1)]),
    call(Operation::Chroot, "chroot", &[path("name", HERE, 0)]),
    call(Operation::Chdir, "chdir", &[path("name", HERE, 0)]),
    call(Operation::Fchdir, "fchdir", &[file("file", 0)]),
    call(Operation::Setns, "setns", &[file("file", 0), int("type", 1)]),
    call(Operation::Unshare, "unshare", &[word("flags", 0)]),
    call(Operation::Socket, "socket", &[int("domain", 0), int("type", 1), int("protocol", 2)]),
    call(
        Operation::Socketpair,
        "socketpair",
        &[int("domain", 0), int("type", 1), int("protocol", 2)],
    ),
    call(Operation::Connect, "connect", &[file("file", 0), address("address", 1, 2)]),
    call(Operation::Bind, "bind", &[file("file", 0), address("address", 1, 2)]),
    call(Operation::Listen, "listen", &[file("file", 0), int("backlog", 1)]),
    call(Operation::Accept, "accept", &[file("file", RESULT), int("fd", 0)]),
    call(Operation::Accept4, "accept4", &[file("file", RESULT), int("fd", 0), int("flags", 3)]),
    call(Operation::Setsockopt, "setsockopt", &[int("fd", 0), int("level", 1), int("option", 2)]),
    call(Operation::Shutdown, "shutdown", &[file("file", 0), int("how", 1)]),
    call(
        Operation::Sendto,
        "sendto",
        &[file("file", 0), word("size", 2), address("address", 4, 5), bytes("data", 1, 2)],
    ),
    call(Operation::Sendmsg, "sendmsg", &[file("file", 0), message("message", 1)]),
    call(Operation::Sendmmsg, "sendmmsg", &[file("file", 0), messages("message", 1)]),
    call(
        Operation::Recvfrom,
        "recvfrom",
        &[file("file", 0), word("size", 2), address_at("address", 4, 5), bytes("data", 1, RESULT)],
    ),
    call(Operation::Recvmsg, "recvmsg", &[file("file", 0), message("message", 1)]),
    call(Operation::Recvmmsg, "recvmmsg", &[file("file", 0), messages("message", 1)]),
    call(Operation::Setuid, "setuid", &[int("uid", 0)]),
    call(Operation::Setgid, "setgid", &[int("gid", 0)]),
    call(Operation::Setreuid, "setreuid", &[int("ruid", 0), int("euid", 1)]),
    call(Operation::Setregid, "setregid", &[int("rgid", 0), int("egid", 1)]),
    call(Operation::Setresuid, "setresuid", &[int("ruid", 0), int("euid", 1), int("suid", 2)]),
    call(Operation::Setresgid, "setresgid", &[int("rgid", 0), int("egid", 1), int("sgid", 2)]),
    call(Operation::Setfsuid, "setfsuid", &[int("uid", 0)]),
    call(Operation::Setfsgid, "setfsgid", &[int("gid", 0)]),
    call(Operation::Setgroups, "setgroups", &[int("count", 0), block("groups", 1, 64)]),
    call(Operation::Setsid, "setsid", &[int("result", RESULT)]),
    call(Operation::Setpgid, "setpgid", &[int("pid", 0), int("group", 1)]),
    call(Operation::Capset, "capset", &[block("sets", 1, 24)]),
    call(
        Operation::Prctl,
        "prctl",
        &[int("option", 0), word("argument2", 1), word("argument3", 2)],
    ),
    call(
        Operation::Ptrace,
        "ptrace",
        &[int("request", 0), int("pid", 1), word("address", 2), word("data", 3)],
    ),
    call(Operation::ProcessVmReadv, "process_vm_readv", &[int("pid", 0)]),
    call(Operation::ProcessVmWritev, "process_vm_writev", &[int("pid", 0)]),
    call(Operation::PidfdOpen, "pidfd_open", &[int("pid", 0), int("flags", 1)]),
    call(
        Operation::PidfdGetfd,
        "pidfd_getfd",
        &[int("pidfd", 0), int("target", 1), file("file", RESULT)],
    ),
    call(Operation::Kill, "kill", &[int("pid", 0), int("signal", 1)]),
    call(Operation::Tkill, "tkill", &[int("tid", 0), int("signal", 1)]),
    call(Operation::Tgkill, "tgkill", &[int("pid", 0), int("tid", 1), int("signal", 2)]),
    call(Operation::PidfdSendSignal, "pidfd_send_signal", &[int("pidfd", 0), int("signal", 1)]),
    call(Operation::InitModule, "init_module", &[word("length", 1), text("arguments", 2)]),
    call(
        Operation::FinitModule,
        "finit_module",
        &[file("file", 0), text("arguments", 1), int("flags", 2)],
    ),
    call(Operation::DeleteModule, "delete_module", &[text("name", 0), int("flags", 1)]),
    call(Operation::Bpf, "bpf", &[int("command", 0), block("attributes", 1, 128)]),
    call(Operation::PerfEventOpen, "perf_event_open", &[int("pid", 1), int("cpu", 2)]),
    call(Operation::MemfdCreate, "memfd_create", &[text("name", 0), int("flags", 1)]),
    call(Operation::MemfdSecret, "memfd_secret", &[int("flags", 0)]),
    call(Operation::Userfaultfd, "userfaultfd", &[int("flags", 0)]),
    call(Operation::IoUringSetup, "io_uring_setup", &[int("entries", 0)]),
    call(Operation::IoUringRegister, "io_uring_register", &[int("fd", 0), int("opcode", 1)]),
    call(Operation::Splice, "splice", &[file("from", 0), file("to", 2), word("length", 4)]),
    call(Operation::Tee, "tee", &[file("from", 0), file("to", 1), word("length", 2)]),
    call(Operation::Vmsplice, "vmsplice", &[file("file", 0), int("flags", 3)]),
    call(Operation::Sendfile, "sendfile", &[file("to", 0), file("from", 1), word("length", 3)]),
    call(
        Operation::CopyFileRange,
        "copy_file_range",
        &[file("from", 0), file("to", 2), word("length", 4)],
    ),
    call(
        Operation::Keyctl,
        "keyctl",
        &[int("command", 0), word("argument2", 1), word("argument3", 2)],
    ),
    call(Operation::AddKey, "add_key", &[text("type", 0), text("description", 1)]),
    call(Operation::RequestKey, "request_key", &[text("type", 0), text("description", 1)]),
    call(Operation::KexecLoad, "kexec_load", &[word("entry", 0), word("flags", 3)]),
    call(
        Operation::KexecFileLoad,
        "kexec_file_load",
        &[file("kernel", 0), file("initrd", 1), int("flags", 4)],
    ),
    call(Operation::Quotactl, "quotactl", &[int("command", 0), text("device", 1), int("id", 2)]),
    call(Operation::Reboot, "reboot", &[int("command", 2)]),
    call(Operation::Swapon, "swapon", &[path("name", HERE, 0)]),
    call(Operation::Swapoff, "swapoff", &[path("name", HERE, 0)]),
    call(Operation::Acct, "acct", &[path("name", HERE, 0)]),
    call(Operation::Syslog, "syslog", &[int("type", 0)]),
    call(Operation::Settimeofday, "settimeofday", &[word("time", 0)]),
    call(Operation::ClockSettime, "clock_settime", &[int("clock", 0)]),
    call(Operation::Sethostname, "sethostname", &[bytes("name", 0, 1)]),
    call(Operation::Setdomainname, "setdomainname", &[bytes("name", 0, 1)]),
    call(Operation::Personality, "personality", &[word("persona", 0)]),
    call(Operation::Iopl, "iopl", &[int("level", 0)]),
    call(Operation::Ioperm, "ioperm", &[word("from", 0), word("count", 1)]),
    call(
        Operation::Mprotect,
        "mprotect",
        &[word("address", 0), word("length", 1), word("protection", 2)],
    ),
    call(
        Operation::Mmap,
        "mmap",
        &[
            word("address", 0),
            word("length", 1),
            word("protection", 2),
            word("flags", 3),
            file("file", 4),
        ],
    ),
    call(Operation::Ioctl, "ioctl", &[int("fd", 0), word("request", 1), word("argument", 2)]),
];
