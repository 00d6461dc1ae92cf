//! The process that made the system call, its parents, its session and its group.

use rule::source::{Argument, FieldDoc, Kind};

use super::LITERALS_ONLY;

/// Fields of the process.
pub const FIELDS: &[FieldDoc] = &[
    FieldDoc::text(
        "proc.exe",
        "What the process was told it is called: word zero of its command line. The caller \
         chooses it freely, so compare `proc.exepath` where it matters.",
    ),
    FieldDoc::text("proc.pexe", "`proc.exe` of the parent."),
    FieldDoc::text(
        "proc.aexe",
        "`proc.exe` of an ancestor: `[0]` the process itself, `[1]` its parent and so on. \
         Without a number a condition holds if any ancestor satisfies it.",
    )
    .takes(Argument::Index)
    .limited(LITERALS_ONLY),
    FieldDoc::text(
        "proc.exepath",
        "Full path of the program file that runs, symbolic links followed.",
    ),
    FieldDoc::text("proc.pexepath", "`proc.exepath` of the parent."),
    FieldDoc::text(
        "proc.aexepath",
        "`proc.exepath` of an ancestor, numbered as in `proc.aexe`; without a number any \
         ancestor will do.",
    )
    .takes(Argument::Index)
    .limited(LITERALS_ONLY),
    FieldDoc::text(
        "proc.name",
        "Name the kernel keeps for the process, cut to 15 bytes. Usually the file name of the \
         program, but a process may rename itself.",
    ),
    FieldDoc::text("proc.pname", "`proc.name` of the parent."),
    FieldDoc::text(
        "proc.aname",
        "`proc.name` of an ancestor, numbered as in `proc.aexe`; without a number any \
         ancestor will do.",
    )
    .takes(Argument::Index)
    .limited(LITERALS_ONLY),
    FieldDoc::text(
        "proc.args",
        "Arguments of the command line joined by spaces, word zero left out. `[0]` is the \
         first argument.",
    )
    .takes(Argument::Index),
    FieldDoc::text(
        "proc.aargs",
        "`proc.args` of an ancestor, numbered as in `proc.aexe`; without a number any \
         ancestor will do.",
    )
    .takes(Argument::Index),
    FieldDoc::text("proc.cmdline", "`proc.name` followed by the arguments."),
    FieldDoc::text("proc.pcmdline", "`proc.cmdline` of the parent."),
    FieldDoc::text(
        "proc.acmdline",
        "`proc.cmdline` of an ancestor, numbered as in `proc.aexe`; without a number any \
         ancestor will do.",
    )
    .takes(Argument::Index)
    .limited(LITERALS_ONLY),
    FieldDoc::new(
        "proc.cmdnargs",
        Kind::Uint,
        "How many arguments the command line has, word zero not counted.",
    ),
    FieldDoc::new(
        "proc.cmdlenargs",
        Kind::Uint,
        "Length of all arguments together, the spaces between them not counted.",
    ),
    FieldDoc::text("proc.exeline", "`proc.exe` followed by the arguments."),
    FieldDoc::text(
        "proc.env",
        "Environment of the process as one text; with a name in brackets the value of that \
         variable.",
    )
    .takes(Argument::Key),
    FieldDoc::text(
        "proc.aenv",
        "Environment of ancestors: with a number that of one ancestor, with a name the \
         variable's nearest value up the line, with neither any ancestor will do.",
    )
    .takes(Argument::Either)
    .limited(LITERALS_ONLY),
    FieldDoc::text("proc.cwd", "Working directory of the process."),
    FieldDoc::new(
        "proc.loginshellid",
        Kind::Int,
        "Process id of the oldest shell above the process. One log-in session shares it.",
    ),
    FieldDoc::new(
        "proc.tty",
        Kind::Uint,
        "Number of the controlling terminal, 0 without one. A terminal usually means a \
         person.",
    ),
    FieldDoc::new("proc.pid", Kind::Int, "Process id as the host sees it."),
    FieldDoc::new("proc.ppid", Kind::Int, "Process id of the parent as the host sees it."),
    FieldDoc::new(
        "proc.apid",
        Kind::Int,
        "Process id of an ancestor, numbered as in `proc.aexe`; without a number any ancestor \
         will do.",
    )
    .takes(Argument::Index)
    .limited(LITERALS_ONLY),
    FieldDoc::new(
        "proc.vpid",
        Kind::Int,
        "Process id as seen inside the process's own pid namespace.",
    ),
    FieldDoc::new(
        "proc.pvpid",
        Kind::Int,
        "Process id of the parent as seen inside its pid namespace.",
    ),
    FieldDoc::new("proc.sid", Kind::Int, "Session id of the process."),
    FieldDoc::text(
        "proc.sname",
        "`proc.name` of the session's leader, or of the oldest ancestor in the session when \
         the leader is gone.",
    ),
    FieldDoc::text(
        "proc.sid.exe",
        "`proc.exe` of the session's leader, or of the oldest ancestor in the session.",
    ),
    FieldDoc::text(
        "proc.sid.exepath",
        "`proc.exepath` of the session's leader, or of the oldest ancestor in the session.",
    ),
    FieldDoc::new("proc.vpgid", Kind::Int, "Process group id as seen inside the pid namespace."),
    FieldDoc::text(
        "proc.vpgid.name",
        "`proc.name` of the process group's leader inside the pid namespace, or of the oldest \
         ancestor in the group.",
    ),
    FieldDoc::text(
        "proc.vpgid.exe",
        "`proc.exe` of the process group's leader inside the pid namespace, or of the oldest \
         ancestor in the group.",
    ),
    FieldDoc::text(
        "proc.vpgid.exepath",
        "`proc.exepath` of the process group's leader inside the pid namespace, or of the \
         oldest ancestor in the group.",
    ),
    FieldDoc::new("proc.pgid", Kind::Int, "Process group id as the host sees it."),
    FieldDoc::text(
        "proc.pgid.name",
        "`proc.name` of the process group's leader as the host sees it, or of the oldest \
         ancestor in the group.",
    ),
    FieldDoc::text(
        "proc.pgid.exe",
        "`proc.exe` of the process group's leader as the host sees it, or of the oldest \
         ancestor in the group.",
    ),
    FieldDoc::text(
        "proc.pgid.exepath",
        "`proc.exepath` of the process group's leader as the host sees it, or of the oldest \
         ancestor in the group.",
    ),
    FieldDoc::new(
        "proc.duration",
        Kind::Duration,
        "How long the process had been running, in nanoseconds.",
    ),
    FieldDoc::new(
        "proc.ppid.duration",
        Kind::Duration,
        "How long the parent had been running, in nanoseconds.",
    ),
    FieldDoc::new(
        "proc.pid.ts",
        Kind::Duration,
        "When the process started, in nanoseconds since the epoch.",
    ),
    FieldDoc::new(
        "proc.ppid.ts",
        Kind::Duration,
        "When the parent started, in nanoseconds since the epoch.",
    ),
    FieldDoc::new(
        "proc.is_exe_writable",
        Kind::Bool,
        "Whether the user who runs the program may also change its file.",
    ),
    FieldDoc::new(
        "proc.is_exe_upper_layer",
        Kind::Bool,
        "Whether the program file lies in the writable layer of an overlay file system: it \
         was not in the container's image.",
    ),
    FieldDoc::new(
        "proc.is_exe_lower_layer",
        Kind::Bool,
        "Whether the program file lies in a read-only layer of an overlay file system: it \
         came with the image.",
    ),
    FieldDoc::new(
        "proc.is_exe_from_memfd",
        Kind::Bool,
        "Whether the program runs from memory only, without any file on disk.",
    ),
    FieldDoc::new("proc.is_sid_leader", Kind::Bool, "Whether the process leads its session."),
    FieldDoc::new(
        "proc.is_vpgid_leader",
        Kind::Bool,
        "Whether the process leads its group inside the pid namespace. Typed commands usually \
         do; those a script starts do not.",
    ),
    FieldDoc::new(
        "proc.is_pgid_leader",
        Kind::Bool,
        "Whether the process leads its group as the host sees it.",
    ),
    FieldDoc::new("proc.exe_ino", Kind::Int, "Inode number of the program file."),
    FieldDoc::new(
        "proc.exe_ino.ctime",
        Kind::Time,
        "When the program file's inode last changed (content, owner, mode, links).",
    ),
    FieldDoc::new(
        "proc.exe_ino.mtime",
        Kind::Time,
        "When the program file's content last changed.",
    ),
    FieldDoc::new(
        "proc.exe_ino.ctime_duration_proc_start",
        Kind::Time,
        "Time from the last change of the program file to the start of the process. Short: it \
         ran what was just written.",
    ),
    FieldDoc::new(
        "proc.exe_ino.ctime_duration_pidns_start",
        Kind::Time,
        "Time from the start of the pid namespace to the last change of the program file, \
         where the change came later.",
    ),
    FieldDoc::new(
        "proc.pidns_init_start_ts",
        Kind::Uint,
        "When the pid namespace started, which for a container is when it started.",
    ),
    FieldDoc::new("proc.fdopencount", Kind::Uint, "How many descriptors the process has open."),
    FieldDoc::new("proc.fdlimit", Kind::Int, "How many descriptors the process may have open."),
    FieldDoc::new("proc.fdusage", Kind::Float, "Open descriptors as a share of the limit."),
    FieldDoc::new("proc.vmsize", Kind::Uint, "Virtual memory of the process in KiB."),
    FieldDoc::new("proc.vmrss", Kind::Uint, "Resident memory of the process in KiB."),
    FieldDoc::new("proc.vmswap", Kind::Uint, "Memory of the process that is swapped out, in KiB."),
    FieldDoc::new(
        "proc.nthreads",
        Kind::Uint,
        "Living threads of the process, the main one counted.",
    ),
    FieldDoc::new(
        "proc.nchilds",
        Kind::Uint,
        "Living threads of the process, the main one not counted.",
    ),
    FieldDoc::text("proc.stdin.type", "Kind of descriptor behind standard input, as in `fd.type`."),
    FieldDoc::text(
        "proc.stdout.type",
        "Kind of descriptor behind standard output, as in `fd.type`.",
    ),
    FieldDoc::text(
        "proc.stderr.type",
        "Kind of descriptor behind standard error, as in `fd.type`.",
    ),
    FieldDoc::text("proc.stdin.name", "What standard input is connected to, as in `fd.name`."),
    FieldDoc::text("proc.stdout.name", "What standard output is connected to, as in `fd.name`."),
    FieldDoc::text("proc.stderr.name", "What standard error is connected to, as in `fd.name`."),
    FieldDoc::new(
        "proc.is_container_healthcheck",
        Kind::Bool,
        "Whether the container's health check started the process. Retired in Falco; false \
         where nothing tells.",
    ),
    FieldDoc::new(
        "proc.is_container_liveness_probe",
        Kind::Bool,
        "Whether a liveness probe started the process. Retired in Falco; false where nothing \
         tells.",
    ),
    FieldDoc::new(
        "proc.is_container_readiness_probe",
        Kind::Bool,
        "Whether a readiness probe started the process. Retired in Falco; false where nothing \
         tells.",
    ),
];
