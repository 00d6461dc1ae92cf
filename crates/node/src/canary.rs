//! Canaries: harmless acts, one for each family of rules, that show that what is there is seen.
//!
//! An act is done by this very program, started once more under the name that a rule looks for; it
//! ends at once, or first opens a file and writes nothing. What it raises opens no finding: it is
//! recognised as the child that was just started, and its alert goes into the canary's own entry.

mod act;
mod cgroup;
mod child;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use control::evidence::{Canary, Outcome};
use event::Time;
use finding::Alert;

use crate::minute::SOURCE;
use act::{ACTS, Act, Acting};

pub use child::act_if_asked;

/// How long between two acts of a round.
const PAUSE: Duration = Duration::from_millis(200);

/// Where canaries are planted from.
#[derive(Clone, Debug)]
pub struct Nest {
    /// This program.
    pub program: PathBuf,
    /// A folder of their own, which is emptied.
    pub folder: PathBuf,
    /// How often all are planted.
    pub every: Duration,
}

/// How a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It judges.
    Judges,
    /// It is there and somebody switched it off: what is planted for it will be missed.
    SwitchedOff,
    /// It is not there.
    Absent,
}

impl Nest {
    /// Returns the nest of this program, in a folder below `data`; nothing where neither is known.
    pub fn below(data: &Path) -> Option<Nest> {
        let program = std::env::current_exe().ok()?;
        // One act takes this folder as its root, so its name must hold from anywhere.
        let folder = data.canonicalize().ok()?.join("canaries");
        Some(Nest { program, folder, every: Canary::EVERY })
    }
}

/// The round of canaries under way, or the wait for the next.
#[derive(Debug)]
pub struct Canaries {
    nest: Nest,
    node: String,
    /// The numbers of processes here are those that records tell.
    host_pids: bool,
    /// Acts still to be done in this round.
    left: Vec<&'static Act>,
    next: Instant,
    planted: Option<Planted>,
    /// The child of the newest act: whatever it raises is no finding.
    child: Option<u32>,
}

#[derive(Debug)]
struct Planted {
    act: &'static Act,
    acting: Acting,
    standing: Standing,
    at: Instant,
    time: Time,
}

impl Canaries {
    /// Returns canaries that are planted soon.
    pub fn new(nest: Nest, node: &str) -> Canaries {
        Canaries {
            nest,
            node: node.to_owned(),
            host_pids: sensor::is_in_host_pids(),
            left: Vec::new(),
            next: Instant::now() + Canary::SETTLE,
            planted: None,
            child: None,
        }
    }

    /// Begins a round soon, because other rules judge.
    pub fn again(&mut self) {
        self.left.clear();
        self.next = Instant::now() + Canary::SETTLE;
    }

    /// Plants what is due, and tells what came of one. `rule` says how a rule stands.
    pub fn tend(&mut self, now: Time, rule: impl Fn(&str) -> Standing) -> Option<Canary> {
        if let Some(planted) = &mut self.planted {
            let outcome = planted.outcome()?;
            return self.end(outcome);
        }
        if Instant::now() < self.next {
            return None;
        }
        if self.left.is_empty() {
            self.left = ACTS.iter().rev().collect();
            act::prepare(&self.nest.folder);
        }
        let act = self.left.pop()?;
        let last = self.left.is_empty();
        self.next = Instant::now() + if last { self.nest.every } else { PAUSE };
        let standing = rule(act.rule);
        let refused = match standing {
            _ if act.rule.is_empty() => Some(act.why_not().to_owned()),
            Standing::Absent => Some(format!("no rule `{}` judges here", act.rule)),
            _ if !self.host_pids => Some(
                "this program is in a pid namespace of its own and cannot know its child".into(),
            ),
            _ if in_container() && act.on_node() => {
                Some("this program itself runs in a container".to_owned())
            }
            Standing::Judges | Standing::SwitchedOff => None,
        };
        if let Some(reason) = refused {
            return Some(self.told(act, now, Outcome::NotTested { reason }));
        }
        match act.plant(&self.nest.program, &self.nest.folder) {
            Ok(acting) => {
                self.child = Some(acting.pid());
                let at = Instant::now();
                self.planted = Some(Planted { act, acting, standing, at, time: now });
                None
            }
            Err(error) => {
                let reason = format!("nothing could be started: {error}");
                Some(self.told(act, now, Outcome::NotTested { reason }))
            }
        }
    }

    /// Takes the alerts of an event if a canary raised them, and tells if it is the one that was
    /// waited for. Gives back those that are nobody's canary.
    pub fn take(&mut self, pid: u32, alerts: Vec<Alert>) -> Result<Option<Canary>, Vec<Alert>> {
        if self.child != Some(pid) {
            return Err(alerts);
        }
        let Some(planted) = &self.planted else { return Ok(None) };
        let mut alerts = alerts.into_iter();
        let Some(alert) = alerts.find(|alert| &*alert.rule == planted.act.rule) else {
            return Ok(None);
        };
        let took_ms = u64::try_from(planted.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(self.end(Outcome::Seen { alert: Box::new(alert), took_ms }))
    }

    fn end(&mut self, outcome: Outcome) -> Option<Canary> {
        let planted = self.planted.take()?;
        Some(self.told(planted.act, planted.time, outcome))
    }

    fn told(&self, act: &Act, time: Time, outcome: Outcome) -> Canary {
        Canary {
            time,
            source: SOURCE.to_owned(),
            instance: self.node.clone(),
            family: act.family.to_owned(),
            rule: act.rule.to_owned(),
            rules: detect::family_rules(&format!("rules/{SOURCE}/{}.yaml", act.family)),
            outcome,
        }
    }
}

impl Planted {
    /// Returns what came of it without any alert; nothing while one may still come.
    fn outcome(&mut self) -> Option<Outcome> {
        if let Some(reason) = self.acting.ended().and_then(child::unable) {
            return Some(Outcome::NotTested { reason });
        }
        if self.at.elapsed() <= Canary::WAIT {
            return None;
        }
        let seconds = Canary::WAIT.as_secs();
        let reason = match self.standing {
            Standing::SwitchedOff => format!("no alert within {seconds} s: it is switched off"),
            _ => format!("no alert within {seconds} s"),
        };
        Some(Outcome::Missed { reason })
    }
}

/// Tells whether this program runs in a container, where rules for nodes do not see it.
fn in_container() -> bool {
    let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut paths = cgroups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths.any(|path| syscall::container::place(path.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_planted_where_a_child_has_another_number_than_records_tell() {
        let folder = tempfile::tempdir().expect("a folder");
        let nest = Nest::below(folder.path()).expect("a nest");
        let mut canaries = Canaries { host_pids: false, ..Canaries::new(nest, "node-1") };
        for act in ACTS.iter() {
            canaries.next = Instant::now();
            let told = canaries.tend(Time(0), |_| Standing::Judges).expect("an outcome at once");
            let Outcome::NotTested { reason } = told.outcome else {
                panic!("{}: {:?}", act.family, told.outcome)
            };
            assert!(act.rule.is_empty() || reason.contains("pid namespace of its own"), "{reason}");
        }
    }
}
