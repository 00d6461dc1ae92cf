//! The descriptors that a poll waits for.

use rule::source::FieldDoc;

/// Fields of several descriptors at once.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("fdlist.nums", "Numbers of the descriptors a poll waits for, joined by commas."),
    FieldDoc::text("fdlist.names", "Names of the descriptors a poll waits for, joined by commas."),
    FieldDoc::text(
        "fdlist.cips",
        "Client addresses of the sockets a poll waits for, joined by commas.",
    ),
    FieldDoc::text(
        "fdlist.sips",
        "Server addresses of the sockets a poll waits for, joined by commas.",
    ),
    FieldDoc::text(
        "fdlist.cports",
        "Client ports of the sockets a poll waits for, joined by commas.",
    ),
    FieldDoc::text(
        "fdlist.sports",
        "Server ports of the sockets a poll waits for, joined by commas.",
    ),
];
