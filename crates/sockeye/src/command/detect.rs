//! `sockeye detect`: judges events, recorded or of this machine, by rules and prints the alerts.

mod input;
pub mod live;
mod print;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};
use detect::{Detector, Replay, Seen, Summary};
use event::{Severity, Time};
use indicatif::{ProgressBar, ProgressStyle};
use rule::diagnostic::{Colour, render};

use crate::config::StatedKubernetes;
use input::Input;
use print::Printer;

/// Judge events by rules and print the alerts.
///
/// Reads Kubernetes audit logs: JSON lines as the API server writes them, lists and arrays of
/// events as its webhook sends them, plain or compressed with gzip or zstd; or, with --live, the
/// system calls of this machine. Alerts go to standard output, a summary to standard error.
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

    /// Judge the system calls of this machine until interrupted, instead of recorded events
    #[arg(long, conflicts_with_all = ["inputs", "source"])]
    live: bool,

    /// End after this time, such as 30s or 5m
    #[arg(long = "for", value_name = "TIME", value_parser = live::duration)]
    live_for: Option<Duration>,

    /// How the kernel programs are attached: auto, fexit, tracepoint or btf
    #[arg(
        long,
        value_name = "STEP",
        default_value = "auto",
        value_parser = crate::config::step
    )]
    step: sensor::Choice,

    /// Whether the kernel programs drop what no rule can match, or send it to be judged here: the
    /// alerts are the same, only the cost differs
    #[arg(long, value_name = "WHETHER", default_value = "on")]
    push_down: Switch,

    #[command(flatten)]
    kubernetes: StatedKubernetes,

    /// Files or folders to read; - is standard input
    #[arg(required_unless_present = "live", value_name = "INPUT")]
    inputs: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sockeye detect audit.log                         judge a log by the built-in rules
  sockeye detect -r my_rules.yaml -o json audit*.log.gz
  kubectl logs kube-apiserver-cp1 | sockeye detect -
  sockeye detect --fail-on warning audit.log       for a pipeline
  sockeye detect --live --for 30s                  watch this machine (root, Linux 5.11 or later)

Exit status:
  0  no alert at or above --fail-on
  1  such an alert
  2  a rule or an input could not be read, or this machine could not be watched";

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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Options that only a watch asks for, by their ids. That they require `--live` cannot be said to
/// clap: it lets everything go that recorded inputs conflict with.
const OF_WATCH: [(&str, &str); 5] = [
    ("live_for", "--for"),
    ("step", "--step"),
    ("push_down", "--push-down"),
    ("kubeconfig", "--kubeconfig"),
    ("node", "--kubernetes-node"),
];

/// Runs the command; `matches` are those of the whole command line.
pub fn run(args: Args, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    if !args.live
        && let Some(option) = option_of_watch(matches)
    {
        anyhow::bail!("{option} is for the system calls of this machine: add --live, or leave it");
    }
    let detector = detector(&args.rules)?;
    if args.live {
        return live::run(&args, detector, start);
    }
    warn_of_no_rules(&detector);
    if let Some(source) = &args.source {
        input::check_source(source)?;
    }
    let inputs = Input::all(&args.inputs)?;
    let matching = args.rule_matching.into();
    let bar = progress(&inputs);
    let mut printer = Printer::new(args.output, &bar);
    let mut replay = Replay::new(detector, matching, host(), now());
    let mut failed = false;
    for input in &inputs {
        let read = input.open(args.source.as_deref()).and_then(|lines| {
            replay.read(lines, |seen| show(seen, input, &mut printer, &bar)).map_err(Into::into)
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

/// Returns an option on the command line that only a watch asks for. One that a variable holds may
/// stand there for other commands.
fn option_of_watch(matches: &ArgMatches) -> Option<&'static str> {
    let (_, matches) = matches.subcommand()?;
    let is_said = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    OF_WATCH.iter().find(|(id, _)| is_said(id)).map(|(_, option)| *option)
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
    Ok(detector)
}

fn warn_of_no_rules(detector: &Detector) {
    let readable = Detector::sources();
    if !detector.rules().any(|(source, _)| readable.contains(&source)) {
        anstream::eprintln!(
            "warning: none of the rules is enabled for a source that can be read ({})",
            readable.join(", ")
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
        .or_else(|| Some(crate::config::hostname()).filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "localhost".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock for those below it")]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanoseconds = since.map_or(0, |since| since.as_nanos());
    Time(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
}
