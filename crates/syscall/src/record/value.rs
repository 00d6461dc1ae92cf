//! Values of a record's parameters.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number;
use super::process::{PROCESS_LEN, Process};

/// Length of an open file before its path.
pub const FILE_LEN: usize = 24;
/// Length of a socket before its path.
pub const SOCKET_LEN: usize = 44;

const FLAG_TRUNCATED: u8 = 1;
const FLAG_UNREAD: u8 = 2;
const FLAG_ABSENT: u8 = 4;
const FLAG_DELETED: u8 = 8;
const FLAG_USER: u8 = 16;

/// A value and what is to be known of its reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'r> {
    /// The value.
    pub what: What<'r>,
    /// There was more.
    pub truncated: bool,
    /// It was read from memory that the program can change meanwhile.
    pub swappable: bool,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'r> {
    /// A number; signed ones keep their sign as `as i64`.
    Number(u64),
    /// A text, not always UTF-8.
    Text(&'r [u8]),
    /// A path as the program wrote it, and the directory it is relative to (empty for an
    /// absolute path).
    Path(&'r [u8], &'r [u8]),
    /// Bytes.
    Bytes(&'r [u8]),
    /// An open file or socket.
    File(File<'r>),
    /// A socket address in the kernel's form: family, then the rest.
    Address(&'r [u8]),
    /// Address and first bytes of a message.
    Message(&'r [u8], &'r [u8]),
    /// A process.
    Process(Facts<'r>),
    /// There is none: a null pointer, a closed descriptor.
    Absent,
    /// It could not be read.
    Unread,
    /// A kind that this build does not know.
    Unknown,
}

/// A process as it stands in a record. It is read when it is asked for: it is large, and few ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Facts<'r>(&'r [u8]);

impl Facts<'_> {
    /// Reads it.
    pub fn read(self) -> Process {
        Process::read(self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(out)
    }
}

/// An open file, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'r> {
    /// Its descriptor; negative if it has none.
    pub fd: i32,
    /// Type and permissions (`st_mode`).
    pub mode: u32,
    /// How it is open (`O_…`).
    pub flags: u32,
    /// Device of its file system.
    pub device: u32,
    /// Its inode.
    pub inode: u64,
    /// Its path in the process's own root, as the kernel resolves it; empty for a socket. For a
    /// pipe or a memfd the name alone, without a slash.
    pub path: &'r [u8],
    /// This open made it.
    pub created: bool,
    /// It has no name any more.
    pub deleted: bool,
    /// What it is connected to, if it is a socket.
    pub socket: Option<Socket<'r>>,
}

/// A socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket<'r> {
    /// Family (`AF_…`).
    pub family: u16,
    /// Type (`SOCK_…`).
    pub kind: u16,
    /// Protocol (`IPPROTO_…`).
    pub protocol: u16,
    /// State, as TCP numbers it.
    pub state: u16,
    /// Own port.
    pub local_port: u16,
    /// The other side's port.
    pub remote_port: u16,
    /// Own address, of an internet socket.
    pub local: Option<IpAddr>,
    /// The other side's address, of an internet socket.
    pub remote: Option<IpAddr>,
    /// Path of a Unix socket; begins with a zero byte if it is abstract.
    pub path: &'r [u8],
}

/// A parameter as it stands in the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'r> {
    kind: u8,
    flags: u8,
    bytes: &'r [u8],
}

impl<'r> Raw<'r> {
    /// Takes the first parameter off `bytes`.
    pub(super) fn split(bytes: &'r [u8]) -> Option<(Self, &'r [u8])> {
        let (head, rest) = bytes.split_at_checked(4)?;
        let len = number(head, 2, 2) as usize;
        let value = rest.get(..len)?;
        let rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((Self { kind: head[0], flags: head[1], bytes: value }, rest))
    }
}

impl<'r> Value<'r> {
    pub(super) fn read(raw: Raw<'r>) -> Self {
        Self {
            what: What::read(raw),
            truncated: raw.flags & FLAG_TRUNCATED != 0,
            swappable: raw.flags & FLAG_USER != 0,
        }
    }

    pub(super) fn path(text: Raw<'r>, base: Option<Raw<'r>>) -> Self {
        let mut value = Self::read(text);
        if let What::Text(text) = value.what {
            value.what = What::Path(text, base.map_or(&[], |base| base.bytes));
        }
        value.truncated |= base.is_some_and(|base| base.flags & FLAG_TRUNCATED != 0);
        value
    }

    pub(super) fn message(address: Raw<'r>, data: Option<Raw<'r>>) -> Self {
        let mut value = Self::read(address);
        value.what = What::Message(address.bytes, data.map_or(&[], |data| data.bytes));
        value
    }
}

impl<'r> What<'r> {
    fn read(raw: Raw<'r>) -> Self {
        let bytes = raw.bytes;
        match raw.kind {
            4 => Self::File(File::read(raw)),
            _ if raw.flags & FLAG_ABSENT != 0 => Self::Absent,
            _ if raw.flags & FLAG_UNREAD != 0 => Self::Unread,
            1 => Self::Number(number(bytes, 0, 8)),
            2 => Self::Text(bytes),
            3 => Self::Bytes(bytes),
            5 => Self::Address(bytes),
            6 if bytes.len() >= PROCESS_LEN => Self::Process(Facts(bytes)),
            _ => Self::Unknown,
        }
    }
}

/// Among the flags of a file in a record: this open made it.
pub const FILE_CREATED: u32 = 1 << 30;

const MODE_TYPE: u32 = 0o170_000;
const MODE_SOCKET: u32 = 0o140_000;

impl<'r> File<'r> {
    fn read(raw: Raw<'r>) -> Self {
        let bytes = raw.bytes;
        let mode = number(bytes, 4, 4) as u32;
        let flags = number(bytes, 8, 4) as u32;
        let rest = bytes.get(FILE_LEN..).unwrap_or_default();
        let socket = (mode & MODE_TYPE == MODE_SOCKET).then(|| Socket::read(rest));
        Self {
            fd: number(bytes, 0, 4) as i32,
            mode,
            flags: flags & !FILE_CREATED,
            created: flags & FILE_CREATED != 0,
            device: number(bytes, 12, 4) as u32,
            inode: number(bytes, 16, 8),
            path: if socket.is_some() { &[] } else { rest },
            deleted: raw.flags & FLAG_DELETED != 0,
            socket,
        }
    }

    /// Whether the descriptor named an open file.
    pub fn is_open(&self) -> bool {
        self.mode != 0
    }
}

impl<'r> Socket<'r> {
    fn read(bytes: &'r [u8]) -> Self {
        let family = number(bytes, 0, 2) as u16;
        Self {
            family,
            kind: number(bytes, 2, 2) as u16,
            protocol: number(bytes, 4, 2) as u16,
            state: number(bytes, 6, 2) as u16,
            local_port: number(bytes, 8, 2) as u16,
            remote_port: number(bytes, 10, 2) as u16,
            local: ip(family, bytes, 12),
            remote: ip(family, bytes, 28),
            path: unix_path(bytes.get(SOCKET_LEN..).unwrap_or_default()),
        }
    }
}

/// The path ends at its first zero byte, unless it begins with one.
fn unix_path(bytes: &[u8]) -> &[u8] {
    match bytes.iter().position(|&byte| byte == 0) {
        Some(end) if end > 0 => &bytes[..end],
        _ => bytes,
    }
}

/// Family of IPv4 sockets.
const INET: u16 = 2;
/// Family of IPv6 sockets.
const INET6: u16 = 10;

fn ip(family: u16, bytes: &[u8], at: usize) -> Option<IpAddr> {
    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
    match family {
        INET => Some(Ipv4Addr::from([octets[0], octets[1], octets[2], octets[3]]).into()),
        INET6 => Some(Ipv6Addr::from(octets).into()),
        _ => None,
    }
}
