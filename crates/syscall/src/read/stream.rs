//! `proc.stdin.*` and its like: what the standard streams of a process lead to. The record of an
//! execution tells it; later `/proc` does, while the process lives.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::fd::of_file;
use super::link::Link;
use super::show::Show;
use crate::event::Event;
use crate::record::What;
use crate::table::{Peer, Process, Tables};

/// Bytes that are read of the list of sockets.
const LIST_LEN_MAX: u64 = 8 << 20;

/// What is asked of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Part {
    Kind,
    Name,
}

/// What a stream leads to.
struct Stream {
    kind: &'static str,
    name: Vec<u8>,
}

/// Reads a field's name: which stream, and what of it.
pub fn resolve(name: &str) -> Option<(u32, Part)> {
    Some(match name {
        "proc.stdin.type" => (0, Part::Kind),
        "proc.stdout.type" => (1, Part::Kind),
        "proc.stderr.type" => (2, Part::Kind),
        "proc.stdin.name" => (0, Part::Name),
        "proc.stdout.name" => (1, Part::Name),
        "proc.stderr.name" => (2, Part::Name),
        _ => return None,
    })
}

/// Shows a field.
pub fn read(event: &Event<'_>, process: &Process, number: u32, part: Part, show: &mut Show<'_>) {
    let Some(stream) = told(event, number).or_else(|| look(event.tables, process, number)) else {
        return;
    };
    match part {
        Part::Kind => show.text(stream.kind),
        Part::Name => show.text(stream.name),
    }
}

/// What the record tells; nothing of a stream that is closed.
fn told(event: &Event<'_>, number: u32) -> Option<Stream> {
    let name = ["stdin", "stdout", "stderr"].get(number as usize)?;
    let Some(What::File(file)) = event.param(name) else { return None };
    let found = of_file(event, &file);
    found.kind_and_name().map(|(kind, name)| Stream { kind, name: name.to_vec() })
}

fn look(tables: &Tables, process: &Process, number: u32) -> Option<Stream> {
    let home = tables.home().proc.join(process.facts.pid.to_string());
    let path = home.join(format!("fd/{number}"));
    let target = fs::read_link(&path).ok()?.into_os_string().into_vec();
    let stream = match &*target {
        [b's', b'o', b'c', b'k', b'e', b't', b':', b'[', inode @ .., b']'] => {
            socket(tables, &home, std::str::from_utf8(inode).ok()?)?
        }
        [b'p', b'i', b'p', b'e', b':', ..] => Stream { kind: "pipe", name: target },
        [b'/', b'm', b'e', b'm', b'f', b'd', b':', ..] => Stream { kind: "memfd", name: target },
        [b'/', ..] if path.is_dir() => Stream { kind: "directory", name: target },
        [b'/', ..] => Stream { kind: "file", name: target },
        _ => return None,
    };
    // Its number may be another's by now.
    tables.is_alive(process).then_some(stream)
}

fn socket(tables: &Tables, home: &Path, inode: &str) -> Option<Stream> {
    for protocol in ["tcp", "udp"] {
        for (kind, list) in [("ipv4", protocol.to_owned()), ("ipv6", format!("{protocol}6"))] {
            let listed = line(home, &list, 9, inode);
            let Some((local, remote)) = listed.as_deref().and_then(ends) else { continue };
            let seen = tables.sockets().get(inode.parse().ok()?);
            let remote = Some(remote).filter(|(_, port)| *port != 0);
            let link = Link {
                local,
                remote,
                role: seen.role,
                protocol: if protocol == "tcp" { "tcp" } else { "udp" },
                connected: remote.is_some(),
                changed: false,
            };
            let kind = if local.0.is_ipv4() { "ipv4" } else { kind };
            return Some(Stream { kind, name: link.name().into_bytes() });
        }
    }
    let listed = line(home, "unix", 6, inode)?;
    let name = listed.split_whitespace().nth(7).unwrap_or_default();
    Some(Stream { kind: "unix", name: name.into() })
}

/// Finds a socket in a list of those of the process's network, by the column with its inode.
fn line(home: &Path, list: &str, column: usize, inode: &str) -> Option<String> {
    let file = File::open(home.join("net").join(list)).ok()?.take(LIST_LEN_MAX);
    let mut lines = BufReader::new(file).lines().map_while(Result::ok);
    lines.find(|line| line.split_whitespace().nth(column) == Some(inode))
}

/// Reads both ends of a line: `local remote` after its number.
fn ends(line: &str) -> Option<(Peer, Peer)> {
    let mut columns = line.split_whitespace().skip(1);
    Some((peer(columns.next()?)?, peer(columns.next()?)?))
}

/// Reads an address: words in the machine's own order, a colon, the port.
fn peer(text: &str) -> Option<Peer> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?))
        }
        _ => return None,
    };
    Some((address.to_canonical(), u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    use event::Time;

    use super::*;
    use crate::sample::{show, tables, who};
    use crate::{Environment, Home};

    /// Starts a program with this standard input and says what it leads to.
    fn check(input: Stdio) -> Option<(&'static str, String)> {
        let mut child =
            Command::new("sleep").arg("60").stdin(input).stdout(Stdio::null()).spawn().unwrap();
        let mut tables = Tables::new(Home::default(), Time(0), Environment::Left);
        tables.scan();
        let process = tables.processes().by_pid(child.id()).unwrap();
        let stream = look(&tables, process, 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(look(&tables, process, 0).is_none(), "it has ended");
        stream.map(|stream| (stream.kind, String::from_utf8(stream.name).unwrap()))
    }

    #[test]
    fn a_connection_is_told_with_both_ends() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let ends = format!("{}->{}", client.local_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(check(Stdio::from(OwnedFd::from(client))), Some(("ipv4", ends)));
    }

    #[test]
    fn one_of_ipv6_and_one_without_another_end_too() {
        if let Ok(server) = TcpListener::bind("[::1]:0") {
            let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
            assert_eq!(check(Stdio::from(OwnedFd::from(client))).unwrap().0, "ipv6");
        }
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let name = socket.local_addr().unwrap().to_string();
        assert_eq!(check(Stdio::from(OwnedFd::from(socket))), Some(("ipv4", name)));
    }

    #[test]
    fn an_execution_tells_what_it_hangs_on() {
        let mut tables = tables();
        let (local, remote) = (&[10, 0, 0, 2], &[203, 0, 113, 5]);
        let exec = who(10, 1)
            .executing("/bin/sh", &["sh", "-i"], "/")
            .socket(0, 2, (local, 4100), (remote, 4444))
            .file(1, 0o010_600, 0, b"pipe:[41]")
            .file(-1, 0, 0, b"")
            .finish();
        assert_eq!(show(&mut tables, &exec, "proc.stdin.type"), "ipv4");
        assert_eq!(show(&mut tables, &exec, "proc.stdin.name"), "10.0.0.2:4100->203.0.113.5:4444");
        assert_eq!(show(&mut tables, &exec, "proc.stdout.type"), "pipe");
        assert_eq!(show(&mut tables, &exec, "proc.stderr.type"), "-");
    }

    #[test]
    fn files_and_pipes_have_their_names() {
        assert_eq!(check(Stdio::null()), Some(("file", "/dev/null".to_owned())));
        let (reader, _writer) = std::io::pipe().unwrap();
        assert_eq!(check(Stdio::from(reader)).unwrap().0, "pipe");
    }
}
