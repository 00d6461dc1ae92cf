//! Attaching the programs, step by step of the ladder, and taking them off again.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use aya::programs::fexit::FExitLink;
use aya::programs::tp_btf::BtfTracePointLink;
use aya::programs::trace_point::TracePointLink;
use aya::programs::{BtfTracePoint, FExit, ProgramError, ProgramFd, TracePoint};
use aya::{Btf, Ebpf};
use syscall::record::Operation;

use crate::number::{NUMBERS, SOCKET_CALLS};
use crate::plan::told_by_scheduler;
use crate::step::Step;
use crate::tracefs;

/// A hook that could not be attached. Its operation is not seen that way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Operation that it tells of.
    pub operation: Operation,
    /// Name of the kernel's function or tracepoint.
    pub hook: String,
    /// What the kernel said.
    pub reason: String,
}

/// Why a step of the ladder could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachError {
    #[error("the object has no program `{0}`")]
    NoProgram(&'static str),
    #[error("program `{name}` at `{hook}`: {}", told(source))]
    Program { name: &'static str, hook: String, source: ProgramError },
    #[error(
        "the kernel's tracepoints cannot be looked up ({0}): mount them (mount -t tracefs tracefs \
         /sys/kernel/tracing) and be root or hold CAP_DAC_READ_SEARCH, or hold CAP_SYS_ADMIN"
    )]
    NoTracefs(io::Error),
    #[error("none of the {0} wanted hooks could be attached; the first: {1}")]
    Nothing(usize, String),
}

