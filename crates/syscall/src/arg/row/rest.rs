//! Rows of sockets, and of whatever else is no matter of files and processes.

use super::{
    DATA, FD, FILE, FLAGS, MESSAGE, NEW_FD, RES, Rows, SIZE, TUPLE, arg, fd, missing, new, param,
    path, text,
};
use crate::arg::Uses::{Descriptor, Nothing};
use crate::arg::flag::{
    BPF, FAMILIES, MEMFD, MMAP, MODULE, OPEN, PRCTL, PROTECTION, PTRACE, SHUTDOWN,
};
use crate::arg::{Category as C, Form, From};
use crate::record::Operation as O;

/// The rows.
pub static ROWS: Rows = &[
    (
        &[O::Socket],
        new(
            C::Net,
            Descriptor,
            &[
                NEW_FD,
                param("domain", "domain", Form::Name(FAMILIES)),
                param("type", "type", Form::Decimal),
                param("proto", "protocol", Form::Decimal),
            ],
        ),
    ),
    (
        &[O::Socketpair],
        new(
            C::Ipc,
            Nothing,
            &[
                RES,
                param("domain", "domain", Form::Name(FAMILIES)),
                param("type", "type", Form::Decimal),
            ],
        ),
    ),
    (
        &[O::Connect],
        new(C::Net, Descriptor, &[RES, TUPLE, FILE, param("addr", "address", Form::Address)]),
    ),
    (&[O::Bind], new(C::Net, Descriptor, &[RES, param("addr", "address", Form::Address), FILE])),
    (
        &[O::Listen],
        new(C::Net, Descriptor, &[RES, FILE, param("backlog", "backlog", Form::Signed)]),
    ),
    (&[O::Accept, O::Accept4], new(C::Net, Descriptor, &[FILE, TUPLE])),
    (&[O::Setsockopt], new(C::Net, Descriptor, &[RES, FD])),
    (
        &[O::Shutdown],
        new(C::Net, Descriptor, &[RES, FILE, param("how", "how", Form::Name(SHUTDOWN))]),
    ),
    (&[O::Sendto], new(C::Write, Descriptor, &[RES, DATA, FILE, SIZE, TUPLE])),
    (&[O::Sendmsg, O::Sendmmsg], new(C::Write, Descriptor, &[RES, MESSAGE, FILE, TUPLE])),
    (&[O::Recvfrom], new(C::Read, Descriptor, &[RES, DATA, TUPLE, FILE, SIZE])),
    (&[O::Recvmsg, O::Recvmmsg], new(C::Read, Descriptor, &[RES, MESSAGE, TUPLE, FILE])),
    (&[O::Setuid, O::Setfsuid], new(C::User, Nothing, &[RES, param("uid", "uid", Form::Uid)])),
    (&[O::Setgid, O::Setfsgid], new(C::User, Nothing, &[RES, param("gid", "gid", Form::Gid)])),
    (
        &[O::Setreuid],
        new(
            C::User,
            Nothing,
            &[RES, param("ruid", "ruid", Form::Uid), param("euid", "euid", Form::Uid)],
        ),
    ),
    (
        &[O::Setregid],
        new(
            C::User,
            Nothing,
            &[RES, param("rgid", "rgid", Form::Gid), param("egid", "egid", Form::Gid)],
        ),
    ),
    (
        &[O::Setresuid],
        new(
            C::User,
            Nothing,
            &[
                RES,
                param("ruid", "ruid", Form::Uid),
                param("euid", "euid", Form::Uid),
                param("suid", "suid", Form::Uid),
            ],
        ),
    ),
    (
        &[O::Setresgid],
        new(
            C::User,
            Nothing,
            &[
                RES,
                param("rgid", "rgid", Form::Gid),
                param("egid", "egid", Form::Gid),
                param("sgid", "sgid", Form::Gid),
            ],
        ),
    ),
    (&[O::Setsid], new(C::Process, Nothing, &[arg("res", From::Result, Form::Pid)])),
    (
        &[O::Setpgid],
        new(
            C::Process,
            Nothing,
            &[RES, param("pid", "pid", Form::Pid), param("pgid", "group", Form::Pid)],
        ),
    ),
    (&[O::Capset], new(C::Process, Nothing, &[RES])),
    (
        &[O::Prctl],
        new(
            C::Process,
            Nothing,
            &[
                RES,
                param("option", "option", Form::Name(PRCTL)),
                missing("arg2_str"),
                param("arg2_int", "argument2", Form::Signed),
            ],
        ),
    ),
    (
        &[O::Ptrace],
        new(
            C::Process,
            Nothing,
            &[
                RES,
                param("addr", "address", Form::Hex),
                param("data", "data", Form::Hex),
                param("request", "request", Form::Name(PTRACE)),
                param("pid", "pid", Form::Pid),
            ],
        ),
    ),
    (
        &[O::ProcessVmReadv, O::ProcessVmWritev],
        new(C::Ipc, Nothing, &[RES, param("pid", "pid", Form::Pid)]),
    ),
    (
        &[O::PidfdOpen],
        new(
            C::Process,
            Descriptor,
            &[NEW_FD, param("pid", "pid", Form::Pid), param("flags", "flags", Form::Hex)],
        ),
    ),
    (
        &[O::PidfdGetfd],
        new(C::Process, Descriptor, &[NEW_FD, fd("pid_fd", "pidfd"), fd("target_fd", "target")]),
    ),
    (
        &[O::Kill],
        new(
            C::Signal,
            Nothing,
            &[RES, param("pid", "pid", Form::Pid), param("sig", "signal", Form::Signal)],
        ),
    ),
    (
        &[O::Tkill],
        new(
            C::Signal,
            Nothing,
            &[RES, param("tid", "tid", Form::Pid), param("sig", "signal", Form::Signal)],
        ),
    ),
    (
        &[O::Tgkill],
        new(
            C::Signal,
            Nothing,
            &[
                RES,
                param("pid", "pid", Form::Pid),
                param("tid", "tid", Form::Pid),
                param("sig", "signal", Form::Signal),
            ],
        ),
    ),
    (
        &[O::InitModule],
        new(
            C::Other,
            Nothing,
            &[
                RES,
                missing("img"),
                param("length", "length", Form::Decimal),
                text("uargs", "arguments"),
            ],
        ),
    ),
    (
        &[O::FinitModule],
        new(
            C::Other,
            Descriptor,
            &[RES, FILE, text("uargs", "arguments"), param("flags", "flags", Form::Flags(MODULE))],
        ),
    ),
    (
        &[O::DeleteModule],
        new(
            C::Other,
            Nothing,
            &[RES, text("name", "name"), param("flags", "flags", Form::Flags(OPEN))],
        ),
    ),
    (&[O::Bpf], new(C::Other, Descriptor, &[NEW_FD, param("cmd", "command", Form::Name(BPF))])),
    (
        &[O::MemfdCreate],
        new(
            C::Memory,
            Descriptor,
            &[NEW_FD, text("name", "name"), param("flags", "flags", Form::Flags(MEMFD))],
        ),
    ),
    (&[O::Userfaultfd], new(C::File, Descriptor, &[RES, FLAGS])),
    (
        &[O::IoUringSetup],
        new(C::InOut, Descriptor, &[RES, param("entries", "entries", Form::Decimal)]),
    ),
    (
        &[O::IoUringRegister],
        new(C::InOut, Descriptor, &[RES, FD, param("opcode", "opcode", Form::Decimal)]),
    ),
    (
        &[O::Splice],
        new(
            C::InOut,
            Descriptor,
            &[
                RES,
                fd("fd_in", "from"),
                fd("fd_out", "to"),
                param("size", "length", Form::Decimal),
                missing("flags"),
            ],
        ),
    ),
    (
        &[O::Sendfile],
        new(
            C::InOut,
            Descriptor,
            &[RES, fd("out_fd", "to"), fd("in_fd", "from"), param("size", "length", Form::Decimal)],
        ),
    ),
    (
        &[O::CopyFileRange],
        new(
            C::File,
            Descriptor,
            &[RES, fd("fdout", "to"), fd("fdin", "from"), param("len", "length", Form::Decimal)],
        ),
    ),
    (&[O::Keyctl], new(C::Other, Nothing, &[RES, param("operation", "command", Form::Decimal)])),
    (
        &[O::Quotactl],
        new(
            C::User,
            Nothing,
            &[
                RES,
                text("special", "device"),
                param("cmd", "command", Form::Hex),
                param("id", "id", Form::Decimal),
            ],
        ),
    ),
    (
        &[O::Mprotect],
        new(
            C::Memory,
            Nothing,
            &[
                RES,
                param("addr", "address", Form::Hex),
                param("length", "length", Form::Decimal),
                param("prot", "protection", Form::Flags(PROTECTION)),
            ],
        ),
    ),
    (
        &[O::Mmap],
        new(
            C::Memory,
            Descriptor,
            &[
                RES,
                param("addr", "address", Form::Hex),
                param("length", "length", Form::Decimal),
                param("prot", "protection", Form::Flags(PROTECTION)),
                param("flags", "flags", Form::Flags(MMAP)),
                FILE,
            ],
        ),
    ),
    (
        &[O::Ioctl],
        new(
            C::InOut,
            Descriptor,
            &[
                RES,
                FD,
                param("request", "request", Form::Hex),
                param("argument", "argument", Form::Hex),
            ],
        ),
    ),
    (&[O::PivotRoot], new(C::File, Nothing, &[RES, path("new", "new"), path("old", "old")])),
    (
        &[O::Ftruncate, O::Fsetxattr, O::Fremovexattr, O::Vmsplice],
        new(C::File, Descriptor, &[RES, FILE]),
    ),
    (
        &[
            O::Truncate,
            O::Utimensat,
            O::Setxattr,
            O::Lsetxattr,
            O::Removexattr,
            O::Lremovexattr,
            O::Swapon,
            O::Swapoff,
            O::Acct,
        ],
        new(C::File, Nothing, &[RES, path("path", "name")]),
    ),
];
