//! A sensor, the tables that its records fill, and the rules that judge them.

mod loading;
mod resolver;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cluster::{Member, Reader};
use control::evidence::Activity;
use detect::activity::Waiting;
use detect::{Activities, Detector, Live, Matching, Sensed, Summary, Wanted};
use event::Time;
use finding::Alert;
use sensor::{Choice, Options, POLL, Sensor, SensorError, Standing};
use syscall::container::Container;
use syscall::record::Record;
use syscall::selection::Selection;
use syscall::table::Process;
use syscall::{Environment, Event, Home, Tables};

use crate::minute::SOURCE;
use crate::{clock, program};
use loading::Loading;
use resolver::Resolver;

/// Records that are read before anything else is looked at.
const READ_COUNT_MAX: usize = 4096;
/// How often losses and the clock are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How to watch.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Name of this machine, for alerts.
    pub node: String,
    /// Steps of the ladder that may be taken.
    pub step: Choice,
    /// Bytes that may wait for the reader.
    pub ring_len: u32,
    /// Which rules alert for one record.
    pub matching: Matching,
    /// Whether to tell what happens without any rule.
    pub activity: Telling,
    /// Whether records that no rule can match leave the kernel.
    pub push_down: PushDown,
    /// The cluster whose API is asked for the pods of this machine, if any is.
    pub cluster: Option<Member>,
}

/// Whether activity is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Telling {
    /// It is.
    Told,
    /// It is not: only rules are judged.
    #[default]
    Untold,
}

/// Whether the kernel programs drop what no rule can match. The alerts are the same either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PushDown {
    /// They do.
    #[default]
    On,
    /// They send it to be judged here, which is dearer.
    Off,
}

/// A watch without anyone to tell.
#[derive(Debug)]
pub struct Lookout {
    orders: Orders,
    wanted: Wanted,
    /// Names of the rules that judge.
    rules: BTreeSet<String>,
    sensor: Sensor,
    live: Live,
    loading: Loading,
    /// Nothing where no rule names a host.
    resolver: Option<Resolver>,
    /// Nothing where no cluster is asked.
    cluster: Option<Reader>,
    /// Why an alert raised now may not tell everything.
    doubt: Option<String>,
    lost: u64,
    looked: Instant,
    /// Records from this moment on are judged here; those before it only fill the tables.
    from: u64,
    /// Records from this moment on are judged by the next one.
    until: u64,
}

impl Lookout {
    /// Starts to watch.
    pub fn start(detector: Detector, orders: &Orders) -> Result<Lookout, SensorError> {
        // It may answer while the programs are being loaded: then the first alert knows of it.
        let cluster = orders.cluster.clone().map(Reader::start);
        let lookout = Lookout::start_without_cluster(detector, orders)?;
        Ok(Lookout { cluster, ..lookout })
    }

    fn start_without_cluster(detector: Detector, orders: &Orders) -> Result<Lookout, SensorError> {
        let wanted = wanted(&detector, orders);
        let rules = names(&detector);
        let sensor = Sensor::start(&options(&wanted, orders))?;
        let loaded = clock::since_start();
        // First the sensor, then the scan: whatever begins in between is told of by one of them.
        let mut tables = Tables::new(Home::default(), clock::epoch(), wanted.environment);
        tables.scan();
        let loading = Loading::ended(&tables, loaded);
        let mut live = Live::new(detector, tables, orders.matching, orders.node.clone());
        if orders.activity == Telling::Told {
            let boot = program::machine_boot();
            live = live.with_activities(Activities::new(orders.node.clone(), boot));
        }
        Ok(Lookout {
            orders: orders.clone(),
            resolver: Resolver::start(&wanted.domains),
            cluster: None,
            wanted,
            rules,
            sensor,
            live,
            loading,
            doubt: None,
            lost: 0,
            looked: Instant::now(),
            from: 0,
            until: u64::MAX,
        })
    }

    /// Returns where the sensor stands.
    pub fn standing(&self) -> &Standing {
        self.sensor.standing()
    }