/// What holds a program at its hook.
#[derive(Debug)]
enum Link {
    Fexit(#[expect(dead_code, reason = "dropping it detaches")] FExitLink),
    Btf(#[expect(dead_code, reason = "dropping it detaches")] BtfTracePointLink),
    Tracepoint(#[expect(dead_code, reason = "dropping it detaches")] TracePointLink),
}

/// Everything that is attached.
#[derive(Debug, Default)]
pub(crate) struct Attached {
    links: Vec<Link>,
    programs: Vec<ProgramFd>,
    pub(crate) missing: Vec<Missing>,
}

impl Attached {
    /// Attaches what tells of `wanted` on one step, and the scheduler's tracepoints.
    pub(crate) fn new(
        ebpf: &mut Ebpf,
        btf: &Btf,
        step: Step,
        wanted: &BTreeSet<Operation>,
    ) -> Result<Self, AttachError> {
        let mut attached = Self::default();
        attached.attach_calls(ebpf, btf, step, wanted)?;
        let first = |found: &Operation| told_by_scheduler(found.call());
        if wanted.iter().any(|found| matches!(found, Operation::Execve | Operation::Execveat)) {
            attached.attach_btf(ebpf, btf, "on_exec", "sched_process_exec")?;
        }
        if wanted.iter().filter(|found| first(found)).any(|found| !is_exec(*found)) {
            attached.attach_btf(ebpf, btf, "on_fork", "sched_process_fork")?;
        }
        if wanted.contains(&Operation::Procexit) {
            attached.attach_btf(ebpf, btf, "on_exit", "sched_process_exit")?;
        }
        Ok(attached)
    }

    fn attach_calls(
        &mut self,
        ebpf: &mut Ebpf,
        btf: &Btf,
        step: Step,
        wanted: &BTreeSet<Operation>,
    ) -> Result<(), AttachError> {
        let hooks = hooks(step, wanted);
        match step {
            Step::Btf if hooks.is_empty() => Ok(()),
            Step::Btf => self.attach_btf(ebpf, btf, "call_btf", "sys_exit"),
            Step::Tracepoint => tracefs::within(|| self.attach_tracepoints(ebpf, &hooks))
                .unwrap_or_else(|error| Err(AttachError::NoTracefs(error))),
            Step::Fexit => self.attach_fexit(ebpf, btf, &hooks),
        }
    }

    /// Attaches to requests through io_uring, where this kernel tells of them.
    pub(crate) fn attach_uring(&mut self, ebpf: &mut Ebpf, btf: &Btf) -> bool {
        // The tracepoint was renamed in 6.3; both tell the request first.
        ["io_uring_submit_req", "io_uring_submit_sqe"]
            .into_iter()
            .any(|hook| self.attach_btf(ebpf, btf, "on_uring", hook).is_ok())
    }

    fn attach_btf(
        &mut self,
        ebpf: &mut Ebpf,
        btf: &Btf,
        name: &'static str,
        hook: &str,
    ) -> Result<(), AttachError> {
        let wrong = |source| AttachError::Program { name, hook: hook.to_owned(), source };
        let program = ebpf.program_mut(name).ok_or(AttachError::NoProgram(name))?;
        let program: &mut BtfTracePoint = program.try_into().map_err(wrong)?;
        program.load(hook, btf).map_err(wrong)?;
        let link = program.attach().and_then(|id| program.take_link(id)).map_err(wrong)?;
        self.programs.extend(program.fd().and_then(|fd| Ok(fd.try_clone()?)));
        self.links.push(Link::Btf(link));
        Ok(())
    }

    fn attach_tracepoints(&mut self, ebpf: &mut Ebpf, hooks: &[Hook]) -> Result<(), AttachError> {
        const NAME: &str = "call_tracepoint";
        let wrong = |source| AttachError::Program { name: NAME, hook: "sys_exit".into(), source };
        let program = ebpf.program_mut(NAME).ok_or(AttachError::NoProgram(NAME))?;
        let program: &mut TracePoint = program.try_into().map_err(wrong)?;
        program.load().map_err(wrong)?;
        self.programs.extend(program.fd().and_then(|fd| Ok(fd.try_clone()?)));
        for hook in hooks {
            let link = program.attach("syscalls", &hook.name);
            match link.and_then(|id| program.take_link(id)) {
                Ok(link) => self.links.push(Link::Tracepoint(link)),
                Err(error) => self.missing.push(hook.missing(&error)),
            }
        }
        self.some_of(hooks)
    }

    fn attach_fexit(
        &mut self,
        ebpf: &mut Ebpf,
        btf: &Btf,
        hooks: &[Hook],
    ) -> Result<(), AttachError> {
        for hook in hooks {
            let name = if hook.is_compat() { "compat_call_fexit" } else { "call_fexit" };
            let wrong = |source| AttachError::Program { name, hook: hook.name.clone(), source };
            let program = ebpf.program_mut(name).ok_or(AttachError::NoProgram(name))?;
            let program: &mut FExit = program.try_into().map_err(wrong)?;
            // One program of the object becomes one of the kernel for each function.
            let link = program
                .load(&hook.name, btf)
                .and_then(|()| program.attach())
                .and_then(|id| program.take_link(id));
            match link {
                Ok(link) => self.links.push(Link::Fexit(link)),
                Err(error @ ProgramError::Btf(_)) => self.missing.push(hook.missing(&error)),
                Err(source) => return Err(wrong(source)),
            }
            if let Ok(fd) = program.fd().and_then(|fd| Ok(fd.try_clone()?)) {
                self.programs.push(fd);
                program.unload().map_err(wrong)?;
            }
        }
        self.some_of(hooks)
    }

    fn some_of(&mut self, hooks: &[Hook]) -> Result<(), AttachError> {
        match self.missing.first() {
            Some(first) if self.missing.len() == hooks.len() => {
                Err(AttachError::Nothing(hooks.len(), format!("{}: {}", first.hook, first.reason)))
            }
            _ => {
                // A 32-bit twin that this kernel lacks is nothing that could be called.
                self.missing.retain(|missing| !missing.hook.starts_with(COMPAT));
                Ok(())
            }
        }
    }

    /// Number of hooks that programs are attached to.
    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// Events that the kernel did not give to a program because it was running already.
    pub(crate) fn recursion_misses(&self) -> u64 {
        let misses = |fd: &ProgramFd| {
            let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
            let info = std::fs::read_to_string(path).ok()?;
            let line = info.lines().find_map(|line| line.strip_prefix("recursion_misses:"))?;
            line.trim().parse::<u64>().ok()
        };
        self.programs.iter().filter_map(misses).sum()
    }
}

fn is_exec(operation: Operation) -> bool {
    matches!(operation, Operation::Execve | Operation::Execveat)
}

/// A place in the kernel where calls of one operation end.
#[derive(Debug, PartialEq, Eq)]
struct Hook {
    operation: Operation,
    name: String,
}

/// How the kernel's entries for 32-bit calls begin.
const COMPAT: &str = "__ia32_";

impl Hook {
    fn is_compat(&self) -> bool {
        self.name.starts_with(COMPAT)
    }

    fn missing(&self, error: &ProgramError) -> Missing {
        let reason = told(error);
        Missing { operation: self.operation, hook: self.name.clone(), reason }
    }
}

/// Lines of the verifier's log that are told: its verdict stands at the end.
const LOG_LINES_MAX: usize = 24;

/// An error of the loader with its causes.
fn told(error: &ProgramError) -> String {
    if let ProgramError::LoadError { io_error, verifier_log } = error {
        let log = verifier_log.to_string();
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let end = &lines[lines.len().saturating_sub(LOG_LINES_MAX)..];
        let why = if end.is_empty() { String::new() } else { format!(": {}", end.join(" | ")) };
        return format!("the kernel refuses it: {io_error}{why}");
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

/// The hooks that wanted operations have on one step. A call that the scheduler tells of is
/// hooked only for its failures, and only an exec has ones that rules ask for.
fn hooks(step: Step, wanted: &BTreeSet<Operation>) -> Vec<Hook> {
    let mut seen = BTreeSet::new();
    // 32-bit programs may make socket calls one by one or through one call for all.
    let through = SOCKET_CALLS.iter().flatten().find(|operation| wanted.contains(operation));
    let through = through.filter(|_| step == Step::Fexit).map(|operation| Hook {
        operation: *operation,
        name: "__ia32_compat_sys_socketcall".to_owned(),
    });
    let rows = NUMBERS.iter().filter(|row| {
        let scheduler = told_by_scheduler(row.operation.call());
        wanted.contains(&row.operation) && (!scheduler || is_exec(row.operation))
    });
    rows.flat_map(|row| {
        let entry = row.entry;
        let native = row.x86_64.is_some();
        let names = match step {
            Step::Tracepoint | Step::Btf => vec![native.then(|| format!("sys_exit_{entry}"))],
            Step::Fexit => vec![
                native.then(|| format!("__x64_sys_{entry}")),
                row.ia32.map(|_| format!("__ia32_sys_{entry}")),
                row.ia32.map(|_| format!("__ia32_compat_sys_{entry}")),
            ],
        };
        let operation = row.operation;
        names.into_iter().flatten().map(move |name| Hook { operation, name })
    })
    .chain(through)
    .filter(|hook| seen.insert(hook.name.clone()))
    .collect()
}
