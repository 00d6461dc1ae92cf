//! What rules know of each operation: one row is all there is.

use std::sync::LazyLock;

use super::flag::{
    AT_LINK, AT_OWNER, AT_REMOVE, BPF, CLONE, EXE, FAMILIES, FCNTL, MEMFD, MMAP, MODULE, MOUNT,
    OPEN, PRCTL, PROTECTION, PTRACE, RENAME, SHUTDOWN, UMOUNT,
};
use super::{Arg, Category, Form, From, Row, Trait, Uses};
use crate::record::Operation;

const fn arg(name: &'static str, from: From, form: Form) -> Arg {
    Arg { name, from, form }
}

const fn param(name: &'static str, param: &'static str, form: Form) -> Arg {
    arg(name, From::Param(param), form)
}

const fn path(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Path)
}

const fn text(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Text)
}

const fn fd(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Descriptor)
}

const fn missing(name: &'static str) -> Arg {
    arg(name, From::Missing, Form::Decimal)
}

const fn own(name: &'static str, what: Trait, form: Form) -> Arg {
    arg(name, From::Process(what), form)
}

const RES: Arg = arg("res", From::Result, Form::Outcome);
const NEW_FD: Arg = arg("fd", From::Result, Form::Descriptor);
const RES_FD: Arg = arg("res", From::Result, Form::Descriptor);
const DEV: Arg = arg("dev", From::Device("file"), Form::Hex);
const INO: Arg = arg("ino", From::Inode("file"), Form::Decimal);
const FLAGS: Arg = param("flags", "flags", Form::Flags(OPEN));
const MODE: Arg = param("mode", "mode", Form::Octal);
const PERMISSIONS: Arg = param("mode", "mode", Form::Mode);
const DATA: Arg = param("data", "data", Form::Bytes);
const MESSAGE: Arg = param("data", "message", Form::Bytes);
const SIZE: Arg = param("size", "size", Form::Decimal);
const TUPLE: Arg = param("tuple", "file", Form::Tuple);
const UID: Arg = param("uid", "uid", Form::Decimal);
const GID: Arg = param("gid", "gid", Form::Decimal);
const CLONE_FLAGS: Arg = param("flags", "flags", Form::Flags(CLONE));
const FILE: Arg = fd("fd", "file");
const FD: Arg = fd("fd", "fd");

const EXEC: &[Arg] = &[
    RES,
    own("exe", Trait::Exe, Form::Text),
    own("args", Trait::Args, Form::Text),
    own("tid", Trait::Tid, Form::Pid),
    own("pid", Trait::Pid, Form::Pid),
    own("ptid", Trait::Parent, Form::Pid),
    own("cwd", Trait::Cwd, Form::Text),
    missing("fdlimit"),
    missing("pgft_maj"),
    missing("pgft_min"),
    missing("vm_size"),
    missing("vm_rss"),
    missing("vm_swap"),
    own("comm", Trait::Name, Form::Text),
    own("cgroups", Trait::Cgroups, Form::Text),
    own("env", Trait::Environment, Form::Text),
    own("tty", Trait::Terminal, Form::Decimal),
    own("vpgid", Trait::NsGroup, Form::Signed),
    own("loginuid", Trait::LoginUid, Form::Uid),
    own("flags", Trait::ExeFlags, Form::Flags(EXE)),
    own("cap_inheritable", Trait::Inheritable, Form::Hex),
    own("cap_permitted", Trait::Permitted, Form::Hex),
    own("cap_effective", Trait::Effective, Form::Hex),
    own("exe_ino", Trait::ExeInode, Form::Decimal),
    missing("exe_ino_ctime"),
    missing("exe_ino_mtime"),
    own("uid", Trait::Uid, Form::Uid),
    own("trusted_exepath", Trait::ExePath, Form::Text),
    own("pgid", Trait::Group, Form::Signed),
    own("gid", Trait::Gid, Form::Gid),
    text("filename", "filename"),
];

