//! What sensitive files hold: measured when the watch begins, and again after each change that is
//! told. Of a container's files, what its image holds counts before their first change.

mod layers;
mod measure;
mod mounts;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use control::evidence::{Activity, Content, Entry, Held, Item, What, Write};
use detect::activity::sensitive::sensitive;
use event::Time;

use crate::clock;
use crate::queue::Queue;
use crate::ready::{Kind, Ready};
use layers::Layers;
use measure::Root;

/// Entries that wait to be measured.
const WAITING_COUNT_MAX: usize = 64;
/// Files that are remembered.
const KNOWN_COUNT_MAX: usize = 65_536;
/// Bytes that are read when the watch begins.
const FIRST_BYTES_MAX: u64 = 1 << 30;
/// Where the files lie that are measured when the watch begins.
const PLACES: [&str; 9] = [
    "/etc",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/libexec",
    "/boot",
    "/root/.ssh",
    "/var/spool/cron",
];
/// Sorts of paths that hold no files, or whose content is bound to change.
const UNMEASURED: [&str; 3] = ["kernel", "logs", "history"];
/// What is done to files, of what is done to paths.
const MEASURED_ACTS: [&str; 8] = [
    "overwritten",
    "created",
    "appended",
    "written",
    "renamed",
    "replaced",
    "removed",
    "truncated",
];

/// Living processes of containers.
pub type Members = BTreeMap<String, u32>;

/// Measures on a thread of its own, and hands entries on.
#[derive(Debug)]
pub struct Contents {
    queue: Queue,
    sender: SyncSender<(Activity, Members)>,
    missed: Arc<Mutex<Missed>>,
    /// Since when the acts are that entries tell of which are being measured.
    measured: Arc<Mutex<VecDeque<Time>>>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Contents {
    /// Begins to measure. Entries go to `queue`.
    pub fn start(queue: Queue) -> io::Result<Contents> {
        let (sender, receiver) = sync_channel(WAITING_COUNT_MAX);
        let over = Arc::new(AtomicBool::new(false));
        let (missed, measured) = (Arc::default(), Arc::default());
        let (line, asked, unmeasured) = (queue.clone(), over.clone(), Arc::clone(&missed));
        let waiting = Arc::clone(&measured);
        let thread = thread::Builder::new()
            .name("contents".to_owned())
            .spawn(move || measure_all((&line, &waiting), &receiver, &asked, &unmeasured))?;
        Ok(Contents { queue, sender, missed, measured, over, thread })
    }

    /// Hands an entry on, measured if it tells of files. Never waits: when too many do, the
    /// contents of this one stay unknown.
    pub fn tell(&self, activity: Activity, members: Members) {
        if !activity.items.iter().any(is_measured) {
            return hand_on(&self.queue, activity);
        }
        // Noted before it is sent, so that it is known until it is handed on.
        locked(&self.measured).push_back(activity.from);
        let mut activity = match self.sender.try_send((activity, members)) {
            Ok(()) => return,
            Err(TrySendError::Full((back, _)) | TrySendError::Disconnected((back, _))) => back,
        };
        locked(&self.measured).pop_back();
        locked(&self.missed).add(&activity);
        let unknown = || Held::Unknown("too many changes waited to be measured".to_owned());
        for write in activity.items.iter_mut().filter(|item| is_measured(item)).filter_map(write) {
            write.content = Some(Content { before: unknown(), after: unknown() });
        }
        hand_on(&self.queue, activity);
    }

    /// Returns when the oldest act was done that is not handed on yet.
    pub fn waiting(&self) -> Option<Time> {
        locked(&self.measured).iter().min().copied()
    }

    /// Ends when all is handed on.
    pub fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        drop(self.sender);
        if self.thread.join().is_err() {
            tracing::error!("the contents of some files were not measured");
        }
    }
}

/// Returns the containers whose files an entry tells of, each with who changed them.
pub fn containers(activity: &Activity) -> impl Iterator<Item = (&str, u32)> {
    let measured = activity.items.iter().filter(|item| is_measured(item));
    measured.filter_map(|item| Some((container(activity, item)?, item.pid)))
}

fn measure_all(
    (queue, waiting): (&Queue, &Mutex<VecDeque<Time>>),
    told: &Receiver<(Activity, Members)>,
    over: &AtomicBool,
    missed: &Mutex<Missed>,
) {
    let mut known = Known::new(Root::host());
    known.begin(Path::new("/"), over);
    for (mut activity, members) in told {
        known.doubt(std::mem::take(&mut *locked(missed)));
        known.fill(&mut activity, &members);
        hand_on(queue, activity);
        locked(waiting).pop_front();
    }
}

fn hand_on(queue: &Queue, activity: Activity) {
    queue.push(Ready::new(Kind::Activity, Entry::Activity(activity)));
}

fn container<'a>(activity: &'a Activity, item: &Item) -> Option<&'a str> {
    activity.actor(item)?.subject.container.as_deref()
}

fn is_measured(item: &Item) -> bool {
    let What::Write(write) = &item.what else { return false };
    item.failed < item.count
        && MEASURED_ACTS.contains(&write.act.as_str())
        && !UNMEASURED.contains(&write.sort.as_str())
}

fn write(item: &mut Item) -> Option<&mut Write> {
    match &mut item.what {
        What::Write(write) => Some(write),
        _ => None,
    }
}

/// A file: of the node, or of a container.
type Key = (Option<String>, String);

/// Files whose change was told and not measured.
#[derive(Debug, Default)]
struct Missed {
    files: HashSet<Key>,
    /// There were too many to say which.
    all: bool,
}

