//! The watch at work, on threads of its own: one reads and judges, one hands over.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use control::evidence::{Activity, Entry, Event as Evidence, SensorStatus};
use detect::Detector;
use event::Time;
use finding::Alert;
use sensor::{POLL, SensorError, Standing};
use serde_json::value::to_raw_value;
use syscall::{Event, Origin};

use crate::lookout::{Lookout, Orders};
use crate::minute::{Beside, Minute, Run, SOURCE, Totals};
use crate::queue::Queue;
use crate::ready::{Kind, Ready, Sink};
use crate::{clock, program};

/// How to watch, and what is known of the run before.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How to watch; `node` names the instance in statuses too.
    pub orders: Orders,
    /// Version of this program.
    pub version: &'static str,
    /// Until when the run before is known to have watched.
    pub silent_since: Option<Time>,
}

/// Rules that judge, and the hash that names them.
#[derive(Debug)]
pub struct Rules {
    /// The rules.
    pub detector: Detector,
    /// SHA-256 over their files, hex.
    pub hash: String,
}

/// Why there is no watch.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing is asked for.
    #[error("none of the rules is for system calls")]
    NoRules,
    /// The kernel or its settings do not let us.
    #[error(transparent)]
    Sensor(#[from] SensorError),
    /// No thread could be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// A watch that runs.
#[derive(Debug)]
pub struct Watch {
    standing: Standing,
    queue: Queue,
    stop: Arc<AtomicBool>,
    rules: Sender<Rules>,
    reading: JoinHandle<()>,
    handing: JoinHandle<()>,
}

impl Watch {
    /// Starts to watch. Entries go to `sink`, which is called on a thread of its own.
    pub fn start(
        setting: &Setting,
        rules: Rules,
        mut sink: Box<dyn Sink>,
    ) -> Result<Watch, StartError> {
        if rules.detector.wanted().operations.is_empty() {
            return Err(StartError::NoRules);
        }
        let lookout = Lookout::start(rules.detector, &setting.orders)?;
        let standing = lookout.standing().clone();
        let (queue, stop) = (Queue::default(), Arc::new(AtomicBool::new(false)));
        let (sender, receiver) = channel();
        let round = Round::new(lookout, setting, rules.hash, queue.clone(), receiver);
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let asked = stop.clone();
        let reading =
            named("watch").spawn(move || round.run(&asked)).map_err(StartError::Thread)?;
        let line = queue.clone();
        let handing = named("hand-over").spawn(move || line.hand_over(sink.as_mut()));
        let handing = handing.map_err(|error| {
            stop.store(true, Ordering::Relaxed);
            StartError::Thread(error)
        })?;
        Ok(Watch { standing, queue, stop, rules: sender, reading, handing })
    }

    /// Returns where the sensor stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Returns what waits to be handed over.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Tells whether it goes on.
    pub fn is_running(&self) -> bool {
        !self.reading.is_finished()
    }

    /// Puts other rules in force, soon.
    pub fn exchange(&self, rules: Rules) {
        // Fails only when the watch has ended.
        let _ = self.rules.send(rules);
    }

    /// Ends: what was seen is judged, the begun minute is told of, and all is handed over.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.reading.join().is_err() {
            tracing::error!("the watch of this node did not end well");
        }
        self.queue.end();
        if self.handing.join().is_err() {
            tracing::error!("entries of this node were not handed over");
        }
    }
}

/// What the reading thread works on.
struct Round {
    lookout: Lookout,
    queue: Queue,
    rules: Receiver<Rules>,
    run: Run,
    minute: Minute,
    /// Number of the last event that alerted.
    events: u64,
    /// Hashes this program, which takes a moment.
    build: Option<JoinHandle<String>>,
}