const MAKE: &[Arg] = &[
    arg("res", From::Result, Form::Pid),
    own("exe", Trait::Exe, Form::Text),
    own("args", Trait::Args, Form::Text),
    own("tid", Trait::Tid, Form::Pid),
    own("pid", Trait::Pid, Form::Pid),
    own("ptid", Trait::Parent, Form::Pid),
    own("cwd", Trait::Cwd, Form::Text),
    missing("fdlimit"),
    missing("pgft_maj"),
    missing("pgft_min"),
    missing("vm_size"),
    missing("vm_rss"),
    missing("vm_swap"),
    own("comm", Trait::Name, Form::Text),
    own("cgroups", Trait::Cgroups, Form::Text),
    own("flags", Trait::CloneFlags, Form::Flags(CLONE)),
    own("uid", Trait::Uid, Form::Decimal),
    own("gid", Trait::Gid, Form::Decimal),
    own("vtid", Trait::NsTid, Form::Signed),
    own("vpid", Trait::NsPid, Form::Signed),
];

const fn new(category: Category, uses: Uses, args: &'static [Arg]) -> Row {
    Row { category, uses, args }
}

/// Returns what rules know of an operation.
pub fn row(operation: Operation) -> &'static Row {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| Operation::all().map(row_of).collect());
    &ROWS[usize::from(operation.number()) - 1]
}

/// Files and processes.
fn row_of(operation: Operation) -> Row {
    use Category as C;
    use Operation as O;
    use Uses::{Descriptor, Folder, Nothing, Open};
    match operation {
        O::Execve | O::Execveat => new(C::Process, Nothing, EXEC),
        O::Clone | O::Clone3 | O::Fork | O::Vfork => new(C::Process, Nothing, MAKE),
        O::Procexit => new(
            C::Process,
            Nothing,
            const { &[param("status", "status", Form::Signed), missing("ret"), missing("sig")] },
        ),
        O::Open => {
            new(C::File, Open, const { &[NEW_FD, path("name", "name"), FLAGS, MODE, DEV, INO] })
        }
        O::Creat => new(C::File, Open, const { &[NEW_FD, path("name", "name"), MODE, DEV, INO] }),
        O::Openat => new(
            C::File,
            Open,
            const { &[NEW_FD, missing("dirfd"), path("name", "name"), FLAGS, MODE, DEV, INO] },
        ),
        O::Openat2 => new(
            C::File,
            Open,
            const {
                &[
                    NEW_FD,
                    missing("dirfd"),
                    path("name", "name"),
                    FLAGS,
                    MODE,
                    missing("resolve"),
                    DEV,
                    INO,
                ]
            },
        ),
        O::OpenByHandleAt => new(
            C::File,
            Open,
            const { &[NEW_FD, missing("mountfd"), FLAGS, missing("path"), DEV, INO] },
        ),
        O::Close => new(C::InOut, Descriptor, const { &[RES, FD] }),
        O::Dup => new(C::InOut, Descriptor, const { &[RES_FD, fd("oldfd", "from")] }),
        O::Dup2 | O::Dup3 => {
            new(C::InOut, Descriptor, const { &[RES_FD, fd("oldfd", "from"), fd("newfd", "file")] })
        }
        O::Fcntl => new(
            C::InOut,
            Descriptor,
            const {
                &[
                    RES_FD,
                    FD,
                    param("cmd", "command", Form::Name(FCNTL)),
                    param("arg", "argument", Form::Hex),
                ]
            },
        ),
        O::Rename => {
            new(C::File, Nothing, const { &[RES, path("oldpath", "from"), path("newpath", "to")] })
        }
        O::Renameat => new(
            C::File,
            Nothing,
            const {
                &[
                    RES,
                    missing("olddirfd"),
                    path("oldpath", "from"),
                    missing("newdirfd"),
                    path("newpath", "to"),
                ]
            },
        ),
        O::Renameat2 => new(
            C::File,
            Nothing,
            const {
                &[
                    RES,
                    missing("olddirfd"),
                    path("oldpath", "from"),
                    missing("newdirfd"),
                    path("newpath", "to"),
                    param("flags", "flags", Form::Flags(RENAME)),
                ]
            },
        ),
        O::Unlink | O::Rmdir => new(C::File, Nothing, const { &[RES, path("path", "name")] }),
        O::Unlinkat => new(
            C::File,
            Folder,
            const {
                &[
                    RES,
                    missing("dirfd"),
                    path("name", "name"),
                    param("flags", "flags", Form::Flags(AT_REMOVE)),
                ]
            },
        ),
        O::Mkdir => new(
            C::File,
            Nothing,
            const { &[RES, path("path", "name"), param("mode", "mode", Form::Hex)] },
        ),
        O::Mkdirat => new(
            C::File,
            Folder,
            const { &[RES, missing("dirfd"), path("path", "name"), param("mode", "mode", Form::Hex)] },
        ),
        O::Link => {
            new(C::File, Nothing, const { &[RES, path("oldpath", "from"), path("newpath", "to")] })
        }
        O::Linkat => new(
            C::File,
            Nothing,
            const {
                &[
                    RES,
                    missing("olddir"),
                    path("oldpath", "from"),
                    missing("newdir"),
                    path("newpath", "to"),
                    param("flags", "flags", Form::Flags(AT_LINK)),
                ]
            },
        ),
        O::Symlink => new(
            C::File,
            Nothing,
            const { &[RES, text("target", "target"), path("linkpath", "name")] },
        ),
        O::Symlinkat => new(
            C::File,
            Folder,
            const { &[RES, text("target", "target"), missing("linkdirfd"), path("linkpath", "name")] },
        ),
        O::Mknod => new(
            C::Other,
            Nothing,
            const { &[RES, path("path", "name"), PERMISSIONS, param("dev", "device", Form::Decimal)] },
        ),
        O::Mknodat => new(
            C::Other,
            Folder,
            const {
                &[
                    RES,
                    missing("dirfd"),
                    path("path", "name"),
                    PERMISSIONS,
                    param("dev", "device", Form::Decimal),
                ]
            },
        ),
        O::Chmod => new(C::File, Nothing, const { &[RES, path("filename", "name"), PERMISSIONS] }),
        O::Fchmod => new(C::File, Descriptor, const { &[RES, FILE, PERMISSIONS] }),
        O::Fchmodat | O::Fchmodat2 => new(
            C::File,
            Folder,
            const { &[RES, missing("dirfd"), path("filename", "name"), PERMISSIONS] },
        ),
        O::Chown | O::Lchown => {
            new(C::File, Nothing, const { &[RES, path("path", "name"), UID, GID] })
        }
        O::Fchown => new(C::File, Descriptor, const { &[RES, FILE, UID, GID] }),
        O::Fchownat => new(
            C::File,
            Folder,
            const {
                &[
                    RES,
                    missing("dirfd"),
                    path("pathname", "name"),
                    UID,
                    GID,
                    param("flags", "flags", Form::Flags(AT_OWNER)),
                ]
            },
        ),
        O::Mount => new(
            C::File,
            Nothing,
            const {
                &[
                    RES,
                    text("dev", "device"),
                    path("dir", "name"),
                    text("type", "type"),
                    param("flags", "flags", Form::Flags(MOUNT)),
                ]
            },
        ),
        O::Umount => new(C::File, Nothing, const { &[RES, path("name", "name")] }),
        O::Umount2 => new(
            C::File,
            Nothing,
            const { &[RES, path("name", "name"), param("flags", "flags", Form::Flags(UMOUNT))] },
        ),
        O::Chroot => new(C::Process, Nothing, const { &[RES, path("path", "name")] }),
        O::Chdir => new(C::File, Nothing, const { &[RES, path("path", "name")] }),
        O::Fchdir => new(C::File, Descriptor, const { &[RES, FILE] }),
        O::Setns => new(
            C::Process,
            Descriptor,
            const { &[RES, FILE, param("nstype", "type", Form::Flags(CLONE))] },
        ),
        O::Unshare => new(C::Process, Nothing, const { &[RES, CLONE_FLAGS] }),
        _ => row_of_rest(operation),
    }
}

