//! Connections between the same two ends: the first is told with the acts around it, those that
//! follow are summed up over a longer time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use control::evidence::{Connection, Direction, End, What};
use syscall::Link;
use syscall::record::{self, Operation, Socket};
use syscall::table::Role;

use super::{Activities, Seen, text};

/// What tells of connections. Messages that are sent without connecting are not asked for: nothing
/// costs more than to look at every message. Where a rule asks for them, they are told too.
pub const OPERATIONS: &[Operation] = &[Operation::Connect, Operation::Accept, Operation::Accept4];

/// What connecting returns while it goes on.
const EINPROGRESS: i64 = -115;
/// Sockets in the file system through which a node is ruled.
const RULING: [&[u8]; 8] = [
    b"/docker.sock",
    b"/containerd.sock",
    b"/crio.sock",
    b"/podman.sock",
    b"/cri-dockerd.sock",
    b"/buildkitd.sock",
    b"/kubelet.sock",
    b"/bus/system_bus_socket",
];

impl Activities {
    pub(super) fn connection(&mut self, seen: &Seen<'_>) {
        let Some(record::What::File(file)) = seen.param("file") else { return };
        let Some(socket) = file.socket else { return };
        let link = syscall::link(seen.record, seen.tables, &file, &socket);
        let Some(told) = link.map_or_else(|| by_path(seen, &socket), |link| between(seen, &link))
        else {
            return;
        };
        let mut hash = DefaultHasher::new();
        let container = seen.process.cgroup.place.as_ref().map(|place| &place.id);
        let session = self.sessions.of(seen.tables, seen.process);
        (container, session, seen.record.uid(), &seen.process.program.name).hash(&mut hash);
        told.hash(&mut hash);
        let ends = hash.finish();
        let is_first = self.met.get(&ends).is_none();
        // What was forgotten is told as a first one again.
        self.met.insert(ends, ());
        let by = if is_first { self.actor(seen) } else { self.connection_actor(seen) };
        let mut act = seen.act(by, What::Connection(told));
        act.failed &= seen.record.result() != Some(EINPROGRESS);
        let batch = if is_first { &mut self.acts } else { &mut self.connections };
        batch.merge(act, None);
    }
}

/// Ports that any connection has a new one of are left out.
fn between(seen: &Seen<'_>, link: &Link) -> Option<Connection> {
    let (remote, remote_port) = link.remote?;
    let (local, local_port) = link.local;
    let direction = match link.role {
        Some(Role::Server) => Direction::In,
        _ => Direction::Out,
    };
    // A socket of no address is about to get one; so much is not known of it yet.
    let known = !local.is_unspecified() || seen.record.operation != Operation::Connect;
    let end =
        |address: IpAddr, port: u16, told: bool| End { address, port: Some(port).filter(|_| told) };
    let is_in = direction == Direction::In;
    Some(Connection {
        direction,
        protocol: if link.protocol == "<NA>" { "other" } else { link.protocol }.to_owned(),
        local: known.then(|| end(local, local_port, is_in)),
        remote: Some(end(remote, remote_port, !is_in)),
        path: None,
    })
}

/// Of sockets in the file system those are told by which a node is ruled.
fn by_path(seen: &Seen<'_>, socket: &Socket<'_>) -> Option<Connection> {
    let asked = match seen.param("address") {
        Some(record::What::Address([1, 0, path @ ..])) => {
            path.split(|byte| *byte == 0).next().unwrap_or_default()
        }
        _ => socket.path,
    };
    let is_ruling = RULING.iter().any(|end| asked.ends_with(end));
    (is_ruling && seen.record.operation == Operation::Connect).then(|| Connection {
        direction: Direction::Out,
        protocol: "unix".to_owned(),
        local: None,
        remote: None,
        path: Some(text(asked)),
    })
}
