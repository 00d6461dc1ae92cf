//! `fd.*`: the file or socket that a call works on. The kernel tells which it is; a file's name is
//! the one that the call gave it, made absolute, where the call gave one.

use std::borrow::Cow;

use rule::source::FieldError;

use super::link::{Link, link};
use super::show::Show;
use crate::arg::{self, Uses};
use crate::event::Event;
use crate::name::{directory, last, lexical};
use crate::record::{File, Operation, Socket, What};
use crate::table::{Domains, Peer, Role};

/// What is asked of the descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Number,
    Kind,
    KindLetter,
    Name,
    RawName,
    Path,
    Directory,
    FileName,
    Address(End),
    Port(End),
    Service(End),
    Domain(End),
    Protocol,
    Family,
    IsServer,
    Uid,
    ContainerName,
    ContainerDirectory,
    Connected,
    NameChanged,
    Device,
    Major,
    Minor,
    Inode,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum End {
    Either,
    Client,
    Server,
    Local,
    Remote,
}

/// Reads a field's name and argument; nothing where it is never there.
pub fn resolve(name: &str, _argument: Option<&str>) -> Result<Option<Field>, FieldError> {
    Ok(Some(match name {
        "fd.num" => Field::Number,
        "fd.type" => Field::Kind,
        "fd.typechar" => Field::KindLetter,
        "fd.name" => Field::Name,
        "fd.nameraw" => Field::RawName,
        "fd.path" => Field::Path,
        "fd.directory" => Field::Directory,
        "fd.filename" => Field::FileName,
        "fd.ip" | "fd.net" => Field::Address(End::Either),
        "fd.cip" | "fd.cnet" => Field::Address(End::Client),
        "fd.sip" | "fd.snet" => Field::Address(End::Server),
        "fd.lip" | "fd.lnet" => Field::Address(End::Local),
        "fd.rip" | "fd.rnet" => Field::Address(End::Remote),
        "fd.port" | "fd.proto" => Field::Port(End::Either),
        "fd.cport" => Field::Port(End::Client),
        "fd.sport" => Field::Port(End::Server),
        "fd.lport" => Field::Port(End::Local),
        "fd.rport" => Field::Port(End::Remote),
        "fd.cproto" => Field::Service(End::Client),
        "fd.sproto" => Field::Service(End::Server),
        "fd.lproto" => Field::Service(End::Local),
        "fd.rproto" => Field::Service(End::Remote),
        "fd.cip.name" => Field::Domain(End::Client),
        "fd.sip.name" => Field::Domain(End::Server),
        "fd.lip.name" => Field::Domain(End::Local),
        "fd.rip.name" => Field::Domain(End::Remote),
        "fd.l4proto" => Field::Protocol,
        "fd.sockfamily" => Field::Family,
        "fd.is_server" => Field::IsServer,
        "fd.uid" => Field::Uid,
        "fd.containername" => Field::ContainerName,
        "fd.containerdirectory" => Field::ContainerDirectory,
        "fd.connected" => Field::Connected,
        "fd.name_changed" => Field::NameChanged,
        "fd.dev" => Field::Device,
        "fd.dev.major" => Field::Major,
        "fd.dev.minor" => Field::Minor,
        "fd.ino" => Field::Inode,
        _ => return Ok(None),
    }))
}

/// A descriptor, as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor<'e> {
    number: Option<i64>,
    /// Nothing where it is not known.
    kind: Option<Kind>,
    name: Cow<'e, [u8]>,
    raw_name: Cow<'e, [u8]>,
    /// The kernel's own path.
    path: &'e [u8],
    place: Option<(u32, u64)>,
    link: Option<Link>,
}

/// Kinds of descriptors, with their names and letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind(&'static str, u8);

const FILE: Kind = Kind("file", b'f');
const FOLDER: Kind = Kind("directory", b'd');
const IPV4: Kind = Kind("ipv4", b'4');
const IPV6: Kind = Kind("ipv6", b'6');
const UNIX: Kind = Kind("unix", b'u');

