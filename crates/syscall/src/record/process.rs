//! A process, as the kernel knows it when it is made or executes something.

use super::number;

/// Length of a process in a record.
pub const PROCESS_LEN: usize = 192;

/// The executable lies in the container's own layer, not in its image.
pub const EXE_UPPER: u32 = 1;
/// The executable has no name any more.
pub const EXE_DELETED: u32 = 2;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Process {
    /// Thread, as the host counts.
    pub tid: u32,
    /// Process, as the host counts.
    pub pid: u32,
    /// Parent process.
    pub parent: u32,
    /// Process group.
    pub group: u32,
    /// Session.
    pub session: u32,
    /// Thread, as its own pid namespace counts.
    pub ns_tid: u32,
    /// Process, as its own pid namespace counts.
    pub ns_pid: u32,
    /// Process group, as its own pid namespace counts.
    pub ns_group: u32,
    /// Session, as its own pid namespace counts.
    pub ns_session: u32,
    /// Controlling terminal as a device number, or 0.
    pub terminal: u32,
    /// When it started, in nanoseconds since the machine did.
    pub start: u64,
    /// When its parent started.
    pub parent_start: u64,
    /// User.
    pub uid: u32,
    /// Effective user.
    pub euid: u32,
    /// Saved user.
    pub suid: u32,
    /// Group.
    pub gid: u32,
    /// Effective group.
    pub egid: u32,
    /// Saved group.
    pub sgid: u32,
    /// User who logged in; all ones if nobody did.
    pub login_uid: u32,
    /// Log-in session; all ones if there is none.
    pub login_session: u32,
    /// Capabilities that pass to what it executes.
    pub cap_inheritable: u64,
    /// Capabilities that it may use.
    pub cap_permitted: u64,
    /// Capabilities in use.
    pub cap_effective: u64,
    /// Inode of the mount namespace.
    pub mount_ns: u32,
    /// Inode of the pid namespace.
    pub pid_ns: u32,
    /// Inode of the user namespace.
    pub user_ns: u32,
    /// Inode of the network namespace.
    pub net_ns: u32,
    /// Id of the cgroup that tells the container.
    pub cgroup: u64,
    /// Inode of the executable.
    pub exe_inode: u64,
    /// Device of the executable.
    pub exe_device: u32,
    /// Type and permissions of the executable.
    pub exe_mode: u32,
    /// Owner of the executable.
    pub exe_uid: u32,
    /// Group of the executable.
    pub exe_gid: u32,
    /// When the executable was last written, in seconds since 1970.
    pub exe_mtime: i64,
    /// When it last changed, in seconds since 1970.
    pub exe_ctime: i64,
    /// How many names the executable has.
    pub exe_links: u32,
    /// [`EXE_UPPER`] and [`EXE_DELETED`].
    pub exe_flags: u32,
    /// Kind of the file system that holds the executable.
    pub fs_magic: u32,
    /// Flags of the clone that made it.
    pub clone_flags: u32,
}

impl Process {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < PROCESS_LEN {
            return None;
        }
        Some(Self {
            tid: number(bytes, 0, 4) as u32,
            pid: number(bytes, 4, 4) as u32,
            parent: number(bytes, 8, 4) as u32,
            group: number(bytes, 12, 4) as u32,
            session: number(bytes, 16, 4) as u32,
            ns_tid: number(bytes, 20, 4) as u32,
            ns_pid: number(bytes, 24, 4) as u32,
            ns_group: number(bytes, 28, 4) as u32,
            ns_session: number(bytes, 32, 4) as u32,
            terminal: number(bytes, 36, 4) as u32,
            start: number(bytes, 40, 8),
            parent_start: number(bytes, 48, 8),
            uid: number(bytes, 56, 4) as u32,
            euid: number(bytes, 60, 4) as u32,
            suid: number(bytes, 64, 4) as u32,
            gid: number(bytes, 68, 4) as u32,
            egid: number(bytes, 72, 4) as u32,
            sgid: number(bytes, 76, 4) as u32,
            login_uid: number(bytes, 80, 4) as u32,
            login_session: number(bytes, 84, 4) as u32,
            cap_inheritable: number(bytes, 88, 8),
            cap_permitted: number(bytes, 96, 8),
            cap_effective: number(bytes, 104, 8),
            mount_ns: number(bytes, 112, 4) as u32,
            pid_ns: number(bytes, 116, 4) as u32,
            user_ns: number(bytes, 120, 4) as u32,
            net_ns: number(bytes, 124, 4) as u32,
            cgroup: number(bytes, 128, 8),
            exe_inode: number(bytes, 136, 8),
            exe_device: number(bytes, 144, 4) as u32,
            exe_mode: number(bytes, 148, 4) as u32,
            exe_uid: number(bytes, 152, 4) as u32,
            exe_gid: number(bytes, 156, 4) as u32,
            exe_mtime: number(bytes, 160, 8) as i64,
            exe_ctime: number(bytes, 168, 8) as i64,
            exe_links: number(bytes, 176, 4) as u32,
            exe_flags: number(bytes, 180, 4) as u32,
            fs_magic: number(bytes, 184, 4) as u32,
            clone_flags: number(bytes, 188, 4) as u32,
        })
    }
}
