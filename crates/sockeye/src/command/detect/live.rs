//! `sockeye detect --live`: judges this machine's own system calls.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use detect::{Detector, Wanted};
use indicatif::ProgressBar;
use node::{Lookout, Orders, PushDown, Telling};
use sensor::{POLL, RING_LEN_DEFAULT};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::hostname;

use super::print::{self, Printer};
use super::{Args, Switch, Which};

/// Runs until the time is over or somebody interrupts.
pub fn run(args: &Args, detector: Detector, started: Instant) -> anyhow::Result<ExitCode> {
    if detector.wanted().operations.is_empty() {
        bail!("none of the rules is for system calls: name rule files with -r");
    }
    tell_of(detector.wanted());
    let stop = on_signal()?;
    let orders = Orders {
        node: super::host(),
        step: args.step,
        ring_len: RING_LEN_DEFAULT,
        matching: args.rule_matching.into(),
        activity: Telling::Untold,
        push_down: match args.push_down {
            Switch::On => PushDown::On,
            Switch::Off => PushDown::Off,
        },
        cluster: args.kubernetes.settle(&hostname()),
    };
    let mut lookout = Lookout::start(detector, &orders).context("cannot watch this machine")?;
    announce(&lookout);
    let bar = ProgressBar::hidden();
    let mut printer = Printer::new(args.output, &bar);
    let end = args.live_for.map(|time| Instant::now() + time);
    while !stop.load(Ordering::Relaxed) && end.is_none_or(|end| Instant::now() < end) {
        let more = read(&mut lookout, &mut printer);
        printer.flush();
        if printer.is_closed() {
            break;
        }
        if !more {
            thread::sleep(POLL);
        }
    }
    // What the programs sent before this moment still counts.
    read(&mut lookout, &mut printer);
    printer.finish()?;
    let mut summary = lookout.summary();
    summary.seconds = started.elapsed().as_secs_f64();
    summary.sensed = Some(lookout.sensed()?);
    drop(lookout);
    print::summary(&summary);
    if let Some(path) = &args.summary {
        super::write_summary(path, &summary)?;
    }
    Ok(match args.fail_on {
        Some(bound) if summary.reaches(bound) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}

fn read(lookout: &mut Lookout, printer: &mut Printer) -> bool {
    lookout.read(super::now(), |_, alerts| alerts.iter().for_each(|alert| printer.alert(alert)))
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

/// Says where the sensor stands, and that it is ready.
fn announce(lookout: &Lookout) {
    let standing = lookout.standing();
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
    for blind in &standing.blind {
        anstream::eprintln!("degraded: {blind}");
    }
    anstream::eprintln!(
        "ready: step {}, {} hooks, {} processes known",
        standing.step,
        standing.hooks,
        lookout.known()
    );
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