impl Descriptor<'_> {
    /// Returns its kind and its name.
    pub fn kind_and_name(&self) -> Option<(&'static str, &[u8])> {
        self.kind.map(|kind| (kind.0, &*self.name))
    }

    /// Returns the letter of its kind, and its name.
    pub fn letter_and_name(&self) -> Option<(u8, &[u8])> {
        self.kind.map(|kind| (kind.1, &*self.name))
    }
}

/// Finds the descriptor that an event is about.
pub fn descriptor<'e>(event: &Event<'e>) -> Option<Descriptor<'e>> {
    let record = &event.record;
    let uses = arg::row(record.operation).uses;
    let result = event.result();
    let made = (result >= 0).then_some(result).or(Some(-1));
    match uses {
        Uses::Nothing => return None,
        // It names a folder, which the record gives as a path.
        Uses::Folder => return Some(named(None, None, Cow::Borrowed(b""))),
        Uses::Open => return Some(opened(event, made)),
        Uses::Descriptor => {}
    }
    let Some(file) = record.file() else {
        let number = event.number("fd").map(|number| number as i32 as i64).or(made);
        return Some(without_file(event, number));
    };
    Some(of_file(event, &file))
}

/// Tells what a descriptor leads to.
pub fn of_file<'e>(event: &Event<'e>, file: &File<'e>) -> Descriptor<'e> {
    let number = Some(i64::from(file.fd));
    match file.socket {
        Some(socket) => of_socket(event, number, file, &socket),
        None if !file.is_open() => named(number, None, Cow::Borrowed(b"")),
        None => {
            let mut found = named(number, kind(file), Cow::Borrowed(file.path));
            (found.path, found.place) = (file.path, Some((file.device, file.inode)));
            found
        }
    }
}

fn named<'e>(number: Option<i64>, kind: Option<Kind>, name: Cow<'e, [u8]>) -> Descriptor<'e> {
    let raw_name = name.clone();
    Descriptor { number, kind, name, raw_name, path: b"", place: None, link: None }
}

/// A file that is opened by name, or should have been.
fn opened<'e>(event: &Event<'e>, number: Option<i64>) -> Descriptor<'e> {
    const O_DIRECTORY: u64 = 0o200_000;
    let folder = event.number("flags").is_some_and(|flags| flags & O_DIRECTORY != 0);
    let kind = Some(if folder { FOLDER } else { FILE });
    let mut found = match event.param("name") {
        Some(What::Path(path, base)) => Descriptor {
            name: Cow::Owned(lexical(base, path)),
            ..named(number, kind, Cow::Borrowed(path))
        },
        _ => named(number, kind, Cow::Borrowed(b"")),
    };
    if let Some(What::File(file)) = event.param("file").filter(|_| event.result() >= 0) {
        (found.path, found.place) = (file.path, Some((file.device, file.inode)));
        if found.name.is_empty() {
            found.name = Cow::Borrowed(file.path);
        }
    }
    found
}

/// A descriptor of which only the number is told, or whose kind follows from the call.
fn without_file<'e>(event: &Event<'e>, number: Option<i64>) -> Descriptor<'e> {
    let kind = match event.record.operation {
        Operation::Socket => event.number("domain").and_then(family),
        Operation::MemfdCreate => Some(Kind("memfd", b'm')),
        Operation::Userfaultfd => Some(Kind("userfaultfd", b'u')),
        Operation::IoUringSetup => Some(Kind("io_uring", b'r')),
        Operation::PidfdOpen => Some(Kind("pidfd", b'P')),
        _ => None,
    };
    let name = match event.param("name") {
        Some(What::Text(name)) => Cow::Borrowed(name),
        _ => Cow::Borrowed(&b""[..]),
    };
    named(number, kind, name)
}

