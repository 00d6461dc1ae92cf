//! What the sensor costs a program: opens and reads with and without it, on every step of the
//! ladder that this kernel allows. Processor time of the program itself, so that others on the
//! machine disturb little.
//!
//! `cargo bench --package sensor [-- rounds [pairs]]`

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sensor::{Choice, Options, POLL, Sensor, Step};
use syscall::record::Operation;
use syscall::selection::{Needle, SITUATION_COUNT, Selection, Sort, Verdict, What};

/// Marks a run of this program as the one that is watched.
const ACT: &str = "act";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [act, what, count, file] = &words[..]
        && act == ACT
    {
        return act_for(what, count.parse()?, file);
    }
    let rounds: usize = words.first().map_or(Ok(3), |word| word.parse())?;
    let pairs: u64 = words.get(1).map_or(Ok(1_000_000), |word| word.parse())?;
    let file = tempfile::NamedTempFile::new()?;
    let file = file.path().to_str().ok_or("a temporary file without a name")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{pairs} open+close, {} reads; medians of {rounds} rounds", 3 * pairs)?;
    for (what, count) in [("read", 3 * pairs), ("open", pairs)] {
        let bare = median(rounds, || run(None, what, count, file))?;
        writeln!(out, "{what:<5} no sensor            {:>7.0} ns", bare.own / count as f64)?;
        for step in Step::LADDER {
            for (name, options) in cases(step) {
                let Ok(cost) = median(rounds, || run(Some(&options), what, count, file)) else {
                    writeln!(out, "{what:<5} {step:<10} {name:<9} not on this kernel")?;
                    continue;
                };
                let (each, times) = (cost.own / count as f64, cost.own / bare.own);
                let (reader, lost) = (cost.reader / 1e9, cost.lost);
                writeln!(
                    out,
                    "{what:<5} {step:<10} {name:<9} {each:>7.0} ns ×{times:.2}, reader \
                     {reader:.2} s, lost {lost}"
                )?;
            }
        }
    }
    Ok(())
}

/// The sensor wants opens: in one case none that only read, in one those of paths that begin in
/// another way, in one all.
fn cases(step: Step) -> [(&'static str, Options); 3] {
    let operations = [Operation::Openat].into();
    let all = Options { step: Choice::Only(step), operations, ..Options::default() };
    let selected = |read: Verdict| {
        let situations = Sort::of(Operation::Openat).map(Sort::situations).unwrap_or_default();
        let mut verdicts = vec![Verdict::Send; SITUATION_COUNT];
        for situation in situations {
            if matches!(situation.what, What::Open(flags, ..) if flags & 3 == 0) {
                verdicts[situation.index()] = read;
            }
        }
        let needles = [b"/etc/".as_slice(), b"/root/", b"/usr/bin/", b"/tmp/named/"];
        let set = needles.iter().map(|path| Needle::Begins(path.to_vec())).collect();
        let verdicts = [(Operation::Openat, verdicts)].into();
        Options { selection: Selection { verdicts, sets: vec![set] }, ..all.clone() }
    };
    let (flags, path) = (selected(Verdict::Drop), selected(Verdict::Among(0)));
    [("by flags", flags), ("by path", path), ("sent", all)]
}

/// What a run took, in nanoseconds.
#[derive(Clone, Copy)]
struct Cost {
    own: f64,
    reader: f64,
    lost: u64,
}

fn median(
    rounds: usize,
    run: impl Fn() -> Result<Cost, Box<dyn Error>>,
) -> Result<Cost, Box<dyn Error>> {
    let mut costs = (0..rounds).map(|_| run()).collect::<Result<Vec<Cost>, _>>()?;
    costs.sort_by(|one, other| one.own.total_cmp(&other.own));
    Ok(costs[costs.len() / 2])
}

fn run(
    options: Option<&Options>,
    what: &str,
    count: u64,
    file: &str,
) -> Result<Cost, Box<dyn Error>> {
    let mut sensor = options.map(Sensor::start).transpose()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args([ACT, what, &count.to_string(), file])
        .stdout(Stdio::piped())
        .spawn()?;
    let before = on_processor()?;
    if let Some(sensor) = &mut sensor {
        read_while(sensor, &mut child)?;
    }
    let reader = on_processor()? - before;
    let mut own = String::new();
    child.stdout.take().ok_or("no output")?.read_to_string(&mut own)?;
    child.wait()?;
    let tallies = sensor.map(|sensor| sensor.tallies()).transpose()?.unwrap_or_default();
    let lost = tallies.iter().map(|(_, tally)| tally.lost()).sum();
    Ok(Cost { own: own.trim().parse()?, reader, lost })
}

fn read_while(sensor: &mut Sensor, child: &mut Child) -> Result<(), Box<dyn Error>> {
    let mut bytes = 0;
    while child.try_wait()?.is_none() {
        while sensor.read(10_000, |record| bytes += record.bytes().len()) == 10_000 {}
        std::thread::sleep(POLL.max(Duration::from_millis(1)));
    }
    std::hint::black_box(bytes);
    Ok(())
}

/// Does what is measured, and prints how long it was on a processor.
fn act_for(what: &str, count: u64, file: &str) -> Result<(), Box<dyn Error>> {
    let mut zero = File::open("/dev/zero")?;
    let mut byte = [0];
    let before = on_processor()?;
    for _ in 0..count {
        match what {
            "open" => drop(File::open(file)?),
            _ => zero.read_exact(&mut byte)?,
        }
    }
    writeln!(std::io::stdout(), "{}", on_processor()? - before)?;
    Ok(())
}

/// Nanoseconds that this thread has been on a processor.
fn on_processor() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("an empty schedstat")?.parse()?)
}
