//! What this kernel offers, and what it must not be asked for.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Inode of the pid namespace that the machine starts with.
const HOST_PID_NS: u64 = 0xefff_fffc;

/// Facts about the kernel and about this process's place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Release, as `uname -r` prints it.
    pub release: String,
    /// The kernel describes its types (`/sys/kernel/btf/vmlinux`).
    pub types: bool,
    /// Trampolines are counted, so that programs on functions can be taken off safely.
    pub counted_trampolines: bool,
    /// Taking programs off functions waits for tasks that end (`tasks_rcu_exit_srcu`).
    pub waits_for_ending_tasks: bool,
    /// This process is in the machine's own pid namespace.
    pub host_pids: bool,
    /// 32-bit calls can be made.
    pub compat_calls: bool,
    /// io_uring can be used.
    pub io_uring: bool,
}

/// Tells whether this process is in the machine's own pid namespace, so that its numbers of
/// processes are those that records tell.
pub fn is_in_host_pids() -> bool {
    fs::metadata("/proc/self/ns/pid").is_ok_and(|ns| ns.ino() == HOST_PID_NS)
}

impl Kernel {
    /// Looks at the kernel that runs.
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let symbols = read("/proc/kallsyms");
        let has = |name: &str| {
            symbols.lines().any(|line| {
                line.split_ascii_whitespace().nth(2).is_some_and(|symbol| symbol == name)
            })
        };
        let compat_calls =
            has("__ia32_compat_sys_execve") && !read("/proc/cmdline").contains("ia32_emulation=0");
        Self {
            release: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            types: Path::new("/sys/kernel/btf/vmlinux").exists(),
            counted_trampolines: has("__bpf_tramp_image_put_rcu"),
            waits_for_ending_tasks: has("tasks_rcu_exit_srcu"),
            host_pids: is_in_host_pids(),
            compat_calls,
            io_uring: has("__x64_sys_io_uring_setup")
                && read("/proc/sys/kernel/io_uring_disabled").trim() != "2",
        }
    }
}
