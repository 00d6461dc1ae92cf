//! A sensor with rules, and what it tells of one container.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use detect::{Detector, Live, Matching};
use event::Time;
use finding::Alert;
use rule::RuleFile;
use rustix::time::{ClockId, clock_gettime};
use sensor::{Blind, Choice, Options, POLL, RING_LEN_DEFAULT, Sensor};
use serde_json::Value;
use syscall::record::{Operation, Record};
use syscall::selection::Selection;
use syscall::{Environment, Home, Tables};

use crate::container::Box as Container;

/// One sensor at a time.
static ALONE: Mutex<()> = Mutex::new(());
/// Longest time until what a program did is told of.
const WAIT: Duration = Duration::from_secs(60);

/// Says why a test is passed over.
pub fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// A sensor that judges.
pub struct Watch {
    sensor: Sensor,
    live: Live,
    _alone: MutexGuard<'static, ()>,
}

/// Whether the programs drop what no rule can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushDown {
    On,
    Off,
}

/// Alerts of one container, as JSON.
pub struct Seen(Vec<Value>);

impl Watch {
    /// Starts with rules on one step of the ladder, or says why it cannot.
    pub fn start(rules: &str, step: Choice) -> Option<Watch> {
        Self::start_with(&[rules.to_owned()], step, PushDown::On)
    }

    /// Starts with the rules of several files.
    pub fn start_with(texts: &[String], step: Choice, push_down: PushDown) -> Option<Watch> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        if !rustix::process::geteuid().is_root() {
            skip("the sensor needs root");
            return None;
        }
        let files: Vec<RuleFile> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| RuleFile::new(format!("{number}.yaml"), text.as_bytes()))
            .collect();
        let (rules, told) = rule::load(&files, source::sources());
        assert!(told.iter().all(|one| !one.is_error()), "{told:?}");
        let (detector, told) = Detector::new(&rules, |_| Arc::from([]));
        assert!(told.is_empty(), "{told:?}");
        let options = Options {
            step,
            operations: detector.wanted().operations.clone(),
            environment: detector.wanted().environment == Environment::Kept,
            selection: match push_down {
                PushDown::On => detector.wanted().selection.clone(),
                PushDown::Off => Selection::default(),
            },
            // A machine that builds beside the tests may send more than is read at once.
            ring_len: 8 * RING_LEN_DEFAULT,
        };
        let sensor = match Sensor::start(&options) {
            Ok(sensor) => sensor,
            Err(error) => {
                skip(&error.to_string());
                return None;
            }
        };
        let of = |clock| {
            let time = clock_gettime(clock);
            time.tv_sec * Time::SECOND + time.tv_nsec
        };
        let epoch = Time(of(ClockId::Realtime) - of(ClockId::Boottime));
        let mut tables = Tables::new(Home::default(), epoch, detector.wanted().environment);
        tables.scan();
        let live = Live::new(detector, tables, Matching::All, "node".to_owned());
        Some(Watch { sensor, live, _alone: alone })
    }

    /// Runs a program in a container while its records are read, as they are in life; returns the
    /// container's alerts.
    pub fn seen_in(&mut self, container: &Container, args: &[&str]) -> Seen {
        let mut alerts = Vec::new();
        let mut runc = container.start(args);
        let status = loop {
            self.read(&mut alerts, |_| ());
            if let Some(status) = runc.try_wait().expect("runc can be waited for") {
                break status;
            }
        };
        assert!(status.success(), "runc: {status}");
        self.catch_up(&mut alerts);
        let of_container =
            |alert: &Alert| alert.subject.container.as_deref() == Some(container.id());
        let alerts = alerts.iter().filter(|alert| of_container(alert));
        Seen(alerts.map(|alert| serde_json::to_value(alert).unwrap()).collect())
    }

    /// Runs a program on the node, and returns what alerts say from `mark` on, where they say it.
    pub fn seen_of(&mut self, program: &mut Command, mark: &str) -> Vec<String> {
        let mut alerts = Vec::new();
        let mut child = program.spawn().expect("the program runs");
        while child.try_wait().expect("it can be waited for").is_none() {
            self.read(&mut alerts, |_| ());
        }
        self.catch_up(&mut alerts);
        let marked =
            |alert: &Alert| alert.output.find(mark).map(|at| alert.output[at..].to_owned());
        alerts.iter().filter_map(marked).collect()
    }

    /// Says that no cgroup known so far is a container's, without waiting until that is sure.
    pub fn settle(&mut self) {
        let hosts = self.live.tables_mut().hosts(u64::MAX);
        assert!(!hosts.is_empty());
        hosts.into_iter().for_each(|cgroup| self.sensor.set_host(cgroup));
    }

    /// Returns how many events the programs dropped.
    pub fn dropped(&self) -> u64 {
        self.sensor.tallies().unwrap().iter().map(|(_, tally)| tally.filtered).sum()
    }

    /// Returns what cannot be seen from where the sensor stands.
    pub fn blind(&self) -> &[Blind] {
        &self.sensor.standing().blind
    }

    /// Reads until what happened before this call was told of.
    fn catch_up(&mut self, alerts: &mut Vec<Alert>) {
        let mut mark = Command::new("/bin/true").spawn().expect("true runs");
        let pid = mark.id();
        mark.wait().expect("true ends");
        let end = Instant::now() + WAIT;
        let mut marked = false;
        while !marked {
            assert!(Instant::now() < end, "nothing is told any more, {} are lost", self.lost());
            self.read(alerts, |record| {
                marked |= record.operation == Operation::Procexit && record.pid() == pid;
            });
        }
    }

    fn read(&mut self, alerts: &mut Vec<Alert>, mut see: impl FnMut(&Record<'_>)) {
        let live = &mut self.live;
        let count = self.sensor.read(1_000, |record| {
            see(&record);
            live.take(&record, None, Time(0), |alert| alerts.push(alert));
        });
        if count == 0 {
            std::thread::sleep(POLL);
        }
    }

    /// Returns how many events were lost.
    pub fn lost(&self) -> u64 {
        self.sensor.tallies().unwrap().iter().map(|(_, tally)| tally.lost()).sum()
    }
}

impl Seen {
    /// Returns the names of the rules, each once, in order.
    pub fn rules(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.0.iter().map(|alert| alert["rule"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns an alert of a rule.
    pub fn one(&self, rule: &str) -> &Value {
        let found = self.0.iter().find(|alert| alert["rule"] == rule);
        found.unwrap_or_else(|| panic!("`{rule}` did not alert:\n{}", self.text()))
    }

    /// Returns all outputs, one a line.
    pub fn text(&self) -> String {
        let lines = self.0.iter().map(|alert| format!("{}: {}", alert["rule"], alert["output"]));
        lines.collect::<Vec<_>>().join("\n")
    }
}
