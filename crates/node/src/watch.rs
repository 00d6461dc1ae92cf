//! The watch at work, on threads of its own: one reads and judges, one hands over.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use control::evidence::{Activity, Entry, SensorStatus};
use detect::Detector;
use detect::activity::Waiting;
use event::Time;
use sensor::{POLL, SensorError, Standing};

use crate::alive::{Alive, Reach};
use crate::canary::{self, Canaries, Nest};
use crate::content::{self, Contents};
use crate::desk::Desk;
use crate::lookout::{Lookout, Orders};
use crate::minute::{Beside, Minute, Run, SOURCE, Totals};
use crate::queue::Queue;
use crate::ready::{Kind, Ready, Sink};
use crate::{clock, program};

/// Records are read in the order of their times, but for less than this.
const ORDER: i64 = Time::SECOND;

/// How to watch, and what is known of the run before.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How to watch; `node` names the instance in statuses too.
    pub orders: Orders,
    /// Version of this program.
    pub version: &'static str,
    /// File that says until when it watched, for the run after it.
    pub watched_until: Option<PathBuf>,
    /// Where canaries are planted from; nothing: none are.
    pub canaries: Option<Nest>,
}

/// Rules that judge, and the hash that names them.
#[derive(Debug)]
pub struct Rules {
    /// The rules.
    pub detector: Detector,
    /// SHA-256 over their files, hex.
    pub hash: String,
    /// Names of those that are there and switched off.
    pub off: BTreeSet<String>,
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
    /// Gives back what says until when it watched, and when it ended.
    reading: JoinHandle<(Option<Alive>, Time)>,
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
        let contents = Contents::start(queue.clone()).map_err(StartError::Thread)?;
        let round = Round::new(lookout, setting, (rules.hash, rules.off), queue.clone(), receiver);
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        let asked = stop.clone();
        let reading = named("watch")
            .spawn(move || round.run(contents, &asked))
            .map_err(StartError::Thread)?;
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
        let ended = self.reading.join();
        if ended.is_err() {
            tracing::error!("the watch of this node did not end well");
        }
        self.queue.end();
        if self.handing.join().is_err() {
            tracing::error!("entries of this node were not handed over");
        }
        if let Ok((Some(mut alive), now)) = ended
            && self.queue.is_clear()
        {
            alive.note(Reach::of(now));
        }
    }
}

/// What the reading thread works on.
struct Round {
    lookout: Lookout,
    desk: Desk,
    off: BTreeSet<String>,
    rules: Receiver<Rules>,
    minute: Minute,
    alive: Option<Alive>,
    /// When records were read last.
    read: Time,
    /// Hashes this program, which takes a moment.
    build: Option<JoinHandle<String>>,
}

