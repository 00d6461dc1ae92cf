//! Both ends of a socket: what the record tells, what the call says, and what was seen before.

use std::net::{IpAddr, Ipv4Addr};

use super::fd::{End, unix_name};
use crate::record::{File, Operation, Record, Socket, What};
use crate::table::{Peer, Role, Seen, Tables, value};

/// Both ends of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// This process's end.
    pub local: Peer,
    /// Nothing before it is connected or told whom to send to.
    pub remote: Option<Peer>,
    /// Which end this process is; nothing where that is not known.
    pub role: Option<Role>,
    /// Protocol as rules know it.
    pub protocol: &'static str,
    /// It is connected, or connects.
    pub connected: bool,
    /// The other end is not the one that was there before.
    pub changed: bool,
}

impl Link {
    /// Returns one end, where it is known.
    pub fn end(&self, end: End) -> Option<Peer> {
        let server = self.remote.is_none() || self.role == Some(Role::Server);
        match end {
            End::Either => None,
            End::Local => Some(self.local).filter(|_| self.remote.is_some()),
            End::Remote => self.remote,
            End::Client if self.role.is_none() || self.remote.is_none() => None,
            End::Client => {
                if server {
                    self.remote
                } else {
                    Some(self.local)
                }
            }
            End::Server if self.remote.is_none() => Some(self.local),
            End::Server if self.role.is_none() => None,
            End::Server => {
                if server {
                    Some(self.local)
                } else {
                    self.remote
                }
            }
        }
    }

    /// Writes client and server, or the only end there is.
    pub fn name(&self) -> String {
        let write = |(address, port): Peer| match address {
            IpAddr::V4(address) => format!("{address}:{port}"),
            IpAddr::V6(address) => format!("{address}:{port}"),
        };
        match (self.remote, self.role) {
            (None, _) => write(self.local),
            (Some(remote), Some(Role::Server)) => {
                format!("{}->{}", write(remote), write(self.local))
            }
            (Some(remote), _) => format!("{}->{}", write(self.local), write(remote)),
        }
    }
}

/// What was seen of the socket that a record is about, to be kept.
pub fn socket_seen(record: &Record<'_>, tables: &Tables) -> Option<(u64, Seen)> {
    use Operation::{
        Accept, Accept4, Connect, Listen, Recvfrom, Recvmmsg, Recvmsg, Sendmmsg, Sendmsg, Sendto,
    };
    let (Accept | Accept4 | Connect | Listen | Recvfrom | Recvmmsg | Recvmsg | Sendmmsg | Sendmsg
    | Sendto) = record.operation
    else {
        return None;
    };
    let Some(What::File(file)) = value(record, "file") else { return None };
    let link = link(record, tables, &file, &file.socket?)?;
    Some((file.inode, Seen { role: link.role, peer: link.remote }))
}

/// Joins what the record tells of a socket, what the call says, and what was seen before.
pub fn link(
    record: &Record<'_>,
    tables: &Tables,
    file: &File<'_>,
    socket: &Socket<'_>,
) -> Option<Link> {
    const ESTABLISHED: u16 = 1;
    let local = (plain(socket.local?), socket.local_port);
    let seen = tables.sockets().get(file.inode);
    let known = Some((plain(socket.remote?), socket.remote_port));
    let known = known.filter(|(address, port)| *port != 0 || !address.is_unspecified());
    let asked = [value(record, "address"), value(record, "message")].into_iter().flatten();
    let asked = asked.into_iter().find_map(|what| match what {
        What::Address(address) | What::Message(address, _) => peer(address),
        _ => None,
    });
    let failed = record.result().is_some_and(|result| result < 0 && result != EINPROGRESS);
    let connected = match record.operation {
        Operation::Connect => !failed,
        _ => socket.state == ESTABLISHED,
    };
    // Someone connected sends to the other side whatever address he gives.
    let remote = match record.operation {
        Operation::Connect => asked.or(known),
        _ => known.or(asked),
    };
    let role = match record.operation {
        Operation::Connect => Some(Role::Client),
        Operation::Accept | Operation::Accept4 | Operation::Listen => Some(Role::Server),
        Operation::Sendto | Operation::Sendmsg | Operation::Sendmmsg => {
            seen.role.or(Some(Role::Client))
        }
        Operation::Recvfrom | Operation::Recvmsg | Operation::Recvmmsg => {
            seen.role.or(Some(Role::Server))
        }
        _ => seen.role,
    };
    let changed = remote.is_some() && remote != seen.peer;
    let protocol = protocol(socket);
    Some(Link { local, remote, role, protocol, connected, changed })
}

/// What connecting returns while it goes on.
pub const EINPROGRESS: i64 = -115;

/// IPv4 that an IPv6 socket carries is IPv4.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Writes a socket address.
pub fn address(address: &[u8]) -> Option<Vec<u8>> {
    match (peer(address), address) {
        (Some((ip, port)), _) => Some(format!("{ip}:{port}").into_bytes()),
        (None, [1, 0, path @ ..]) => Some(unix_name(path).to_vec()),
        _ => None,
    }
}

/// Reads a socket address of the internet.
fn peer(address: &[u8]) -> Option<Peer> {
    let family = u16::from_le_bytes(address.get(..2)?.try_into().ok()?);
    let port = u16::from_be_bytes(address.get(2..4)?.try_into().ok()?);
    let address = match family {
        2 => Ipv4Addr::from(<[u8; 4]>::try_from(address.get(4..8)?).ok()?).into(),
        10 => IpAddr::from(<[u8; 16]>::try_from(address.get(8..24)?).ok()?),
        _ => return None,
    };
    Some((plain(address), port))
}

fn protocol(socket: &Socket<'_>) -> &'static str {
    const RAW: u16 = 3;
    match (socket.kind, socket.protocol) {
        (RAW, _) => "raw",
        (_, 6) => "tcp",
        (_, 17) => "udp",
        (_, 1 | 58) => "icmp",
        (1, _) => "tcp",
        (2, _) => "udp",
        _ => "<NA>",
    }
}