impl Round {
    fn new(
        lookout: Lookout,
        setting: &Setting,
        rules: String,
        queue: Queue,
        receiver: Receiver<Rules>,
    ) -> Round {
        let standing = lookout.standing();
        let sensor = SensorStatus {
            boot: uuid::Uuid::new_v4().to_string(),
            machine_boot: program::machine_boot(),
            kernel: program::kernel(),
            version: setting.version.to_owned(),
            configuration: program::hash(&lookout.configuration()),
            step: standing.step.to_string(),
            refused: standing.refused.iter().map(ToString::to_string).collect(),
            blind: standing.blind.iter().map(ToString::to_string).collect(),
            ..SensorStatus::default()
        };
        Round {
            run: Run { node: setting.orders.node.clone(), rules, sensor },
            minute: Minute::first(clock::now(), setting.silent_since),
            lookout,
            queue,
            rules: receiver,
            events: 0,
            build: Some(thread::spawn(program::build)),
        }
    }

    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if let Ok(rules) = self.rules.try_recv() {
                self.exchange(rules);
            }
            let now = clock::now();
            if self.minute.is_over(now) {
                self.tell(now);
            }
            if !self.read(now) {
                thread::sleep(POLL);
            }
            let activity = self.lookout.activity(now);
            self.tell_of(activity);
        }
        // What the programs sent before this moment still counts.
        while self.read(clock::now()) {}
        let activity = self.lookout.last_activity();
        self.tell_of(activity);
        self.tell(clock::now());
    }

    fn read(&mut self, now: Time) -> bool {
        let Round { lookout, queue, run, events, .. } = self;
        lookout.read(now, |event, alerts| hand_on(queue, run, events, now, event, alerts))
    }

    fn exchange(&mut self, rules: Rules) {
        let now = clock::now();
        let Round { lookout, queue, run, events, .. } = self;
        let exchanged = lookout.exchange(rules.detector, now, |event, alerts| {
            hand_on(queue, run, events, now, event, alerts);
        });
        match exchanged {
            Ok(sensed) => {
                self.run.rules = rules.hash;
                self.run.sensor.configuration = program::hash(&self.lookout.configuration());
                if let Some(sensed) = sensed {
                    self.minute.add(Totals { sensed, ..self.totals() });
                    self.minute.begin_anew();
                }
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the rules for system calls stay as they were");
            }
        }
    }

    fn tell_of(&self, activity: Vec<Activity>) {
        for one in activity {
            self.queue.push(Ready::new(Kind::Activity, Entry::Activity(one)));
        }
    }

    /// Says what the minute was.
    fn tell(&mut self, now: Time) {
        if let Some(build) = self.build.take() {
            self.run.sensor.build = build.join().unwrap_or_default();
        }
        let totals = self.totals();
        self.minute.add(totals);
        let beside = Beside {
            newest: self.lookout.newest(),
            dropped: self.queue.take_dropped(),
            clock_offset_ns: self.queue.clock_offset_ns(),
        };
        let status = self.minute.end(now, &mut self.run, beside);
        self.queue.push(Ready::new(Kind::Status, Entry::Status(status)));
    }

    fn totals(&self) -> Totals {
        let summary = self.lookout.summary();
        let counts = summary.sources.get(SOURCE).copied().unwrap_or_default();
        let sensed = self.lookout.sensed().unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the sensor's counts cannot be read");
            Default::default()
        });
        Totals { counts, bytes: summary.bytes, sensed }
    }
}

/// Makes an entry of an event that alerted.
fn hand_on(
    queue: &Queue,
    run: &Run,
    events: &mut u64,
    now: Time,
    event: &mut Event<'_>,
    alerts: Vec<Alert>,
) {
    *events += 1;
    let origin = Origin { node: &run.node, boot: &run.sensor.boot, sequence: *events };
    let described = event.describe(&origin);
    let raw = to_raw_value(&described).expect("it has string keys and no failing serializer");
    let evidence = Evidence {
        source: SOURCE.to_owned(),
        time: event.time(),
        received: now,
        id: format!("{}/{}", origin.boot, origin.sequence),
        alerts,
        raw,
    };
    queue.push(Ready::new(Kind::Finding, Entry::Event(evidence)));
}
