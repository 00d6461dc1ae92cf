//! Names of numbers and bits, as Falco spells them; the numbers are the kernel's.

/// Names of bits or numbers.
pub type Names = &'static [(&'static str, u64)];

/// Returns the names of the bits that are set, in the order of the table. A name for zero holds
/// only for zero, and a bit has one name.
pub fn names_of(names: Names, value: u64) -> Option<String> {
    let mut rest = value;
    let mut found = Vec::new();
    for (name, bits) in names {
        let fits = if *bits == 0 { value == 0 } else { rest & bits == *bits };
        if fits {
            found.push(*name);
            rest &= !bits;
        }
    }
    (!found.is_empty()).then(|| found.join("|"))
}

/// Returns the name of a number; some have two.
pub fn name_of(names: Names, value: u64) -> Option<String> {
    let found: Vec<&str> =
        names.iter().filter(|(_, number)| *number == value).map(|(name, _)| *name).collect();
    (!found.is_empty()).then(|| found.join("|"))
}

/// Flags of open as rules name them. How it may be used is no bit in the kernel: see [`open`].
pub const OPEN: Names = &[
    ("O_DIRECTORY", 0o200_000),
    ("O_DIRECT", 0o40_000),
    ("O_TRUNC", 0o1_000),
    ("O_SYNC", 0o4_010_000),
    ("O_NONBLOCK", 0o4_000),
    ("O_EXCL", 0o200),
    ("O_DSYNC", 0o10_000),
    ("O_APPEND", 0o2_000),
    ("O_CREAT", 0o100),
    ("O_RDWR", READ | WRITE),
    ("O_WRONLY", WRITE),
    ("O_RDONLY", READ),
    ("O_CLOEXEC", 0o2_000_000),
    ("O_TMPFILE", 0o20_000_000),
];
const READ: u64 = 1 << 62;
const WRITE: u64 = 1 << 63;

/// Turns the way a file may be used into bits.
pub fn open(flags: u64) -> u64 {
    let way = match flags & 3 {
        0 => READ,
        1 => WRITE,
        2 => READ | WRITE,
        _ => 0,
    };
    (flags & !3) | way
}

/// Flags of clone, unshare and setns.
pub const CLONE: Names = &[
    ("CLONE_FILES", 0x400),
    ("CLONE_FS", 0x200),
    ("CLONE_IO", 0x80000000),
    ("CLONE_NEWIPC", 0x8000000),
    ("CLONE_NEWNET", 0x40000000),
    ("CLONE_NEWNS", 0x20000),
    ("CLONE_NEWPID", 0x20000000),
    ("CLONE_NEWUTS", 0x4000000),
    ("CLONE_PARENT", 0x8000),
    ("CLONE_PARENT_SETTID", 0x100000),
    ("CLONE_PTRACE", 0x2000),
    ("CLONE_SIGHAND", 0x800),
    ("CLONE_SYSVSEM", 0x40000),
    ("CLONE_THREAD", 0x10000),
    ("CLONE_UNTRACED", 0x800000),
    ("CLONE_VM", 0x100),
    ("CLONE_NEWUSER", 0x10000000),
    ("CLONE_CHILD_CLEARTID", 0x200000),
    ("CLONE_CHILD_SETTID", 0x1000000),
    ("CLONE_SETTLS", 0x80000),
    ("CLONE_VFORK", 0x4000),
    ("CLONE_NEWCGROUP", 0x2000000),
];

/// Flags of mount.
pub const MOUNT: Names = &[
    ("RDONLY", 1),
    ("NOSUID", 2),
    ("NODEV", 4),
    ("NOEXEC", 8),
    ("SYNCHRONOUS", 0x10),
    ("REMOUNT", 0x20),
    ("MANDLOCK", 0x40),
    ("DIRSYNC", 0x80),
    ("NOATIME", 0x400),
    ("NODIRATIME", 0x800),
    ("BIND", 0x1000),
    ("MOVE", 0x2000),
    ("REC", 0x4000),
    ("SILENT", 0x8000),
    ("POSIXACL", 0x10000),
    ("UNBINDABLE", 0x20000),
    ("PRIVATE", 0x40000),
    ("SLAVE", 0x80000),
    ("SHARED", 0x100000),
    ("RELATIME", 0x200000),
    ("KERNMOUNT", 0x400000),
    ("I_VERSION", 0x800000),
    ("STRICTATIME", 0x1000000),
    ("LAZYTIME", 0x2000000),
];

