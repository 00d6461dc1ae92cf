//! Writes records as the sensor's programs do: for tests, and for recordings of other makers.

use super::value::{FILE_LEN, SOCKET_LEN};
use super::{HEAD_LEN, Kind, Operation, VERSION};

/// Who did something, and when.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Flags of the record.
    pub flags: u16,
    /// Processor.
    pub cpu: u16,
    /// Parent process.
    pub parent: u32,
    /// Nanoseconds since the machine started.
    pub time: u64,
    /// What the call returned.
    pub result: i64,
    /// Thread.
    pub tid: u32,
    /// Process.
    pub pid: u32,
    /// When the process started.
    pub start: u64,
    /// When its parent started.
    pub parent_start: u64,
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// Id of the cgroup.
    pub cgroup: u64,
    /// Inode of the mount namespace.
    pub mount_ns: u32,
    /// Inode of the pid namespace.
    pub pid_ns: u32,
    /// Name of the thread; 16 bytes of it count.
    pub comm: String,
}

/// A record in the making. Parameters are added in the order of the operation's row.
#[derive(Debug, Clone)]
pub struct Writer {
    bytes: Vec<u8>,
    count: u8,
}

impl Writer {
    /// Begins a record.
    pub fn new(operation: Operation, head: &Head) -> Self {
        let mut bytes = Vec::with_capacity(HEAD_LEN * 2);
        bytes.extend([0, 0, 0, 0, VERSION, 0]);
        bytes.extend(operation.number().to_le_bytes());
        bytes.extend(head.flags.to_le_bytes());
        bytes.extend(head.cpu.to_le_bytes());
        bytes.extend(head.parent.to_le_bytes());
        bytes.extend(head.time.to_le_bytes());
        bytes.extend(head.result.to_le_bytes());
        bytes.extend(head.tid.to_le_bytes());
        bytes.extend(head.pid.to_le_bytes());
        bytes.extend(head.start.to_le_bytes());
        bytes.extend(head.parent_start.to_le_bytes());
        bytes.extend(head.uid.to_le_bytes());
        bytes.extend(head.gid.to_le_bytes());
        bytes.extend(head.cgroup.to_le_bytes());
        bytes.extend(head.mount_ns.to_le_bytes());
        bytes.extend(head.pid_ns.to_le_bytes());
        let mut comm = [0; 16];
        for (to, from) in comm.iter_mut().zip(head.comm.bytes()) {
            *to = from;
        }
        bytes.extend(comm);
        Self { bytes, count: 0 }
    }

    /// Adds a number.
    pub fn number(self, value: u64) -> Self {
        self.raw(Kind::Number, 0, &value.to_le_bytes())
    }

    /// Adds a text.
    pub fn text(self, value: &[u8]) -> Self {
        self.raw(Kind::Text, 0, value)
    }

    /// Adds a path and the directory it is relative to.
    pub fn path(self, path: &[u8], base: &[u8]) -> Self {
        self.text(path).text(base)
    }

    /// Adds an open file.
    pub fn file(self, fd: i32, mode: u32, flags: u32, path: &[u8]) -> Self {
        let mut value = [0; FILE_LEN].to_vec();
        value[..4].copy_from_slice(&fd.to_le_bytes());
        value[4..8].copy_from_slice(&mode.to_le_bytes());
        value[8..12].copy_from_slice(&flags.to_le_bytes());
        value.extend(path);
        self.raw(Kind::File, 0, &value)
    }

    /// Adds an open socket; addresses in network order, 4 or 16 bytes.
    pub fn socket(self, fd: i32, family: u16, local: (&[u8], u16), remote: (&[u8], u16)) -> Self {
        let mut value = [0; FILE_LEN + SOCKET_LEN];
        value[..4].copy_from_slice(&fd.to_le_bytes());
        value[4..8].copy_from_slice(&0o140_777_u32.to_le_bytes());
        let socket = &mut value[FILE_LEN..];
        socket[..2].copy_from_slice(&family.to_le_bytes());
        socket[8..10].copy_from_slice(&local.1.to_le_bytes());
        socket[10..12].copy_from_slice(&remote.1.to_le_bytes());
        socket[12..12 + local.0.len()].copy_from_slice(local.0);
        socket[28..28 + remote.0.len()].copy_from_slice(remote.0);
        self.raw(Kind::File, 0, &value)
    }

    /// Adds a value of any kind, as it stands in a record.
    pub fn raw(mut self, kind: Kind, flags: u8, value: &[u8]) -> Self {
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        self.bytes.extend([kind as u8, flags]);
        self.bytes.extend((value.len() as u16).to_le_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.count += 1;
        self
    }

    /// Ends the record.
    pub fn finish(mut self) -> Vec<u8> {
        let len = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&len.to_le_bytes());
        self.bytes[5] = self.count;
        self.bytes
    }
}