fn family(domain: u64) -> Option<Kind> {
    Some(match domain {
        1 => UNIX,
        2 => IPV4,
        10 => IPV6,
        16 => Kind("netlink", b'n'),
        _ => return None,
    })
}

/// Files without a name by which their kind is known.
const MARKS: [(&[u8], Kind); 9] = [
    (b"anon_inode:[eventpoll]", Kind("eventpoll", b'l')),
    (b"anon_inode:[eventfd]", Kind("event", b'e')),
    (b"anon_inode:inotify", Kind("inotify", b'i')),
    (b"anon_inode:[signalfd]", Kind("signalfd", b's')),
    (b"anon_inode:[timerfd]", Kind("timerfd", b't')),
    (b"anon_inode:[io_uring]", Kind("io_uring", b'r')),
    (b"anon_inode:[userfaultfd]", Kind("userfaultfd", b'u')),
    (b"anon_inode:[pidfd]", Kind("pidfd", b'P')),
    (b"anon_inode:bpf", Kind("bpf", b'b')),
];
const MEMORY: &[u8] = b"memfd:";

/// A mode and a path of each kind of file that is no socket, and of none.
pub const FILES: [(u32, &[u8]); 17] = [
    (0, b""),
    (0o100_000, b""),
    (0o100_644, b"/file"),
    (0o100_644, MEMORY),
    (0o040_755, b"/"),
    (0o010_600, b"pipe:"),
    (0o020_600, b"/dev/null"),
    (0o060_600, b"/dev/sda"),
    (0o600, MARKS[0].0),
    (0o600, MARKS[1].0),
    (0o600, MARKS[2].0),
    (0o600, MARKS[3].0),
    (0o600, MARKS[4].0),
    (0o600, MARKS[5].0),
    (0o600, MARKS[6].0),
    (0o600, MARKS[7].0),
    (0o600, MARKS[8].0),
];

fn kind(file: &File<'_>) -> Option<Kind> {
    if let Some((_, kind)) = MARKS.iter().find(|(mark, _)| file.path.starts_with(mark)) {
        return Some(*kind);
    }
    Some(match file.mode & 0o170_000 {
        0o040_000 => FOLDER,
        0o010_000 => Kind("pipe", b'p'),
        0o100_000 if file.path.starts_with(MEMORY) => Kind("memfd", b'm'),
        0o100_000 | 0o020_000 | 0o060_000 => FILE,
        _ => return None,
    })
}

fn of_socket<'e>(
    event: &Event<'e>,
    number: Option<i64>,
    file: &File<'e>,
    socket: &Socket<'e>,
) -> Descriptor<'e> {
    let kind = family(socket.family.into());
    let mut found = match link(&event.record, event.tables, file, socket) {
        Some(link) => {
            let kind = if link.local.0.is_ipv4() { IPV4 } else { IPV6 };
            let name = Cow::Owned(link.name().into_bytes());
            Descriptor { link: Some(link), ..named(number, Some(kind), name) }
        }
        None => {
            let asked = match event.param("address") {
                Some(What::Address([1, 0, path @ ..])) => unix_name(path),
                _ => &[],
            };
            let path = if asked.is_empty() { socket.path } else { asked };
            named(number, kind, Cow::Borrowed(path))
        }
    };
    found.place = Some((file.device, file.inode));
    found
}

/// The path ends at its first zero byte, unless it begins with one.
pub fn unix_name(path: &[u8]) -> &[u8] {
    match path.iter().position(|byte| *byte == 0) {
        Some(end) if end > 0 => &path[..end],
        _ => path,
    }
}

