//! Which capabilities watching takes, what each is for, and giving up all others.

use std::fmt;

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, set_capabilities,
    set_no_new_privs,
};
use sensor::{Choice, Step};

/// A capability, and what it is for.
struct Need {
    capability: CapabilitySet,
    name: &'static str,
    purpose: &'static str,
    /// Steps that take it.
    steps: &'static [Step],
}

const NEEDS: [Need; 4] = [
    Need {
        capability: CapabilitySet::BPF,
        name: "CAP_BPF",
        purpose: "to load the kernel programs and read their maps",
        steps: &Step::LADDER,
    },
    Need {
        capability: CapabilitySet::PERFMON,
        name: "CAP_PERFMON",
        purpose: "to attach them, whatever kernel.perf_event_paranoid says",
        steps: &Step::LADDER,
    },
    Need {
        capability: CapabilitySet::SYS_PTRACE,
        name: "CAP_SYS_PTRACE",
        purpose: "to read what /proc says of the processes of others",
        steps: &Step::LADDER,
    },
    Need {
        capability: CapabilitySet::DAC_READ_SEARCH,
        name: "CAP_DAC_READ_SEARCH",
        purpose: "to read the numbers of tracepoints in tracefs, and what runtimes keep of \
                  containers",
        steps: &Step::LADDER,
    },
];

/// What was kept.
#[derive(Debug)]
pub struct Kept {
    held: CapabilitySet,
}

/// Gives up every capability that watching does not take, for good: for this thread and for those
/// that it starts.
pub fn keep(choice: Choice) -> io::Result<Kept> {
    let wanted = needs(choice).fold(CapabilitySet::empty(), |all, need| all | need.capability);
    let held = capabilities(None)?.permitted & wanted;
    // Some kernels have no ambient set; then nothing is in it.
    let _ = clear_ambient_capability_set();
    let inheritable = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: held, permitted: held, inheritable })?;
    set_no_new_privs(true)?;
    Ok(Kept { held })
}

/// Says what to do when the watch does not start.
pub fn advice(choice: Choice) -> String {
    let names: Vec<&str> = needs(choice).map(|need| need.name).collect();
    format!("it takes root, or {}", names.join(", "))
}

fn needs(choice: Choice) -> impl Iterator<Item = &'static Need> {
    NEEDS.iter().filter(move |need| match choice {
        Choice::Auto => true,
        Choice::Only(step) => need.steps.contains(&step),
    })
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("capabilities:")?;
        for need in &NEEDS {
            let word = if self.held.contains(need.capability) { "kept" } else { "missing" };
            write!(f, "\n  {} {word}, {}", need.name, need.purpose)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The service that systemd is told of.
    const UNIT: &str = include_str!("../../../../../deploy/systemd/sockeye-agent.service");

    #[test]
    fn the_service_gives_what_watching_takes_and_nothing_else() {
        let given = |name: &str| UNIT.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let needs = NEEDS.map(|need| need.name).join(" ");
        assert_eq!(given("CapabilityBoundingSet="), needs);
        assert_eq!(given("AmbientCapabilities="), needs);
    }

    #[test]
    fn systemd_understands_every_line_of_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sockeye-agent.service");
        let here = std::env::current_exe().unwrap();
        std::fs::write(&path, UNIT.replace("/usr/bin/sockeye", here.to_str().unwrap())).unwrap();
        let mut verify = std::process::Command::new("systemd-analyze");
        let output = match verify.arg("verify").arg(&path).output() {
            Ok(output) => output,
            // A machine without systemd has nothing to tell.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => panic!("{error}"),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }

    #[test]
    fn a_thread_keeps_what_watching_takes_and_nothing_else() {
        // Capabilities belong to a thread, so the others of this test run keep theirs.
        let kept = std::thread::spawn(|| {
            let before = capabilities(None).unwrap().permitted;
            let kept = keep(Choice::Auto).unwrap();
            let after = capabilities(None).unwrap();
            assert_eq!((after.permitted, after.effective), (kept.held, kept.held));
            assert_eq!(after.inheritable, CapabilitySet::empty());
            assert!(before.contains(kept.held));
            assert!(!after.permitted.contains(CapabilitySet::SYS_ADMIN));
            kept.to_string()
        });
        let told = kept.join().unwrap();
        assert_eq!(told.lines().count(), 1 + NEEDS.len(), "{told}");
        assert!(told.contains("CAP_BPF") && told.contains(", to load"), "{told}");
    }
}
