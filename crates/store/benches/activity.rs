//! How much a day of a busy node's activity is, and how fast a part of it is found again.
//!
//! `cargo bench -p store --bench activity -- [hours]`; a node with 30 pods: each second two
//! commands of services, most of them probes, a shell now and then, every ten minutes connections
//! between 600 pairs of ends.

use std::io::Write;
use std::time::{Duration, Instant};

use control::evidence::{
    Activity, Actor, Command, Connection, Direction, End, Entry, Exit, Item, Leader, Phase,
    Session, What,
};
use event::{Subject, Time};
use store::{ActivityFilter, Draft, Journal, Opening, Order, SessionFilter, View};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const START: Time = Time(1_790_000_000 * Time::SECOND);
const PODS: u64 = 30;
const PAIRS: u64 = 600;
/// Seconds of an entry of commands.
const WINDOW: u64 = 10;
/// A shell every so many entries, with so many commands.
const SHELL: (u64, u64) = (60, 40);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hours = std::env::args().find_map(|arg| arg.parse::<u64>().ok()).unwrap_or(24);
    let dir = tempfile::tempdir()?;
    let opening = Opening { origin: "bench", version: "0", now: START };
    let (mut journal, _) = Journal::open(dir.path(), &opening)?;
    let (mut items, mut entries, mut number) = (0, 0, 0);
    let clock = Instant::now();
    for window in 0..hours * 3600 / WINDOW {
        let mut drafts = Vec::new();
        let mut told = vec![commands(window)];
        if window.is_multiple_of(600 / WINDOW) {
            told.push(connections(window));
        }
        for one in told {
            number += 1;
            items += one.items.len();
            drafts.push(Draft::new(Entry::Activity(Activity { number, ..one })));
        }
        entries += drafts.len();
        journal.commit(drafts)?;
    }
    let mut out = std::io::stdout().lock();
    let view = journal.view();
    let size = view.size()?;
    writeln!(
        out,
        "kept     {hours} h: {entries} entries, {items} items in {:.1} s; trail {:.1} MB, \
         projection {:.1} MB; a day is {:.1} MB",
        clock.elapsed().as_secs_f64(),
        size.trail_bytes as f64 / 1e6,
        size.projection_bytes as f64 / 1e6,
        (size.trail_bytes + size.projection_bytes) as f64 / 1e6 * 24.0 / hours as f64,
    )?;
    ask(&mut out, &view, hours)
}

fn ask(out: &mut impl Write, view: &View, hours: u64) -> Result<(), Box<dyn std::error::Error>> {
    let some = |text: &str| Some(text.to_owned());
    let none = ActivityFilter::default;
    let noon = START.plus((hours * 1800) as i64 * Time::SECOND);
    let session = control::evidence::SessionId {
        boot: BOOT.to_owned(),
        leader: Leader { pid: 100_000 + SHELL.0 as u32, start: SHELL.0 },
    };
    let once = format!("report-7-{}", hours * 3600 / WINDOW - 17);
    let questions = [
        ("newest", none()),
        ("container", ActivityFilter { container: some(&container(7)), ..none() }),
        (
            "pod and kind",
            ActivityFilter {
                pod: some("web-7"),
                kind: vec![control::evidence::Kind::Connection],
                ..none()
            },
        ),
        ("user who was rarely there", ActivityFilter { user: some("ada"), ..none() }),
        ("text met once", ActivityFilter { text: some(&once), ..none() }),
        ("text met never", ActivityFilter { text: some("nsenter"), ..none() }),
        ("text of every entry", ActivityFilter { text: some("probe"), ..none() }),
        ("text of two letters", ActivityFilter { text: some("zq"), ..none() }),
        (
            "kind met never",
            ActivityFilter { kind: vec![control::evidence::Kind::Module], ..none() },
        ),
        (
            "pod at noon",
            ActivityFilter {
                pod: some("web-3"),
                from: Some(noon),
                until: Some(noon.plus(Time::MINUTE)),
                ..none()
            },
        ),
        ("session", ActivityFilter { session: Some(session), ..none() }),
    ];
    for (name, filter) in &questions {
        time(out, name, || {
            let page = view.activity(filter, Order::NewestFirst, None, 100)?;
            Ok(page.items.len())
        })?;
    }
    time(out, "sessions", || Ok(view.sessions(&SessionFilter::default(), None, 100)?.items.len()))
}

