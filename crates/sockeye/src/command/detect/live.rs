//! `sockeye detect --live`: judges this machine's own system calls.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use detect::{Detector, Live, Sensed, Wanted};
use event::Time;
use indicatif::ProgressBar;
use rustix::time::{ClockId, clock_gettime};
use sensor::{Choice, Options, POLL, Sensor};
use syscall::{Environment, Home, Tables};
use tokio::signal::unix::{SignalKind, signal};

use super::print::{self, Printer};
use super::{Args, Which};

/// Records that are read before anything else is looked at.
const READ_COUNT_MAX: usize = 4096;
/// How often losses and the clock are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until the time is over or somebody interrupts.
pub fn run(args: &Args, detector: Detector, started: Instant) -> anyhow::Result<ExitCode> {
    let wanted = detector.wanted().clone();
    if wanted.operations.is_empty() {
        bail!("none of the rules is for system calls: name rule files with -r");
    }
    tell_of(&wanted);
    let stop = on_signal()?;
    let options = Options {
        step: args.step,
        operations: wanted.operations.clone(),
        environment: wanted.environment == Environment::Kept,
        ..Options::default()
    };
    let mut sensor = Sensor::start(&options).context("cannot watch this machine")?;
    // First the sensor, then the scan: whatever begins in between is told of by one of them.
    let mut tables = Tables::new(Home::default(), epoch(), wanted.environment);
    tables.scan();
    let blind = announce(&sensor, &tables);
    let bar = ProgressBar::hidden();
    let mut printer = Printer::new(args.output, &bar);
    let mut live = Live::new(detector, tables, args.rule_matching.into(), super::host());
    let end = args.live_for.map(|time| Instant::now() + time);
    let mut watch = Watch { lost: 0, looked: Instant::now(), blind, doubt: None };
    watch.doubt.clone_from(&watch.blind);
    while !stop.load(Ordering::Relaxed) && end.is_none_or(|end| Instant::now() < end) {
        let count = watch.read(&mut sensor, &mut live, &mut printer);
        printer.flush();
        if printer.is_closed() {
            break;
        }
        if count < READ_COUNT_MAX {
            thread::sleep(POLL);
        }
    }
    // What the programs sent before this moment still counts.
    watch.read(&mut sensor, &mut live, &mut printer);
    printer.finish()?;
    let mut summary = live.summary();
    summary.seconds = started.elapsed().as_secs_f64();
    summary.sensed = Some(sensed(&sensor, live.tables())?);
    drop(sensor);
    print::summary(&summary);
    if let Some(path) = &args.summary {
        super::write_summary(path, &summary)?;
    }
    Ok(match args.fail_on {
        Some(bound) if summary.reaches(bound) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}

/// What is looked at beside the records.
struct Watch {
    lost: u64,
    looked: Instant,
    blind: Option<String>,
    doubt: Option<String>,
}

impl Watch {
    fn read(&mut self, sensor: &mut Sensor, live: &mut Live, printer: &mut Printer) -> usize {
        if self.looked.elapsed() >= LOOK {
            self.look(sensor, live);
        }
        let now = super::now();
        let doubt = self.doubt.as_deref();
        sensor.read(READ_COUNT_MAX, |record| {
            live.take(&record, doubt, now, |alert| printer.alert(&alert));
        })
    }

    /// An alert is in doubt while something is being lost.
    fn look(&mut self, sensor: &Sensor, live: &mut Live) {
        self.looked = Instant::now();
        live.tables().set_epoch(epoch());
        let tallies = sensor.tallies().unwrap_or_default();
        let lost = tallies.iter().map(|(_, tally)| tally.lost()).sum::<u64>()
            + sensor.recursion_misses()
            + sensor.unreadable();
        let new = lost.saturating_sub(self.lost);
        self.lost = lost;
        let losing = (new > 0).then(|| format!("{new} records were lost just before"));
        let doubts: Vec<String> = [self.blind.clone(), losing].into_iter().flatten().collect();
        self.doubt = (!doubts.is_empty()).then(|| doubts.join("; "));
    }
}

/// Says what cannot be judged as written.
fn tell_of(wanted: &Wanted) {
    for (call, rules) in &wanted.untold {
        anstream::eprintln!(
            "warning: no sensor tells of `{call}`, which is asked for by {}",
            list(rules)
        );
    }
    if !wanted.broad.is_empty() {
        anstream::eprintln!(
            "warning: every call is watched, which is dear: no evt.type is named by {}",
            list(&wanted.broad)
        );
    }
}

/// Names shown of a list; the rest is counted.
const SHOWN_MAX: usize = 3;

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN_MAX).map(|name| format!("`{name}`")).collect();
    let rest = names.len().saturating_sub(SHOWN_MAX);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    shown.join(", ") + &more
}

