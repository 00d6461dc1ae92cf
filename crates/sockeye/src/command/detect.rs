//! `sockeye detect`: judges recorded events by rules and prints the alerts.

mod input;
mod print;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::ValueEnum;
use detect::{Detector, Matching, Replay, Seen, Summary};
use event::{Severity, Time};
use indicatif::{ProgressBar, ProgressStyle};
use rule::Ruleset;
use rule::diagnostic::{Colour, render};

use input::Input;
use print::Printer;

/// Judge recorded events by rules and print the alerts.
///
/// Reads Kubernetes audit logs: JSON lines as the API server writes them, lists and arrays of
/// events as its webhook sends them, plain or compressed with gzip or zstd. Alerts go to standard
/// output, a summary to standard error.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Rule file or folder of rule files, instead of the built-in rules; later ones add to and
    /// override earlier ones
    #[arg(short, long = "rules", value_name = "RULES")]
    rules: Vec<PathBuf>,

    /// Source of the events; told from their content when not given
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,

    /// Alert for every rule that matches an event, or only for the first in file order (as Falco)
    #[arg(long, value_name = "WHICH", default_value = "all")]
    rule_matching: Which,

    /// How alerts are printed; json is one object a line, in Falco's shape
    #[arg(short, long, value_name = "FORM", default_value = "text")]
    output: Form,

    /// Also write the summary to this file, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Exit with 1 when an alert is at least this severe
    #[arg(long, value_name = "PRIORITY")]
    fail_on: Option<Severity>,

    /// Files or folders to read; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sockeye detect audit.log                         judge a log by the built-in rules
  sockeye detect -r my_rules.yaml -o json audit*.log.gz
  kubectl logs kube-apiserver-cp1 | sockeye detect -
  sockeye detect --fail-on warning audit.log       for a pipeline

Exit status:
  0  no alert at or above --fail-on
  1  such an alert
  2  a rule or an input could not be read";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    All,
    First,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let detector = detector(&args.rules)?;
    if let Some(source) = &args.source {
        input::check_source(source)?;
    }
    let inputs = Input::all(&args.inputs)?;
    let matching = match args.rule_matching {
        Which::All => Matching::All,
        Which::First => Matching::First,
    };
    let bar = progress(&inputs);
    let mut printer = Printer::new(args.output, &bar);
    let mut replay = Replay::new(detector, matching, host(), now());
    let mut failed = false;
    for input in &inputs {
        let read = input.open(args.source.as_deref()).and_then(|reader| {
            replay.read(reader, |seen| show(seen, input, &mut printer, &bar)).map_err(Into::into)
        });
        if let Err(error) = read {
            failed = true;
            bar.suspend(|| anstream::eprintln!("error: {}: {error:#}", input.name()));
        }
        if printer.is_closed() {
            break;
        }
    }
    bar.finish_and_clear();
    printer.finish()?;
    let mut summary = replay.summary();
    summary.seconds = start.elapsed().as_secs_f64();
    print::summary(&summary);
    if let Some(path) = &args.summary {
        write_summary(path, &summary)?;
    }
    Ok(match args.fail_on {
        _ if failed => ExitCode::from(2),
        Some(bound) if summary.reaches(bound) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    })
}

fn show(seen: Seen<'_>, input: &Input, printer: &mut Printer, bar: &ProgressBar) {
    match seen {
        Seen::Alert(alert) => printer.alert(&alert),
        Seen::Rejected(reject) => printer.rejected(&input.name(), reject),
        Seen::Bytes(bytes) => {
            printer.flush();
            bar.inc(bytes);
        }
    }
}

/// Loads and compiles the rules; says everything that is wrong with them.
fn detector(paths: &[PathBuf]) -> anyhow::Result<Detector> {
    let files = if paths.is_empty() { detect::own_rules() } else { input::rule_files(paths)? };
    let (ruleset, mut diagnostics) = rule::load(&files, source::sources());
    let (catalogue, _) = control::Catalogue::embedded();
    let mapping = control::Mapping::of(&catalogue);
    let (detector, refused) = Detector::new(&ruleset, |rule| mapping.criteria(rule));
    diagnostics.extend(refused);
    let colour = if io::stderr().is_terminal() { Colour::On } else { Colour::Off };
    let wrong = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    for diagnostic in diagnostics.iter().filter(|one| wrong == 0 || one.is_error()) {
        anstream::eprint!("{}", render(diagnostic, &files, colour));
    }
    if wrong > 0 {
        anyhow::bail!("{wrong} problem(s) in the rules; nothing was judged");
    }
    warn_of_no_rules(&detector, &ruleset);
    Ok(detector)
}

fn warn_of_no_rules(detector: &Detector, ruleset: &Ruleset) {
    if detector.rules().next().is_none() {
        let loaded = ruleset.rules.len();
        anstream::eprintln!(
            "warning: none of the {loaded} rules loaded is enabled for a source that can be read \
             ({})",
            Detector::sources().join(", ")
        );
    }
}

fn progress(inputs: &[Input]) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let total = inputs.iter().map(Input::length).sum::<Option<u64>>();
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    let template = match total {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{spinner} {bytes} {bytes_per_sec}",
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()))
}

fn write_summary(path: &std::path::Path, summary: &Summary) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(summary)?;
    text.push(b'\n');
    std::fs::write(path, text)
        .with_context(|| format!("cannot write the summary to `{}`", path.display()))
}

/// Returns the name of this machine; Falco's variable for it is honoured.
fn host() -> String {
    let named = std::env::var("FALCO_HOSTNAME").ok().filter(|name| !name.is_empty());
    named
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock for those below it")]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanoseconds = since.map_or(0, |since| since.as_nanos());
    Time(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
}