/// Flags of umount2.
pub const UMOUNT: Names = &[("FORCE", 1), ("DETACH", 2), ("EXPIRE", 4), ("NOFOLLOW", 8)];

/// Flags of renameat2.
pub const RENAME: Names =
    &[("RENAME_NOREPLACE", 1), ("RENAME_EXCHANGE", 2), ("RENAME_WHITEOUT", 4)];

/// Flags of unlinkat.
pub const AT_REMOVE: Names = &[("AT_REMOVEDIR", 0x200)];

/// Flags of linkat.
pub const AT_LINK: Names = &[("AT_SYMLINK_FOLLOW", 0x400), ("AT_EMPTY_PATH", 0x1000)];

/// Flags of fchownat.
pub const AT_OWNER: Names = &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_EMPTY_PATH", 0x1000)];

/// Flags of memfd_create.
pub const MEMFD: Names = &[("MFD_CLOEXEC", 1), ("MFD_ALLOW_SEALING", 2), ("MFD_HUGETLB", 4)];

/// Flags of finit_module.
pub const MODULE: Names = &[
    ("MODULE_INIT_IGNORE_MODVERSIONS", 1),
    ("MODULE_INIT_IGNORE_VERMAGIC", 2),
    ("MODULE_INIT_COMPRESSED_FILE", 4),
];

/// What memory may be used for.
pub const PROTECTION: Names = &[
    ("PROT_READ", 1),
    ("PROT_WRITE", 2),
    ("PROT_EXEC", 4),
    ("PROT_SEM", 8),
    ("PROT_GROWSDOWN", 0x1000000),
    ("PROT_GROWSUP", 0x2000000),
    ("PROT_NONE", 0),
];

/// Flags of mmap.
pub const MMAP: Names = &[
    ("MAP_SHARED", 1),
    ("MAP_PRIVATE", 2),
    ("MAP_FIXED", 0x10),
    ("MAP_ANONYMOUS", 0x20),
    ("MAP_32BIT", 0x40),
    ("MAP_NORESERVE", 0x4000),
    ("MAP_POPULATE", 0x8000),
    ("MAP_NONBLOCK", 0x10000),
    ("MAP_GROWSDOWN", 0x100),
    ("MAP_DENYWRITE", 0x800),
    ("MAP_EXECUTABLE", 0x1000),
    ("MAP_LOCKED", 0x2000),
];

/// What is peculiar to a program file.
pub const EXE: Names =
    &[("EXE_WRITABLE", 1), ("EXE_UPPER_LAYER", 2), ("EXE_FROM_MEMFD", 4), ("EXE_LOWER_LAYER", 8)];

/// Permission bits and kinds of files.
pub const MODE: Names = &[
    ("S_IXOTH", 1),
    ("S_IWOTH", 2),
    ("S_IROTH", 4),
    ("S_IXGRP", 8),
    ("S_IWGRP", 0x10),
    ("S_IRGRP", 0x20),
    ("S_IXUSR", 0x40),
    ("S_IWUSR", 0x80),
    ("S_IRUSR", 0x100),
    ("S_ISVTX", 0x200),
    ("S_ISGID", 0x400),
    ("S_ISUID", 0x800),
    ("S_IFSOCK", 0xc000),
    ("S_IFBLK", 0x6000),
    ("S_IFREG", 0x8000),
    ("S_IFCHR", 0x2000),
    ("S_IFIFO", 0x1000),
];

/// Families of sockets.
pub const FAMILIES: Names = &[
    ("AF_UNSPEC", 0),
    ("AF_LOCAL", 1),
    ("AF_UNIX", 1),
    ("AF_INET", 2),
    ("AF_AX25", 3),
    ("AF_IPX", 4),
    ("AF_APPLETALK", 5),
    ("AF_NETROM", 6),
    ("AF_BRIDGE", 7),
    ("AF_ATMPVC", 8),
    ("AF_X25", 9),
    ("AF_INET6", 0xa),
    ("AF_ROSE", 0xb),
    ("AF_NETBEUI", 0xd),
    ("AF_SECURITY", 0xe),
    ("AF_KEY", 0xf),
    ("AF_ROUTE", 0x10),
    ("AF_NETLINK", 0x10),
    ("AF_PACKET", 0x11),
    ("AF_ATMSVC", 0x14),
    ("AF_RDS", 0x15),
    ("AF_IRDA", 0x17),
    ("AF_PPPOX", 0x18),
    ("AF_LLC", 0x1a),
    ("AF_CAN", 0x1d),
    ("AF_TIPC", 0x1e),
    ("AF_BLUETOOTH", 0x1f),
    ("AF_RXRPC", 0x21),
    ("AF_ISDN", 0x22),
    ("AF_PHONET", 0x23),
    ("AF_IEEE802154", 0x24),
    ("AF_CAIF", 0x25),
    ("AF_ALG", 0x26),
    ("AF_NFC", 0x27),
    ("AF_VSOCK", 0x28),
];