impl Missed {
    fn add(&mut self, activity: &Activity) {
        let measured = activity.items.iter().filter(|item| is_measured(item));
        self.files.extend(measured.filter_map(|item| key(activity, item)));
        if self.files.len() > KNOWN_COUNT_MAX {
            *self = Missed { files: HashSet::new(), all: true };
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(activity: &Activity, item: &Item) -> Option<Key> {
    let What::Write(told) = &item.what else { return None };
    Some((container(activity, item).map(str::to_owned), told.path.clone()))
}

/// What is known of files.
#[derive(Debug)]
struct Known {
    host: io::Result<Root>,
    files: HashMap<Key, (Held, Time)>,
    /// Since when every file of the places is known; nothing while that is not so.
    whole_since: Option<Time>,
    /// Since when every change that was told was measured.
    since: Time,
}

impl Known {
    fn new(host: io::Result<Root>) -> Known {
        Known { host, files: HashMap::new(), whole_since: None, since: clock::now() }
    }

    /// Takes in that files were changed and nobody measured them.
    fn doubt(&mut self, missed: Missed) {
        if missed.all || self.files.len() + missed.files.len() > KNOWN_COUNT_MAX {
            return self.forget();
        }
        let at = clock::now();
        for key in missed.files {
            let doubt = Held::Unknown("the change before it was not measured".to_owned());
            self.files.insert(key, (doubt, at));
        }
    }

    /// Forgets every file, and that nobody changed the others.
    fn forget(&mut self) {
        self.files.clear();
        self.whole_since = None;
        self.since = clock::now();
    }

    /// Measures the files of the places, unless it is over before.
    fn begin(&mut self, top: &Path, over: &AtomicBool) {
        let start = clock::now();
        let mut bytes = 0;
        let mut folders: Vec<String> = PLACES.map(str::to_owned).into();
        while let Some(folder) = folders.pop() {
            let list = std::fs::read_dir(top.join(&folder[1..])).into_iter().flatten();
            for found in list.filter_map(Result::ok) {
                if over.load(Ordering::Relaxed)
                    || bytes > FIRST_BYTES_MAX
                    || self.files.len() >= KNOWN_COUNT_MAX / 2
                {
                    return;
                }
                let path = format!("{folder}/{}", found.file_name().to_string_lossy());
                if found.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else if sensitive(path.as_bytes(), "written").is_some() {
                    bytes += self.measure_first(path, start);
                }
            }
        }
        self.whole_since = Some(clock::now());
    }

    /// Measures a file before any change is told; returns its bytes.
    fn measure_first(&mut self, path: String, start: Time) -> u64 {
        let Ok(host) = &self.host else { return 0 };
        let at = clock::now();
        let mut found = host.measure(&path);
        if found.changed.is_some_and(|changed| changed >= start) {
            found.held = Held::Unknown("it changed while the watch began".to_owned());
        }
        self.files.insert((None, path), (found.held, at));
        found.bytes
    }

    /// Says in an entry what the files held that it tells of.
    fn fill(&mut self, activity: &mut Activity, members: &Members) {
        let mut done: HashMap<Key, Content> = HashMap::new();
        for at in 0..activity.items.len() {
            let item = &activity.items[at];
            let Some(key) = key(activity, item).filter(|_| is_measured(item)) else { continue };
            let (first, pid) = (activity.first(item), item.pid);
            let content = done.entry(key).or_insert_with_key(|key| {
                let before = self.before(key, first, pid, members);
                Content { before, after: self.after(key, pid, members) }
            });
            let content = content.clone();
            if let Some(write) = write(&mut activity.items[at]) {
                write.content = Some(content);
            }
        }
    }

    fn before(&self, key: &Key, change: Time, pid: u32, members: &Members) -> Held {
        match self.files.get(key) {
            Some((held, at)) if *at <= change => held.clone(),
            Some(_) => Held::Unknown("it was measured only after this change began".to_owned()),
            None if self.was_absent(key, change) => Held::Absent,
            None if key.0.is_some() => self.in_image(key, pid, members),
            None => Held::Unknown("it was not measured before".to_owned()),
        }
    }

    /// Says what the image of a container holds, of a file that nobody was seen to change.
    fn in_image(&self, (container, path): &Key, pid: u32, members: &Members) -> Held {
        let id = container.as_deref().unwrap_or_default();
        let pids = [Some(pid), members.get(id).copied()];
        let mut layers = pids.into_iter().flatten().map(|pid| Layers::of(pid, id, self.since));
        let ended = || Err("the container has ended".to_owned());
        let first = layers.next().unwrap_or_else(ended);
        match first.or_else(|reason| layers.next().unwrap_or(Err(reason))) {
            Ok(layers) => layers.held(path),
            Err(reason) => Held::Unknown(reason),
        }
    }

    /// Tells whether a file would be known if there had been one.
    fn was_absent(&self, (container, path): &Key, change: Time) -> bool {
        let below =
            |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
        container.is_none()
            && PLACES.into_iter().any(below)
            && self.whole_since.is_some_and(|since| since <= change)
    }

    fn after(&mut self, key: &Key, pid: u32, members: &Members) -> Held {
        let at = clock::now();
        let held = match &key.0 {
            None => match &self.host {
                Ok(host) => host.measure(&key.1).held,
                Err(error) => Held::Unknown(error.to_string()),
            },
            Some(id) => {
                let pids = [Some(pid), members.get(id).copied()];
                let root = pids.into_iter().flatten().find_map(|pid| Root::of(pid, id).ok());
                match root {
                    Some(root) => root.measure(&key.1).held,
                    None => Held::Unknown("the container has ended".to_owned()),
                }
            }
        };
        if self.files.len() >= KNOWN_COUNT_MAX && !self.files.contains_key(key) {
            self.forget();
        }
        self.files.insert(key.clone(), (held.clone(), at));
        held
    }
}

#[cfg(test)]
mod tests;
