//! The ladder: how the programs are attached to system calls, best step first.

use std::fmt;
use std::str::FromStr;

use crate::kernel::Kernel;

/// One way of attaching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// At the end of the kernel's function of each wanted call: other calls cost nothing, and
    /// 32-bit calls are seen.
    Fexit,
    /// At the tracepoint of each wanted call: every call takes the kernel's slow path, and 32-bit
    /// calls are not seen.
    Tracepoint,
    /// At the one tracepoint where all calls end: every call runs the program, 32-bit calls too.
    Btf,
}

/// Which steps may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The best one that the kernel allows.
    #[default]
    Auto,
    /// This one or none.
    Only(Step),
}

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The step.
    pub step: Step,
    /// The reason, for a person.
    pub reason: String,
}

/// What the sensor cannot see where it stands: its status says `degraded`. An alert is of what was
/// seen, so it is as good as elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blind {
    /// Calls made the 32-bit way.
    CompatCalls,
    /// Operations asked for through io_uring.
    IoUring,
    /// Who this program and those that ran before it are, by the numbers that the kernel tells.
    Processes,
}

impl Step {
    /// All steps, best first.
    pub const LADDER: [Self; 3] = [Self::Fexit, Self::Tracepoint, Self::Btf];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fexit => "fexit",
            Self::Tracepoint => "tracepoint",
            Self::Btf => "btf",
        }
    }

    /// Says why the step must not even be tried on this kernel.
    pub fn refused_by(self, kernel: &Kernel) -> Option<&'static str> {
        match self {
            Self::Fexit if !kernel.counted_trampolines => Some(
                "this kernel does not count the users of a trampoline \
                 (no __bpf_tramp_image_put_rcu): attaching or detaching may crash it",
            ),
            Self::Fexit if kernel.waits_for_ending_tasks && !kernel.host_pids => Some(
                "on this kernel detaching can hang in a pid namespace that ends \
                 (tasks_rcu_exit_srcu): run in the host's pid namespace (hostPID: true)",
            ),
            _ => None,
        }
    }
}

impl Choice {
    /// The steps to try, best first.
    pub fn steps(self) -> Vec<Step> {
        match self {
            Self::Auto => Step::LADDER.to_vec(),
            Self::Only(step) => vec![step],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "not on step {}: {}", self.step, self.reason)
    }
}

impl fmt::Display for Blind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::CompatCalls => "abi: calls made the 32-bit way (int 0x80) are not seen",
            Self::IoUring => "abi: operations through io_uring are not seen",
            Self::Processes => {
                "processes: this program is in a pid namespace of its own, where those that ran \
                 before it are unknown; start it in the machine's (in a pod: hostPID: true)"
            }
        })
    }
}

/// A name that is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no step `{0}`: there are auto, fexit, tracepoint and btf")]
pub struct NoStep(String);

impl FromStr for Choice {
    type Err = NoStep;

    fn from_str(name: &str) -> Result<Self, NoStep> {
        if name == "auto" {
            return Ok(Self::Auto);
        }
        let step = Step::LADDER.into_iter().find(|step| step.name() == name);
        step.map(Self::Only).ok_or_else(|| NoStep(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel() -> Kernel {
        Kernel {
            release: "6.1.0".into(),
            types: true,
            counted_trampolines: true,
            waits_for_ending_tasks: true,
            host_pids: true,
            compat_calls: true,
            io_uring: true,
        }
    }

    #[test]
    fn fexit_is_taken_only_where_it_can_be_left_again() {
        assert_eq!(Step::Fexit.refused_by(&kernel()), None);
        let in_pod = Kernel { host_pids: false, ..kernel() };
        assert!(Step::Fexit.refused_by(&in_pod).unwrap().contains("hostPID"));
        let newer = Kernel { waits_for_ending_tasks: false, ..in_pod.clone() };
        assert_eq!(Step::Fexit.refused_by(&newer), None);
        let uncounted = Kernel { counted_trampolines: false, ..kernel() };
        assert!(Step::Fexit.refused_by(&uncounted).unwrap().contains("crash"));
        assert_eq!(Step::Tracepoint.refused_by(&in_pod), None);
        assert_eq!(Step::Btf.refused_by(&uncounted), None);
    }

    #[test]
    fn a_step_is_chosen_by_name() {
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert_eq!("btf".parse(), Ok(Choice::Only(Step::Btf)));
        let error = "kprobe".parse::<Choice>().unwrap_err().to_string();
        assert_eq!(error, "no step `kprobe`: there are auto, fexit, tracepoint and btf");
    }
}