/// Commands of fcntl.
pub const FCNTL: Names = &[
    ("F_DUPFD", 0),
    ("F_GETFD", 1),
    ("F_SETFD", 2),
    ("F_GETFL", 3),
    ("F_SETFL", 4),
    ("F_GETLK", 5),
    ("F_SETLK", 6),
    ("F_SETLKW", 7),
    ("F_SETOWN", 8),
    ("F_GETOWN", 9),
    ("F_SETSIG", 0xa),
    ("F_GETSIG", 0xb),
    ("F_SETOWN_EX", 0xf),
    ("F_GETOWN_EX", 0x10),
    ("F_OFD_GETLK", 0x24),
    ("F_OFD_SETLK", 0x25),
    ("F_OFD_SETLKW", 0x26),
    ("F_SETLEASE", 0x400),
    ("F_GETLEASE", 0x401),
    ("F_NOTIFY", 0x402),
    ("F_CANCELLK", 0x405),
    ("F_DUPFD_CLOEXEC", 0x406),
    ("F_SETPIPE_SZ", 0x407),
    ("F_GETPIPE_SZ", 0x408),
];

/// Which way of a connection is shut.
pub const SHUTDOWN: Names = &[("SHUT_RD", 0), ("SHUT_WR", 1), ("SHUT_RDWR", 2)];

/// Requests of ptrace.
pub const PTRACE: Names = &[
    ("PTRACE_TRACEME", 0),
    ("PTRACE_PEEKTEXT", 1),
    ("PTRACE_PEEKDATA", 2),
    ("PTRACE_PEEKUSR", 3),
    ("PTRACE_POKETEXT", 4),
    ("PTRACE_POKEDATA", 5),
    ("PTRACE_POKEUSR", 6),
    ("PTRACE_CONT", 7),
    ("PTRACE_KILL", 8),
    ("PTRACE_SINGLESTEP", 9),
    ("PTRACE_GETREGS", 0xc),
    ("PTRACE_SETREGS", 0xd),
    ("PTRACE_GETFPREGS", 0xe),
    ("PTRACE_SETFPREGS", 0xf),
    ("PTRACE_ATTACH", 0x10),
    ("PTRACE_DETACH", 0x11),
    ("PTRACE_SYSCALL", 0x18),
    ("PTRACE_ARCH_PRCTL", 0x1e),
    ("PTRACE_SYSEMU", 0x1f),
    ("PTRACE_SYSEMU_SINGLESTEP", 0x20),
    ("PTRACE_SINGLEBLOCK", 0x21),
    ("PTRACE_SETOPTIONS", 0x4200),
    ("PTRACE_GETEVENTMSG", 0x4201),
    ("PTRACE_GETSIGINFO", 0x4202),
    ("PTRACE_SETSIGINFO", 0x4203),
    ("PTRACE_GETREGSET", 0x4204),
    ("PTRACE_SETREGSET", 0x4205),
    ("PTRACE_SEIZE", 0x4206),
    ("PTRACE_INTERRUPT", 0x4207),
    ("PTRACE_LISTEN", 0x4208),
    ("PTRACE_PEEKSIGINFO", 0x4209),
    ("PTRACE_GETSIGMASK", 0x420a),
    ("PTRACE_SETSIGMASK", 0x420b),
];

