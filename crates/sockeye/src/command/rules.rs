//! `sockeye rules`: what is wrong with rule files, what is in them, what a rule means, and whether
//! it does what its page says.

mod check;
mod explain;
pub mod fields;
mod files;
mod list;
mod test;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use rule::diagnostic::{Colour, render};
use rule::{Diagnostic, RuleFile};
use serde::Serialize;

/// Check, list, explain and test rules.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye rules check my_rules.yaml
  sockeye rules list -o json
  sockeye rules fields --source k8s_audit
  sockeye rules explain 'Secret read'
  sockeye rules test rules/k8s_audit/secret-read.md")]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text", global = true)]
    output: Form,
}

#[derive(clap::Subcommand)]
enum What {
    Check(check::Args),
    List(list::Args),
    Fields(fields::Args),
    Explain(explain::Args),
    Test(test::Args),
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match choose(args) {
        // Whoever read the output has seen enough: `sockeye rules list | head`.
        Err(error) if is_closed(&error) => Ok(ExitCode::SUCCESS),
        done => done,
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let plain = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = || cause.downcast_ref::<serde_json::Error>().and_then(|e| e.io_error_kind());
        plain.or_else(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

fn choose(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::Check(check) => check::run(&check, args.output),
        What::List(list) => list::run(&list, args.output),
        What::Fields(fields) => fields::run(&fields, args.output),
        What::Explain(explain) => explain::run(&explain, args.output),
        What::Test(test) => test::run(&test, args.output),
    }
}

/// Prints a value as JSON.
fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Says what loading had to say, on standard error. Remarks are left out where there are errors.
fn tell(diagnostics: &[Diagnostic], files: &[RuleFile]) -> anyhow::Result<()> {
    let colour = if io::stderr().is_terminal() { Colour::On } else { Colour::Off };
    let wrong = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let mut err = anstream::stderr().lock();
    for diagnostic in diagnostics.iter().filter(|one| wrong == 0 || one.is_error()) {
        write!(err, "{}", render(diagnostic, files, colour))?;
    }
    anyhow::ensure!(wrong == 0, "{}", counted(wrong, "problem") + " in the rules");
    Ok(())
}

/// Says how many there are of a thing.
fn counted(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}