    /// Says what cannot be seen from there, or is not told by the cluster at the moment.
    pub fn blind(&self) -> Vec<String> {
        let sensor = self.sensor.standing().blind.iter().map(ToString::to_string);
        sensor.chain(self.cluster.iter().flat_map(Reader::blind)).collect()
    }

    /// Tells whether a rule judges.
    pub fn has_rule(&self, name: &str) -> bool {
        self.rules.contains(name)
    }

    /// Returns how many processes are known.
    pub fn known(&self) -> usize {
        self.live.tables().processes().len()
    }

    /// Finds a living process that is in a container: the one of this pid, or else any.
    pub fn member_of(&self, container: &str, pid: u32) -> Option<u32> {
        let tables = self.live.tables();
        let is_in = |found: &Container| &*found.id == container;
        let is_member = |process: &&Process| {
            tables.container(process).is_some_and(is_in) && tables.is_alive(process)
        };
        let processes = tables.processes();
        let one = processes.by_pid(pid).filter(is_member);
        one.or_else(|| processes.iter().find(is_member)).map(|process| process.facts.pid)
    }

    /// Returns when the newest record happened.
    pub fn newest(&self) -> Option<Time> {
        self.live.newest()
    }

    /// Says what the sensor was told to see and how, in words that change when that does.
    pub fn configuration(&self) -> String {
        format!("{:?}", options(&self.wanted, &self.orders))
    }

    /// Judges the records that wait, and shows each that raised alerts. Returns false when it makes
    /// sense to rest for [`POLL`]. `now` goes into the ids of alerts.
    pub fn read(&mut self, now: Time, mut see: impl FnMut(&mut Event<'_>, Vec<Alert>)) -> bool {
        if self.looked.elapsed() >= LOOK {
            self.look();
        }
        if let Some(resolver) = &mut self.resolver {
            resolver.take(self.live.tables_mut().domains_mut());
        }
        if let Some(cluster) = &mut self.cluster {
            cluster.take(self.live.tables_mut().pods_mut());
        }
        let Lookout { sensor, live, loading, doubt, from, until, .. } = self;
        let count = sensor.read(READ_COUNT_MAX, |record: Record<'_>| {
            if !(*from..*until).contains(&record.time()) {
                live.learn(&record);
            } else if loading.is_of(&record) {
                live.pass(&record);
            } else {
                live.judge(&record, doubt.as_deref(), now, &mut see);
            }
        });
        count == READ_COUNT_MAX
    }