/// Sockets and whatever else is no matter of files and processes.
fn row_of_rest(operation: Operation) -> Row {
    use Category as C;
    use Operation as O;
    use Uses::{Descriptor, Nothing};
    match operation {
        O::Socket => new(
            C::Net,
            Descriptor,
            const {
                &[
                    NEW_FD,
                    param("domain", "domain", Form::Name(FAMILIES)),
                    param("type", "type", Form::Decimal),
                    param("proto", "protocol", Form::Decimal),
                ]
            },
        ),
        O::Socketpair => new(
            C::Ipc,
            Nothing,
            const {
                &[
                    RES,
                    param("domain", "domain", Form::Name(FAMILIES)),
                    param("type", "type", Form::Decimal),
                ]
            },
        ),
        O::Connect => new(
            C::Net,
            Descriptor,
            const { &[RES, TUPLE, FILE, param("addr", "address", Form::Address)] },
        ),
        O::Bind => {
            new(C::Net, Descriptor, const { &[RES, param("addr", "address", Form::Address), FILE] })
        }
        O::Listen => new(
            C::Net,
            Descriptor,
            const { &[RES, FILE, param("backlog", "backlog", Form::Signed)] },
        ),
        O::Accept | O::Accept4 => new(C::Net, Descriptor, const { &[FILE, TUPLE] }),
        O::Setsockopt => new(C::Net, Descriptor, const { &[RES, FD] }),
        O::Shutdown => new(
            C::Net,
            Descriptor,
            const { &[RES, FILE, param("how", "how", Form::Name(SHUTDOWN))] },
        ),
        O::Sendto => new(C::Write, Descriptor, const { &[RES, DATA, FILE, SIZE, TUPLE] }),
        O::Sendmsg | O::Sendmmsg => {
            new(C::Write, Descriptor, const { &[RES, MESSAGE, FILE, TUPLE] })
        }
        O::Recvfrom => new(C::Read, Descriptor, const { &[RES, DATA, TUPLE, FILE, SIZE] }),
        O::Recvmsg | O::Recvmmsg => {
            new(C::Read, Descriptor, const { &[RES, MESSAGE, TUPLE, FILE] })
        }
        O::Setuid | O::Setfsuid => {
            new(C::User, Nothing, const { &[RES, param("uid", "uid", Form::Uid)] })
        }
        O::Setgid | O::Setfsgid => {
            new(C::User, Nothing, const { &[RES, param("gid", "gid", Form::Gid)] })
        }
        O::Setreuid => new(
            C::User,
            Nothing,
            const { &[RES, param("ruid", "ruid", Form::Uid), param("euid", "euid", Form::Uid)] },
        ),
        O::Setregid => new(
            C::User,
            Nothing,
            const { &[RES, param("rgid", "rgid", Form::Gid), param("egid", "egid", Form::Gid)] },
        ),
        O::Setresuid => new(
            C::User,
            Nothing,
            const {
                &[
                    RES,
                    param("ruid", "ruid", Form::Uid),
                    param("euid", "euid", Form::Uid),
                    param("suid", "suid", Form::Uid),
                ]
            },
        ),
        O::Setresgid => new(
            C::User,
            Nothing,
            const {
                &[
                    RES,
                    param("rgid", "rgid", Form::Gid),
                    param("egid", "egid", Form::Gid),
                    param("sgid", "sgid", Form::Gid),
                ]
            },
        ),
        O::Setsid => new(C::Process, Nothing, const { &[arg("res", From::Result, Form::Pid)] }),
        O::Setpgid => new(
            C::Process,
            Nothing,
            const { &[RES, param("pid", "pid", Form::Pid), param("pgid", "group", Form::Pid)] },
        ),
        O::Capset => new(C::Process, Nothing, const { &[RES] }),
        O::Prctl => new(
            C::Process,
            Nothing,
            const {
                &[
                    RES,
                    param("option", "option", Form::Name(PRCTL)),
                    missing("arg2_str"),
                    param("arg2_int", "argument2", Form::Signed),
                ]
            },
        ),
        O::Ptrace => new(
            C::Process,
            Nothing,
            const {
                &[
                    RES,
                    param("addr", "address", Form::Hex),
                    param("data", "data", Form::Hex),
                    param("request", "request", Form::Name(PTRACE)),
                    param("pid", "pid", Form::Pid),
                ]
            },
        ),
        O::ProcessVmReadv | O::ProcessVmWritev => {
            new(C::Ipc, Nothing, const { &[RES, param("pid", "pid", Form::Pid)] })
        }
        O::PidfdOpen => new(
            C::Process,
            Descriptor,
            const { &[NEW_FD, param("pid", "pid", Form::Pid), param("flags", "flags", Form::Hex)] },
        ),
        O::PidfdGetfd => new(
            C::Process,
            Descriptor,
            const { &[NEW_FD, fd("pid_fd", "pidfd"), fd("target_fd", "target")] },
        ),
        O::Kill => new(
            C::Signal,
            Nothing,
            const { &[RES, param("pid", "pid", Form::Pid), param("sig", "signal", Form::Signal)] },
        ),
        O::Tkill => new(
            C::Signal,
            Nothing,
            const { &[RES, param("tid", "tid", Form::Pid), param("sig", "signal", Form::Signal)] },
        ),
        O::Tgkill => new(
            C::Signal,
            Nothing,
            const {
                &[
                    RES,
                    param("pid", "pid", Form::Pid),
                    param("tid", "tid", Form::Pid),
                    param("sig", "signal", Form::Signal),
                ]
            },
        ),
        O::InitModule => new(
            C::Other,
            Nothing,
            const {
                &[
                    RES,
                    missing("img"),
                    param("length", "length", Form::Decimal),
                    text("uargs", "arguments"),
                ]
            },
        ),
        O::FinitModule => new(
            C::Other,
            Descriptor,
            const {
                &[
                    RES,
                    FILE,
                    text("uargs", "arguments"),
                    param("flags", "flags", Form::Flags(MODULE)),
                ]
            },
        ),
        O::DeleteModule => new(
            C::Other,
            Nothing,
            const { &[RES, text("name", "name"), param("flags", "flags", Form::Flags(OPEN))] },
        ),
        O::Bpf => {
            new(C::Other, Descriptor, const { &[NEW_FD, param("cmd", "command", Form::Name(BPF))] })
        }
        O::MemfdCreate => new(
            C::Memory,
            Descriptor,
            const { &[NEW_FD, text("name", "name"), param("flags", "flags", Form::Flags(MEMFD))] },
        ),
        O::Userfaultfd => new(C::File, Descriptor, const { &[RES, FLAGS] }),
        O::IoUringSetup => {
            new(C::InOut, Descriptor, const { &[RES, param("entries", "entries", Form::Decimal)] })
        }
        O::IoUringRegister => new(
            C::InOut,
            Descriptor,
            const { &[RES, FD, param("opcode", "opcode", Form::Decimal)] },
        ),
        O::Splice => new(
            C::InOut,
            Descriptor,
            const {
                &[
                    RES,
                    fd("fd_in", "from"),
                    fd("fd_out", "to"),
                    param("size", "length", Form::Decimal),
                    missing("flags"),
                ]
            },
        ),
        O::Sendfile => new(
            C::InOut,
            Descriptor,
            const {
                &[
                    RES,
                    fd("out_fd", "to"),
                    fd("in_fd", "from"),
                    param("size", "length", Form::Decimal),
                ]
            },
        ),
        O::CopyFileRange => new(
            C::File,
            Descriptor,
            const {
                &[RES, fd("fdout", "to"), fd("fdin", "from"), param("len", "length", Form::Decimal)]
            },
        ),
        O::Keyctl => {
            new(C::Other, Nothing, const { &[RES, param("operation", "command", Form::Decimal)] })
        }
        O::Quotactl => new(
            C::User,
            Nothing,
            const {
                &[
                    RES,
                    text("special", "device"),
                    param("cmd", "command", Form::Hex),
                    param("id", "id", Form::Decimal),
                ]
            },
        ),
        O::Mprotect => new(
            C::Memory,
            Nothing,
            const {
                &[
                    RES,
                    param("addr", "address", Form::Hex),
                    param("length", "length", Form::Decimal),
                    param("prot", "protection", Form::Flags(PROTECTION)),
                ]
            },
        ),
        O::Mmap => new(
            C::Memory,
            Descriptor,
            const {
                &[
                    RES,
                    param("addr", "address", Form::Hex),
                    param("length", "length", Form::Decimal),
                    param("prot", "protection", Form::Flags(PROTECTION)),
                    param("flags", "flags", Form::Flags(MMAP)),
                    FILE,
                ]
            },
        ),
        O::Ioctl => new(
            C::InOut,
            Descriptor,
            const {
                &[
                    RES,
                    FD,
                    param("request", "request", Form::Hex),
                    param("argument", "argument", Form::Hex),
                ]
            },
        ),
        O::PivotRoot => {
            new(C::File, Nothing, const { &[RES, path("new", "new"), path("old", "old")] })
        }
        O::Ftruncate | O::Fsetxattr | O::Fremovexattr | O::Vmsplice => {
            new(C::File, Descriptor, const { &[RES, FILE] })
        }
        O::Truncate
        | O::Utimensat
        | O::Setxattr
        | O::Lsetxattr
        | O::Removexattr
        | O::Lremovexattr
        | O::Swapon
        | O::Swapoff
        | O::Acct => new(C::File, Nothing, const { &[RES, path("path", "name")] }),
        _ => new(C::Other, Nothing, const { &[RES] }),
    }
}