/// Options of prctl.
pub const PRCTL: Names = &[
    ("PR_GET_DUMPABLE", 3),
    ("PR_SET_DUMPABLE", 4),
    ("PR_GET_KEEPCAPS", 7),
    ("PR_SET_KEEPCAPS", 8),
    ("PR_SET_NAME", 0xf),
    ("PR_GET_NAME", 0x10),
    ("PR_GET_SECCOMP", 0x15),
    ("PR_SET_SECCOMP", 0x16),
    ("PR_CAPBSET_READ", 0x17),
    ("PR_CAPBSET_DROP", 0x18),
    ("PR_GET_SECUREBITS", 0x1b),
    ("PR_SET_SECUREBITS", 0x1c),
    ("PR_MCE_KILL", 0x21),
    ("PR_SET_MM", 0x23),
    ("PR_SET_CHILD_SUBREAPER", 0x24),
    ("PR_GET_CHILD_SUBREAPER", 0x25),
    ("PR_SET_NO_NEW_PRIVS", 0x26),
    ("PR_GET_NO_NEW_PRIVS", 0x27),
    ("PR_GET_TID_ADDRESS", 0x28),
    ("PR_SET_THP_DISABLE", 0x29),
    ("PR_GET_THP_DISABLE", 0x2a),
    ("PR_CAP_AMBIENT", 0x2f),
];

/// Commands of bpf.
pub const BPF: Names = &[
    ("BPF_MAP_CREATE", 0),
    ("BPF_MAP_LOOKUP_ELEM", 1),
    ("BPF_MAP_UPDATE_ELEM", 2),
    ("BPF_MAP_DELETE_ELEM", 3),
    ("BPF_MAP_GET_NEXT_KEY", 4),
    ("BPF_PROG_LOAD", 5),
    ("BPF_OBJ_PIN", 6),
    ("BPF_OBJ_GET", 7),
    ("BPF_PROG_ATTACH", 8),
    ("BPF_PROG_DETACH", 9),
    ("BPF_PROG_TEST_RUN", 0xa),
    ("BPF_PROG_GET_NEXT_ID", 0xb),
    ("BPF_MAP_GET_NEXT_ID", 0xc),
    ("BPF_PROG_GET_FD_BY_ID", 0xd),
    ("BPF_MAP_GET_FD_BY_ID", 0xe),
    ("BPF_OBJ_GET_INFO_BY_FD", 0xf),
    ("BPF_PROG_QUERY", 0x10),
    ("BPF_RAW_TRACEPOINT_OPEN", 0x11),
    ("BPF_BTF_LOAD", 0x12),
    ("BPF_BTF_GET_FD_BY_ID", 0x13),
    ("BPF_TASK_FD_QUERY", 0x14),
    ("BPF_MAP_LOOKUP_AND_DELETE_ELEM", 0x15),
    ("BPF_MAP_FREEZE", 0x16),
    ("BPF_BTF_GET_NEXT_ID", 0x17),
    ("BPF_MAP_LOOKUP_BATCH", 0x18),
    ("BPF_MAP_LOOKUP_AND_DELETE_BATCH", 0x19),
    ("BPF_MAP_UPDATE_BATCH", 0x1a),
    ("BPF_MAP_DELETE_BATCH", 0x1b),
    ("BPF_LINK_CREATE", 0x1c),
    ("BPF_LINK_UPDATE", 0x1d),
    ("BPF_LINK_GET_FD_BY_ID", 0x1e),
    ("BPF_LINK_GET_NEXT_ID", 0x1f),
    ("BPF_ENABLE_STATS", 0x20),
    ("BPF_ITER_CREATE", 0x21),
    ("BPF_LINK_DETACH", 0x22),
    ("BPF_PROG_BIND_MAP", 0x23),
];

/// Signals.
pub const SIGNALS: Names = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 0xa),
    ("SIGSEGV", 0xb),
    ("SIGUSR2", 0xc),
    ("SIGPIPE", 0xd),
    ("SIGALRM", 0xe),
    ("SIGTERM", 0xf),
    ("SIGSTKFLT", 0x10),
    ("SIGCHLD", 0x11),
    ("SIGCONT", 0x12),
    ("SIGSTOP", 0x13),
    ("SIGTSTP", 0x14),
    ("SIGTTIN", 0x15),
    ("SIGTTOU", 0x16),
    ("SIGURG", 0x17),
    ("SIGXCPU", 0x18),
    ("SIGXFSZ", 0x19),
    ("SIGVTALRM", 0x1a),
    ("SIGPROF", 0x1b),
    ("SIGWINCH", 0x1c),
    ("SIGIO", 0x1d),
    ("SIGPWR", 0x1e),
    ("SIGSYS", 0x1f),
];