    /// Puts other rules in force. Where they need to be told of something else, a second sensor
    /// starts before the first one ends, and each record is judged once, by its time; then this
    /// returns what the first one sensed.
    pub fn exchange(
        &mut self,
        detector: Detector,
        now: Time,
        mut see: impl FnMut(&mut Event<'_>, Vec<Alert>),
    ) -> Result<Option<Sensed>, SensorError> {
        if wanted(&detector, &self.orders) == self.wanted {
            self.rules = names(&detector);
            self.live.exchange(detector);
            return Ok(None);
        }
        self.loading.begin(clock::since_start());
        let next = Lookout::start_without_cluster(detector, &self.orders);
        self.loading.end(clock::since_start());
        let mut next = next?;
        next.from = clock::since_start();
        self.until = next.from;
        // What was under way at that moment has arrived by then.
        std::thread::sleep(POLL);
        while self.read(now, &mut see) {}
        let sensed = self.sensed()?;
        let domains = next.live.tables_mut().domains_mut();
        domains.clone_from(self.live.tables().domains());
        domains.keep(&next.wanted.domains);
        next.cluster = self.cluster.take();
        *next.live.tables_mut().pods_mut() = std::mem::take(self.live.tables_mut().pods_mut());
        next.live.go_on_from(&mut self.live);
        *self = next;
        Ok(Some(sensed))
    }

    /// Returns the activity that is complete at `now`.
    pub fn activity(&mut self, now: Time) -> Vec<Activity> {
        self.live.activities().map_or_else(Vec::new, |activities| activities.flush(now))
    }

    /// Returns since when activity waits to be complete.
    pub fn waiting(&mut self) -> Waiting {
        self.live.activities().map_or_else(Waiting::default, |activities| activities.waiting())
    }

    /// Returns what is left of it, at the end.
    pub fn last_activity(&mut self) -> Vec<Activity> {
        self.live.activities().map_or_else(Vec::new, Activities::finish)
    }

    /// Returns what was seen and judged since the start; `seconds` and `sensed` are not set.
    pub fn summary(&self) -> Summary {
        self.live.summary()
    }

    /// Returns what the sensor saw and lost since the start.
    pub fn sensed(&self) -> Result<Sensed, SensorError> {
        let standing = self.sensor.standing();
        let mut sensed = Sensed {
            step: standing.step.to_string(),
            refused: standing.refused.iter().map(ToString::to_string).collect(),
            blind: self.blind(),
            own: self.loading.count(),
            ..Sensed::default()
        };
        let mut lose = |cause: &str, count: u64| {
            *sensed.lost.entry(cause.to_owned()).or_default() += count;
        };
        lose("recursion", self.sensor.recursion_misses());
        lose("unreadable", self.sensor.unreadable());
        for (operation, tally) in self.sensor.tallies()? {
            sensed.seen += tally.seen;
            sensed.filtered += tally.filtered;
            lose("ring_full", tally.ring_full);
            lose("no_slot", tally.no_slot);
            if tally.lost() > 0 {
                sensed.lost_calls.insert(operation.name().to_owned(), tally.lost());
            }
        }
        let gaps = self.live.tables().gaps();
        let gaps = [
            ("processes_evicted", gaps.processes),
            ("processes_unannounced", gaps.unannounced),
            ("processes_unknown", gaps.unknown),
            ("sockets_evicted", gaps.sockets),
            ("containers_unknown", gaps.containers),
            ("cgroups_evicted", gaps.cgroups),
            ("pods_untold", gaps.pods),
            ("names_unresolved", self.resolver.as_ref().map_or(0, Resolver::unresolved)),
        ];
        sensed.gaps = gaps.map(|(name, count)| (name.to_owned(), count)).into();
        Ok(sensed)
    }

    /// An alert is in doubt while something is being lost. What the sensor cannot see from where
    /// it stands makes no alert doubtful, and is told by the status.
    fn look(&mut self) {
        self.looked = Instant::now();
        let tables = self.live.tables_mut();
        tables.set_epoch(clock::epoch());
        tables.ask_again(clock::since_start());
        let hosts = tables.hosts(clock::since_start());
        hosts.into_iter().for_each(|cgroup| self.sensor.set_host(cgroup));
        let tallies = self.sensor.tallies().unwrap_or_default();
        let lost = tallies.iter().map(|(_, tally)| tally.lost()).sum::<u64>()
            + self.sensor.recursion_misses()
            + self.sensor.unreadable();
        let new = lost.saturating_sub(self.lost);
        self.lost = lost;
        self.doubt = (new > 0).then(|| format!("{new} records were lost just before"));
    }
}

/// Returns what rules and activity need to be told.
fn wanted(detector: &Detector, orders: &Orders) -> Wanted {
    let mut wanted = detector.wanted().clone();
    if orders.activity == Telling::Told {
        wanted.need_activity();
    }
    wanted
}

fn names(detector: &Detector) -> BTreeSet<String> {
    let rules = detector.rules().filter(|(source, _)| *source == SOURCE);
    rules.map(|(_, name)| name.to_owned()).collect()
}

fn options(wanted: &Wanted, orders: &Orders) -> Options {
    Options {
        step: orders.step,
        operations: wanted.operations.clone(),
        ring_len: orders.ring_len,
        environment: wanted.environment == Environment::Kept,
        selection: match orders.push_down {
            PushDown::On => wanted.selection.clone(),
            PushDown::Off => Selection::default(),
        },
    }
}