/// Shows a field.
pub fn read(event: &mut Event<'_>, field: Field, show: &mut Show<'_>) {
    let process = event.process;
    let container = || {
        let place = process.and_then(|process| process.cgroup.place.as_ref());
        place.map_or(&b""[..], |place| place.id.get(..12).unwrap_or(&place.id).as_bytes())
    };
    let (tid, domains) = (event.record.tid(), event.tables.domains());
    let Some(found) = event.descriptor() else { return };
    let is_file = found.kind == Some(FILE);
    let is_named = is_file || found.kind == Some(FOLDER);
    let folder = || if is_file { directory(&found.name) } else { &found.name };
    match field {
        Field::Number => {
            if let Some(number) = found.number {
                show.int(number);
            }
        }
        Field::Kind => show.some_text(found.kind.map(|kind| kind.0)),
        Field::KindLetter => show.some_text(found.kind.map(|kind| [kind.1])),
        Field::Name => show.text(&found.name),
        Field::RawName => show.text(single_slashes(&found.raw_name)),
        Field::Path if !found.path.is_empty() => show.text(found.path),
        Field::Directory if is_named => show.text(folder()),
        Field::FileName if is_file => show.text(last(&found.name)),
        Field::ContainerName => {
            show.text([container(), b":", &found.name].concat());
        }
        Field::ContainerDirectory if is_named => {
            show.text([container(), b":", folder()].concat());
        }
        Field::Uid => {
            let number = found.number.unwrap_or(-1);
            show.text(format!("{tid}{number}"));
        }
        Field::Device | Field::Major | Field::Minor | Field::Inode => place(found, field, show),
        Field::Family => match found.kind {
            Some(IPV4 | IPV6) => show.text("ip"),
            Some(UNIX) => show.text("unix"),
            _ => {}
        },
        _ => of_link(found, field, domains, show),
    }
}

fn place(found: &Descriptor<'_>, field: Field, show: &mut Show<'_>) {
    let Some((device, inode)) = found.place else { return };
    // The kernel keeps the minor number in the lower 20 bits.
    let (major, minor) = (device >> 20, device & 0xf_ffff);
    show.int(match field {
        Field::Major => major.into(),
        Field::Minor => minor.into(),
        Field::Inode => inode as i64,
        _ => ((minor & 0xff) | major << 8 | (minor & !0xff) << 12).into(),
    });
}

fn of_link(found: &Descriptor<'_>, field: Field, domains: &Domains, show: &mut Show<'_>) {
    let Some(link) = &found.link else {
        match field {
            Field::IsServer | Field::Connected | Field::NameChanged if found.kind.is_some() => {
                show.bool(false);
            }
            Field::Protocol if found.kind.is_some() => show.text("<NA>"),
            _ => {}
        }
        return;
    };
    match field {
        Field::Address(End::Either) => {
            for (address, _) in ends(link) {
                show.ip(address);
            }
        }
        Field::Port(End::Either) => {
            for (_, port) in ends(link) {
                show.uint(port.into());
            }
        }
        Field::Address(end) => {
            if let Some((address, _)) = link.end(end) {
                show.ip(address);
            }
        }
        Field::Port(end) => {
            if let Some((_, port)) = link.end(end) {
                show.uint(port.into());
            }
        }
        Field::Service(end) => {
            if let Some((_, port)) = link.end(end) {
                show.text(port.to_string());
            }
        }
        Field::Domain(end) => {
            if let Some((address, _)) = link.end(end) {
                domains.names(address).iter().for_each(|name| show.text(&**name));
            }
        }
        Field::Protocol => show.text(link.protocol),
        Field::IsServer => show.bool(link.remote.is_none() || link.role == Some(Role::Server)),
        Field::Connected => show.bool(link.connected),
        Field::NameChanged => show.bool(link.changed),
        _ => {}
    }
}

fn ends(link: &Link) -> impl Iterator<Item = Peer> {
    [Some(link.local), link.remote].into_iter().flatten()
}

fn single_slashes(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.windows(2).any(|two| two == b"//") {
        return Cow::Borrowed(path);
    }
    let mut name = path.to_vec();
    name.dedup_by(|next, before| *next == b'/' && *before == b'/');
    Cow::Owned(name)
}
