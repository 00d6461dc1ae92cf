//! What was seen of sockets that a single record does not tell: which end this is, and whom it
//! last spoke to. Known by inode, so that it does not matter through which descriptor.

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::RandomState;

/// Sockets that are kept; when there are more, all are forgotten.
const SOCKET_COUNT_MAX: usize = 65_536;

/// Which end of a connection a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It asked for the connection.
    Client,
    /// It was asked.
    Server,
}

/// The other side of a socket.
pub type Peer = (IpAddr, u16);

/// What was seen of a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Which end it is.
    pub role: Option<Role>,
    /// Whom it last spoke to.
    pub peer: Option<Peer>,
}

/// Sockets by inode.
#[derive(Debug, Default)]
pub struct Sockets {
    by_inode: HashMap<u64, Seen, RandomState>,
    evicted: u64,
}

impl Sockets {
    /// Returns what was seen of a socket.
    pub fn get(&self, inode: u64) -> Seen {
        self.by_inode.get(&inode).copied().unwrap_or_default()
    }

    /// Keeps what was seen.
    pub fn set(&mut self, inode: u64, seen: Seen) {
        if self.by_inode.len() >= SOCKET_COUNT_MAX {
            self.evicted += self.by_inode.len() as u64;
            self.by_inode.clear();
        }
        self.by_inode.insert(inode, seen);
    }

    /// Returns how many were forgotten for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }
}
