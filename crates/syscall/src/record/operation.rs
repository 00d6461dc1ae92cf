//! The operations that a sensor tells of. Their numbers stand in records, so they never change;
//! a new one is added at the end.

/// What was done: a system call, or the end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Operation {
    /// `execve`
    Execve = 1,
    /// `execveat`
    Execveat = 2,
    /// `clone`
    Clone = 3,
    /// `clone3`
    Clone3 = 4,
    /// `fork`
    Fork = 5,
    /// `vfork`
    Vfork = 6,
    /// `procexit`
    Procexit = 7,
    /// `open`
    Open = 8,
    /// `creat`
    Creat = 9,
    /// `openat`
    Openat = 10,
    /// `openat2`
    Openat2 = 11,
    /// `open_by_handle_at`
    OpenByHandleAt = 12,
    /// `close`
    Close = 13,
    /// `dup`
    Dup = 14,
    /// `dup2`
    Dup2 = 15,
    /// `dup3`
    Dup3 = 16,
    /// `fcntl`
    Fcntl = 17,
    /// `rename`
    Rename = 18,
    /// `renameat`
    Renameat = 19,
    /// `renameat2`
    Renameat2 = 20,
    /// `unlink`
    Unlink = 21,
    /// `unlinkat`
    Unlinkat = 22,
    /// `rmdir`
    Rmdir = 23,
    /// `mkdir`
    Mkdir = 24,
    /// `mkdirat`
    Mkdirat = 25,
    /// `link`
    Link = 26,
    /// `linkat`
    Linkat = 27,
    /// `symlink`
    Symlink = 28,
    /// `symlinkat`
    Symlinkat = 29,
    /// `mknod`
    Mknod = 30,
    /// `mknodat`
    Mknodat = 31,
    /// `chmod`
    Chmod = 32,
    /// `fchmod`
    Fchmod = 33,
    /// `fchmodat`
    Fchmodat = 34,
    /// `fchmodat2`
    Fchmodat2 = 35,
    /// `chown`
    Chown = 36,
    /// `lchown`
    Lchown = 37,
    /// `fchown`
    Fchown = 38,
    /// `fchownat`
    Fchownat = 39,
    /// `truncate`
    Truncate = 40,
    /// `ftruncate`
    Ftruncate = 41,
    /// `utimensat`
    Utimensat = 42,
    /// `setxattr`
    Setxattr = 43,
    /// `lsetxattr`
    Lsetxattr = 44,
    /// `fsetxattr`
    Fsetxattr = 45,
    /// `removexattr`
    Removexattr = 46,
    /// `lremovexattr`
    Lremovexattr = 47,
    /// `fremovexattr`
    Fremovexattr = 48,
    /// `mount`
    Mount = 49,
    /// `umount`
    Umount = 50,
    /// `umount2`
    Umount2 = 51,
    /// `move_mount`
    MoveMount = 52,
    /// `open_tree`
    OpenTree = 53,
    /// `fsopen`
    Fsopen = 54,
    /// `fsmount`
    Fsmount = 55,
    /// `pivot_root`
    PivotRoot = 56,
    /// `chroot`
    Chroot = 57,
    /// `chdir`
    Chdir = 58,
    /// `fchdir`
    Fchdir = 59,
    /// `setns`
    Setns = 60,
    /// `unshare`
    Unshare = 61,
    /// `socket`
    Socket = 62,
    /// `socketpair`
    Socketpair = 63,
    /// `connect`
    Connect = 64,
    /// `bind`
    Bind = 65,
    /// `listen`
    Listen = 66,
    /// `accept`
    Accept = 67,
    /// `accept4`
    Accept4 = 68,
    /// `setsockopt`
    Setsockopt = 69,
    /// `shutdown`
    Shutdown = 70,
    /// `sendto`
    Sendto = 71,
    /// `sendmsg`
    Sendmsg = 72,
    /// `sendmmsg`
    Sendmmsg = 73,
    /// `recvfrom`
    Recvfrom = 74,
    /// `recvmsg`
    Recvmsg = 75,
    /// `recvmmsg`
    Recvmmsg = 76,
    /// `setuid`
    Setuid = 77,
    /// `setgid`
    Setgid = 78,
    /// `setreuid`
    Setreuid = 79,
    /// `setregid`
    Setregid = 80,
    /// `setresuid`
    Setresuid = 81,
    /// `setresgid`
    Setresgid = 82,
    /// `setfsuid`
    Setfsuid = 83,
    /// `setfsgid`
    Setfsgid = 84,
    /// `setgroups`
    Setgroups = 85,
    /// `setsid`
    Setsid = 86,
    /// `setpgid`
    Setpgid = 87,
    /// `capset`
    Capset = 88,
    /// `prctl`
    Prctl = 89,
    /// `ptrace`
    Ptrace = 90,
    /// `process_vm_readv`
    ProcessVmReadv = 91,
    /// `process_vm_writev`
    ProcessVmWritev = 92,
    /// `pidfd_open`
    PidfdOpen = 93,
    /// `pidfd_getfd`
    PidfdGetfd = 94,
    /// `kill`
    Kill = 95,
    /// `tkill`
    Tkill = 96,
    /// `tgkill`
    Tgkill = 97,
    /// `pidfd_send_signal`
    PidfdSendSignal = 98,
    /// `init_module`
    InitModule = 99,
    /// `finit_module`
    FinitModule = 100,
    /// `delete_module`
    DeleteModule = 101,
    /// `bpf`
    Bpf = 102,
    /// `perf_event_open`
    PerfEventOpen = 103,
    /// `memfd_create`
    MemfdCreate = 104,
    /// `memfd_secret`
    MemfdSecret = 105,
    /// `userfaultfd`
    Userfaultfd = 106,
    /// `io_uring_setup`
    IoUringSetup = 107,
    /// `io_uring_register`
    IoUringRegister = 108,
    /// `splice`
    Splice = 109,
    /// `tee`
    Tee = 110,
    /// `vmsplice`
    Vmsplice = 111,
    /// `sendfile`
    Sendfile = 112,
    /// `copy_file_range`
    CopyFileRange = 113,
    /// `keyctl`
    Keyctl = 114,
    /// `add_key`
    AddKey = 115,
    /// `request_key`
    RequestKey = 116,
    /// `kexec_load`
    KexecLoad = 117,
    /// `kexec_file_load`
    KexecFileLoad = 118,
    /// `quotactl`
    Quotactl = 119,
    /// `reboot`
    Reboot = 120,
    /// `swapon`
    Swapon = 121,
    /// `swapoff`
    Swapoff = 122,
    /// `acct`
    Acct = 123,
    /// `syslog`
    Syslog = 124,
    /// `settimeofday`
    Settimeofday = 125,
    /// `clock_settime`
    ClockSettime = 126,
    /// `sethostname`
    Sethostname = 127,
    /// `setdomainname`
    Setdomainname = 128,
    /// `personality`
    Personality = 129,
    /// `iopl`
    Iopl = 130,
    /// `ioperm`
    Ioperm = 131,
    /// `mprotect`
    Mprotect = 132,
    /// `mmap`
    Mmap = 133,
    /// `ioctl`
    Ioctl = 134,
}

impl Operation {
    /// Every operation, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        super::call::CALLS.iter().map(|call| call.operation)
    }

    /// Finds the operation with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        let index = usize::from(number).checked_sub(1)?;
        super::call::CALLS.get(index).map(|call| call.operation)
    }

    /// Finds the operation that rules call `name` (`evt.type`).
    pub fn from_name(name: &str) -> Option<Self> {
        super::call::CALLS.iter().find(|call| call.name == name).map(|call| call.operation)
    }

    /// The number that stands in records.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The name that rules know (`evt.type`).
    pub fn name(self) -> &'static str {
        self.call().name
    }

    /// What its records hold.
    pub fn call(self) -> &'static super::call::Call {
        &super::call::CALLS[usize::from(self.number()) - 1]
    }
}