/// Asks ten times and tells the median and the worst.
fn time(
    out: &mut impl Write,
    name: &str,
    mut question: impl FnMut() -> Result<usize, store::Error>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..10 {
        let clock = Instant::now();
        found = question()?;
        times.push(clock.elapsed());
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    writeln!(
        out,
        "{name:<26} {found:>4} found, {:.1} ms, at most {:.1}",
        ms(times[5]),
        ms(times[9])
    )?;
    Ok(())
}

const BOOT: &str = "6f1c3a52-9c1e-4b7e-9d55-0a4c0c2f1b11";

fn container(pod: u64) -> String {
    format!("{:064x}", pod.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn actor(pod: u64) -> Actor {
    let subject = Subject {
        namespace: Some(format!("team-{}", pod % 4)),
        pod: Some(format!("web-{pod}")),
        container: Some(container(pod)),
        image: Some(format!("registry.example/shop/web:{}", pod % 5)),
        principal: Some("www-data".to_owned()),
        ..Subject::default()
    };
    Actor { subject, uid: 33, login: None, session: None }
}

fn item(first: u64, by: u32, process: &str, what: What) -> Item {
    let (process, pid) = (process.to_owned(), (first % 30_000) as u32);
    Item { first, last: None, count: 1, failed: 0, by, pid, process, what }
}

fn command(args: &[&str], terminal: Option<&str>) -> What {
    What::Command(Command {
        exe: format!("/usr/bin/{}", args[0]),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        cwd: "/srv/shop".to_owned(),
        parent: "runc".to_owned(),
        terminal: terminal.map(str::to_owned),
        exit: Some(Exit::Code(0)),
        ..Command::default()
    })
}

/// Ten seconds: probes of ten pods, each as one item of its pod, and ten commands that differ.
fn commands(window: u64) -> Activity {
    let mut actors: Vec<Actor> = (0..PODS).map(actor).collect();
    let mut items = Vec::new();
    for second in 0..WINDOW {
        let pod = (window + second) % PODS;
        let probe = command(&["probe", "--port", "8080"], None);
        items.push(item(second * 1_000_000, pod as u32, "probe", probe));
        let text = format!("report-{second}-{window}");
        let job = command(&["job", "--name", "hourly", &text], None);
        items.push(item(second * 1_000_000 + 5000, (pod % 5) as u32, "job", job));
    }
    if window.is_multiple_of(SHELL.0) {
        let leader = Leader { pid: 100_000 + window as u32, start: window };
        let subject = Subject { principal: Some("ada".to_owned()), ..actor(7).subject };
        let by = actors.len() as u32;
        actors.push(Actor { subject, uid: 1000, login: None, session: Some(leader) });
        let began = Session {
            phase: Phase::Began,
            terminal: Some("pts/0".to_owned()),
            via: vec!["runc".to_owned()],
            exit: None,
        };
        items.push(item(0, by, "bash", What::Session(began)));
        for number in 0..SHELL.1 {
            let file = format!("/srv/shop/{number}.json");
            items.push(item(number * 200_000, by, "cat", command(&["cat", &file], Some("pts/0"))));
        }
    }
    items.sort_by_key(|item| item.first);
    let from = START.plus((window * WINDOW) as i64 * Time::SECOND);
    entry(from, WINDOW, actors, items)
}

fn connections(window: u64) -> Activity {
    let actors: Vec<Actor> = (0..PODS).map(actor).collect();
    let items = (0..PAIRS).map(|pair| {
        let mixed = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let address = [10, (mixed >> 16) as u8 % 4, (mixed >> 8) as u8, mixed as u8];
        let remote = Some(End { address: address.into(), port: Some(443) });
        let local = Some(End { address: [10, 9, 0, (pair % PODS) as u8].into(), port: None });
        let connection = Connection {
            direction: Direction::Out,
            protocol: "tcp".to_owned(),
            local,
            remote,
            path: None,
        };
        let by = (pair % PODS) as u32;
        let one = item(pair * 1000, by, "web", What::Connection(connection));
        Item { last: Some(599_000_000), count: 1 + (mixed ^ window) % 50, ..one }
    });
    let items = items.collect();
    let from = START.plus((window * WINDOW) as i64 * Time::SECOND);
    entry(from, 600, actors, items)
}

fn entry(from: Time, seconds: u64, actors: Vec<Actor>, items: Vec<Item>) -> Activity {
    Activity {
        node: "node-a".to_owned(),
        boot: BOOT.to_owned(),
        from,
        until: from.plus(seconds as i64 * Time::SECOND),
        actors,
        items,
        ..Activity::default()
    }
}