/// Says where the sensor stands, and that it is ready. Returns what it cannot see.
fn announce(sensor: &Sensor, tables: &Tables) -> Option<String> {
    let standing = sensor.standing();
    for refusal in &standing.refused {
        anstream::eprintln!("{refusal}");
    }
    for missing in &standing.missing {
        anstream::eprintln!(
            "not seen: {} ({}: {})",
            missing.operation.name(),
            missing.hook,
            missing.reason
        );
    }
    let blind: Vec<String> = standing.blind.iter().map(ToString::to_string).collect();
    for blind in &blind {
        anstream::eprintln!("degraded: {blind}");
    }
    anstream::eprintln!(
        "ready: step {}, {} hooks, {} processes known",
        standing.step,
        standing.hooks,
        tables.processes().len()
    );
    (!blind.is_empty()).then(|| blind.join("; "))
}

fn sensed(sensor: &Sensor, tables: &Tables) -> anyhow::Result<Sensed> {
    let standing = sensor.standing();
    let mut sensed = Sensed {
        step: standing.step.to_string(),
        refused: standing.refused.iter().map(ToString::to_string).collect(),
        blind: standing.blind.iter().map(ToString::to_string).collect(),
        ..Sensed::default()
    };
    let mut lost = BTreeMap::from([
        ("recursion".to_owned(), sensor.recursion_misses()),
        ("unreadable".to_owned(), sensor.unreadable()),
    ]);
    for (operation, tally) in sensor.tallies()? {
        sensed.seen += tally.seen;
        sensed.filtered += tally.filtered;
        *lost.entry("ring_full".to_owned()).or_default() += tally.ring_full;
        *lost.entry("no_slot".to_owned()).or_default() += tally.no_slot;
        if tally.lost() > 0 {
            sensed.lost_calls.insert(operation.name().to_owned(), tally.lost());
        }
    }
    sensed.lost = lost;
    let gaps = tables.gaps();
    sensed.gaps = BTreeMap::from([
        ("processes_evicted".to_owned(), gaps.processes),
        ("processes_unannounced".to_owned(), gaps.unannounced),
        ("processes_unknown".to_owned(), gaps.unknown),
        ("sockets_evicted".to_owned(), gaps.sockets),
        ("cgroups_evicted".to_owned(), gaps.cgroups),
    ]);
    Ok(sensed)
}

/// Returns the time of day at which the machine's own clock was zero.
fn epoch() -> Time {
    let of = |clock| {
        let time = clock_gettime(clock);
        time.tv_sec * Time::SECOND + time.tv_nsec
    };
    Time(of(ClockId::Realtime) - of(ClockId::Boottime))
}

/// Returns what becomes true when somebody asks for the end.
fn on_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let asked = stop.clone();
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        });
        asked.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}

/// Reads a time such as `30s`, `5m`, `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{text}` is no time: write 30s, 5m or 1h")),
    };
    let number: Option<u64> = number.parse().ok();
    let total = number.and_then(|number| number.checked_mul(milliseconds));
    total
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no time: write 30s, 5m or 1h"))
}

/// Reads the name of a step.
pub fn step(text: &str) -> Result<Choice, String> {
    text.parse().map_err(|error: sensor::NoStep| error.to_string())
}

impl From<Which> for detect::Matching {
    fn from(which: Which) -> Self {
        match which {
            Which::All => Self::All,
            Which::First => Self::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "s", "1d", "-1s", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
