//! The thread that made the system call.

use rule::source::{Argument, FieldDoc, Kind};

/// Fields of the thread.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text("thread.cap_permitted", "Capabilities the thread may take up."),
    FieldDoc::text("thread.cap_inheritable", "Capabilities the thread may hand on over an exec."),
    FieldDoc::text("thread.cap_effective", "Capabilities in force for the thread."),
    FieldDoc::new(
        "thread.pfmajor",
        Kind::Uint,
        "Page faults since the thread's start that needed a disk.",
    ),
    FieldDoc::new(
        "thread.pfminor",
        Kind::Uint,
        "Page faults since the thread's start that needed no disk.",
    ),
    FieldDoc::new("thread.tid", Kind::Int, "Thread id as the host sees it."),
    FieldDoc::new(
        "thread.ismain",
        Kind::Bool,
        "Whether the thread is the main one of its process.",
    ),
    FieldDoc::new("thread.vtid", Kind::Int, "Thread id as seen inside the pid namespace."),
    FieldDoc::new(
        "thread.exectime",
        Kind::Duration,
        "Processor time of the turn that just ended; scheduler switches only.",
    ),
    FieldDoc::new(
        "thread.totexectime",
        Kind::Duration,
        "Processor time since the recording began; scheduler switches only.",
    ),
    FieldDoc::text("thread.cgroups", "All control groups of the thread as one text."),
    FieldDoc::text(
        "thread.cgroup",
        "Control group of the thread for one subsystem, named in the argument.",
    )
    .takes(Argument::KeyRequired),
    FieldDoc::new("thread.cpu", Kind::Float, "Processor use of the thread over the last second."),
    FieldDoc::new(
        "thread.cpu.user",
        Kind::Float,
        "Processor use of the thread over the last second, in user mode.",
    ),
    FieldDoc::new(
        "thread.cpu.system",
        Kind::Float,
        "Processor use of the thread over the last second, in the kernel.",
    ),
    FieldDoc::new(
        "thread.vmsize",
        Kind::Uint,
        "Virtual memory of the process in KiB on its main thread, 0 on the others.",
    ),
    FieldDoc::new(
        "thread.vmrss",
        Kind::Uint,
        "Resident memory of the process in KiB on its main thread, 0 on the others.",
    ),
];
