//! Fields that Falco no longer lists but still accepts, so that old rule files load.

use rule::source::{FieldDoc, Kind};

/// Fields that nothing new should use.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::new(
        "evt.latency",
        Kind::Duration,
        "Time from a call's start to its return. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.latency.s",
        Kind::Duration,
        "Whole seconds of `evt.latency`. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.latency.ns",
        Kind::Duration,
        "Nanoseconds of `evt.latency` beyond the whole seconds. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.latency.quantized",
        Kind::Uint,
        "Decimal logarithm of `evt.latency`. Retired in Falco.",
    ),
    FieldDoc::text("evt.latency.human", "`evt.latency` as people write it. Retired in Falco."),
    FieldDoc::text(
        "evt.dir",
        "`>` for the start of a call, `<` for its return. Retired in Falco: only returns are \
         recorded now.",
    ),
    FieldDoc::new(
        "evt.wait_latency",
        Kind::Duration,
        "How long a waiting call waited. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.count.procinfo",
        Kind::Uint,
        "1 for process samples of main threads. Retired in Falco.",
    ),
    FieldDoc::new("evt.count.threadinfo", Kind::Uint, "1 for process samples. Retired in Falco."),
    FieldDoc::new("evt.buflen.in", Kind::Uint, "`evt.buflen` of reads. Retired in Falco."),
    FieldDoc::new("evt.buflen.out", Kind::Uint, "`evt.buflen` of writes. Retired in Falco."),
    FieldDoc::new("evt.buflen.file", Kind::Uint, "`evt.buflen` of files. Retired in Falco."),
    FieldDoc::new(
        "evt.buflen.file.in",
        Kind::Uint,
        "`evt.buflen` of reads from files. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.buflen.file.out",
        Kind::Uint,
        "`evt.buflen` of writes to files. Retired in Falco.",
    ),
    FieldDoc::new("evt.buflen.net", Kind::Uint, "`evt.buflen` of sockets. Retired in Falco."),
    FieldDoc::new(
        "evt.buflen.net.in",
        Kind::Uint,
        "`evt.buflen` of reads from sockets. Retired in Falco.",
    ),
    FieldDoc::new(
        "evt.buflen.net.out",
        Kind::Uint,
        "`evt.buflen` of writes to sockets. Retired in Falco.",
    ),
    FieldDoc::text("evt.infra.docker.name", "Name of a Docker daemon event. Retired in Falco."),
    FieldDoc::text(
        "evt.infra.docker.container.id",
        "Container that a Docker daemon event is about. Retired in Falco.",
    ),
    FieldDoc::text(
        "evt.infra.docker.container.name",
        "Name of the container that a Docker daemon event is about. Retired in Falco.",
    ),
    FieldDoc::text(
        "evt.infra.docker.container.image",
        "Image of the container that a Docker daemon event is about. Retired in Falco.",
    ),
    FieldDoc::text("thread.nametid", "Name and id of the thread as one text. Retired in Falco."),
    FieldDoc::new(
        "thread.vmsize.b",
        Kind::Uint,
        "Virtual memory in bytes on the main thread, 0 on the others. Retired in Falco.",
    ),
    FieldDoc::new(
        "thread.vmrss.b",
        Kind::Uint,
        "Resident memory in bytes on the main thread, 0 on the others. Retired in Falco.",
    ),
    FieldDoc::new(
        "util.cnt",
        Kind::Uint,
        "Counter that grows with each time it is read. Retired in Falco.",
    ),
];