impl Round {
    fn new(
        lookout: Lookout,
        setting: &Setting,
        (rules, off): (String, BTreeSet<String>),
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
            ..SensorStatus::default()
        };
        let node = setting.orders.node.clone();
        let (alive, before) = alive(setting);
        let nest = setting.canaries.clone();
        let canaries = nest.map(|nest| Canaries::new(nest, &node));
        let now = clock::now();
        let (minute, mut run) = (Minute::first(now, before), Run { node, rules, sensor });
        queue.push(Ready::new(Kind::Status, Entry::Status(minute.begun(&mut run))));
        Round {
            desk: Desk { queue, run, events: 0, alerts: 0, canaries },
            minute,
            read: now,
            lookout,
            off,
            rules: receiver,
            alive,
            build: Some(thread::spawn(program::build)),
        }
    }

    fn run(mut self, contents: Contents, stop: &AtomicBool) -> (Option<Alive>, Time) {
        while !stop.load(Ordering::Relaxed) {
            if let Ok(rules) = self.rules.try_recv() {
                self.exchange(rules);
            }
            let now = clock::now();
            let Round { lookout, desk, off, .. } = &mut self;
            desk.tend(now, |rule| match lookout.has_rule(rule) {
                true => canary::Standing::Judges,
                false if off.contains(rule) => canary::Standing::SwitchedOff,
                false => canary::Standing::Absent,
            });
            let all = !self.read(now);
            let read = match all {
                // What a kernel program was writing when it was read the last time has come by now.
                true => Some(std::mem::replace(&mut self.read, now)),
                false => self.lookout.newest().map(|newest| newest.plus(-ORDER)),
            };
            if let Some(read) = read {
                let reach = self.reach(read, &contents);
                self.desk.queue.seen(reach);
            }
            if (all && self.minute.is_over(now)) || self.minute.is_overdue(now) {
                self.tell(now);
            }
            if let (Some(alive), Some(until)) = (&mut self.alive, self.desk.queue.safe()) {
                alive.tell(until);
            }
            let activity = self.lookout.activity(now);
            self.tell_of(activity, &contents);
            if all {
                thread::sleep(POLL);
            }
        }
        // What the programs sent before this moment still counts.
        while self.read(clock::now()) {}
        let activity = self.lookout.last_activity();
        self.tell_of(activity, &contents);
        contents.end();
        let now = clock::now();
        self.tell(now);
        (self.alive, now)
    }

    /// Says how far what was made ready to leave reaches, given that all records until `read` were
    /// read.
    fn reach(&mut self, read: Time, contents: &Contents) -> Reach {
        let waiting = self.lookout.waiting();
        let measured = Waiting { acts: contents.waiting(), sums: None };
        Reach::of(read).but(waiting).but(measured)
    }

    fn read(&mut self, now: Time) -> bool {
        let Round { lookout, desk, .. } = self;
        lookout.read(now, |event, alerts| desk.take(now, event, alerts))
    }

    fn exchange(&mut self, rules: Rules) {
        let now = clock::now();
        let Round { lookout, desk, .. } = self;
        let exchanged =
            lookout.exchange(rules.detector, now, |event, alerts| desk.take(now, event, alerts));
        match exchanged {
            Ok(sensed) => {
                desk.run.rules = rules.hash;
                self.off = rules.off;
                desk.run.sensor.configuration = program::hash(&lookout.configuration());
                if let Some(canaries) = &mut desk.canaries {
                    canaries.again();
                }
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

    fn tell_of(&self, activity: Vec<Activity>, contents: &Contents) {
        for one in activity {
            let members = content::containers(&one)
                .filter_map(|(id, pid)| Some((id.to_owned(), self.lookout.member_of(id, pid)?)))
                .collect();
            contents.tell(one, members);
        }
    }

    /// Says what the minute was.
    fn tell(&mut self, now: Time) {
        let totals = self.totals();
        let Desk { queue, run, .. } = &mut self.desk;
        run.sensor.blind = self.lookout.blind();
        if let Some(build) = self.build.take() {
            run.sensor.build = build.join().unwrap_or_default();
        }
        self.minute.add(totals);
        let beside = Beside {
            newest: self.lookout.newest(),
            dropped: queue.take_dropped(),
            clock_offset_ns: queue.clock_offset_ns(),
        };
        let status = self.minute.end(now, run, beside);
        queue.push(Ready::new(Kind::Status, Entry::Status(status)));
    }

    fn totals(&self) -> Totals {
        let summary = self.lookout.summary();
        let records = summary.sources.get(SOURCE).map_or(0, |counts| counts.read);
        let sensed = self.lookout.sensed().unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "the sensor's counts cannot be read");
            Default::default()
        });
        Totals { records, alerts: self.desk.alerts, bytes: summary.bytes, sensed }
    }
}

/// Opens the file that says how far the run before reached.
fn alive(setting: &Setting) -> (Option<Alive>, Option<Reach>) {
    let Some(path) = &setting.watched_until else { return (None, None) };
    match Alive::open(path) {
        Ok((alive, before)) => (Some(alive), before),
        Err(error) => {
            let path = path.display();
            tracing::warn!(%error, %path, "nobody will know until when it watched");
            (None, None)
        }
    }
}
