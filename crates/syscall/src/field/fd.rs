//! The descriptor that the call works on: file or socket.

use rule::source::{Argument, FieldDoc, Kind, Limit};

use super::{LITERALS_ONLY, SEVERAL};

/// Fields of the descriptor.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::new(
        "fd.num",
        Kind::Int,
        "Number of the descriptor the event works on, -1 where it got none.",
    ),
    FieldDoc::text(
        "fd.type",
        "Kind of descriptor: `file`, `directory`, `ipv4`, `ipv6`, `unix`, `pipe`, `event`, \
         `eventpoll`, `inotify`, `signalfd`, `memfd` and others.",
    ),
    FieldDoc::text(
        "fd.typechar",
        "`fd.type` as one character: `f` file, `d` directory, `4` and `6` sockets, `u` unix \
         socket, `p` pipe, `m` memfd and others.",
    ),
    FieldDoc::text("fd.name", "Path of a file, or both ends of a connection."),
    FieldDoc::text("fd.directory", "Directory of the file."),
    FieldDoc::text("fd.filename", "File name without directory."),
    FieldDoc::new(
        "fd.ip",
        Kind::Ip,
        "Address at either end of the connection; holds if one of the two matches.",
    )
    .limited(SEVERAL),
    FieldDoc::new("fd.cip", Kind::Ip, "Address of the client end."),
    FieldDoc::new("fd.sip", Kind::Ip, "Address of the server end."),
    FieldDoc::new("fd.lip", Kind::Ip, "Address of this machine's end."),
    FieldDoc::new("fd.rip", Kind::Ip, "Address of the other machine's end."),
    FieldDoc::new(
        "fd.port",
        Kind::Port,
        "Port at either end of the connection; holds if one of the two matches.",
    )
    .limited(SEVERAL),
    FieldDoc::new("fd.cport", Kind::Port, "Port of the client end."),
    FieldDoc::new("fd.sport", Kind::Port, "Port of the server end."),
    FieldDoc::new("fd.lport", Kind::Port, "Port of this machine's end."),
    FieldDoc::new("fd.rport", Kind::Port, "Port of the other machine's end."),
    FieldDoc::text("fd.l4proto", "Protocol of the socket: `tcp`, `udp`, `icmp` or `raw`."),
    FieldDoc::text("fd.sockfamily", "`ip` or `unix`."),
    FieldDoc::new("fd.is_server", Kind::Bool, "Whether this process is the server end."),
    FieldDoc::text("fd.uid", "Descriptor number and thread id as one text."),
    FieldDoc::text("fd.containername", "Container id and `fd.name` as one text."),
    FieldDoc::text("fd.containerdirectory", "Container id and `fd.directory` as one text."),
    FieldDoc::new(
        "fd.proto",
        Kind::Port,
        "Service of the port at either end; holds if one of the two matches.",
    )
    .limited(SEVERAL),
    FieldDoc::text("fd.cproto", "Service name of the client port."),
    FieldDoc::text("fd.sproto", "Service name of the server port."),
    FieldDoc::text("fd.lproto", "Service name of this machine's port."),
    FieldDoc::text("fd.rproto", "Service name of the other machine's port."),
    FieldDoc::new("fd.net", Kind::Net, "Network that the address at either end lies in.")
        .limited(SEVERAL),
    FieldDoc::new("fd.cnet", Kind::Net, "Network that the client's address lies in.")
        .limited(SEVERAL),
    FieldDoc::new("fd.snet", Kind::Net, "Network that the server's address lies in.")
        .limited(SEVERAL),
    FieldDoc::new("fd.lnet", Kind::Net, "Network that this machine's address lies in.")
        .limited(SEVERAL),
    FieldDoc::new("fd.rnet", Kind::Net, "Network that the other machine's address lies in.")
        .limited(SEVERAL),
    FieldDoc::new("fd.connected", Kind::Bool, "Whether the socket is connected."),
    FieldDoc::new(
        "fd.name_changed",
        Kind::Bool,
        "Whether the event gave the descriptor another name, as datagram sockets do when the \
         peer changes.",
    ),
    FieldDoc::text("fd.cip.name", "Domain name that stands for the client's address.")
        .limited(LITERALS_ONLY),
    FieldDoc::text("fd.sip.name", "Domain name that stands for the server's address.")
        .limited(LITERALS_ONLY),
    FieldDoc::text("fd.lip.name", "Domain name that stands for this machine's address.")
        .limited(LITERALS_ONLY),
    FieldDoc::text("fd.rip.name", "Domain name that stands for the other machine's address.")
        .limited(LITERALS_ONLY),
    FieldDoc::new("fd.dev", Kind::Int, "Number of the device that holds the file."),
    FieldDoc::new("fd.dev.major", Kind::Int, "Major number of the device that holds the file."),
    FieldDoc::new("fd.dev.minor", Kind::Int, "Minor number of the device that holds the file."),
    FieldDoc::new("fd.ino", Kind::Int, "Inode number of the file."),
    FieldDoc::text("fd.nameraw", "Path as the call named it, neither made absolute nor cleaned."),
    FieldDoc::text(
        "fd.types",
        "Kinds of the descriptors the event works on; with a number only that descriptor's.",
    )
    .list()
    .takes(Argument::Index)
    .limited(&[Limit::LiteralsOnly]),
    FieldDoc::new(
        "fd.is_upper_layer",
        Kind::Bool,
        "Whether the file lies in the writable layer of an overlay file system.",
    ),
    FieldDoc::new(
        "fd.is_lower_layer",
        Kind::Bool,
        "Whether the file lies in a read-only layer of an overlay file system.",
    ),
];
