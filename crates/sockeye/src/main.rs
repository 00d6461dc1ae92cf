//! The `sockeye` command: reads what was asked and wires the other crates together.

mod command;
mod config;
mod evidence;
mod memory;
mod package;
#[cfg(test)]
mod reference;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// SOC 2 for containers and Kubernetes: detect, keep the evidence, report.
#[derive(Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(command::serve::Args),
    Agent(command::agent::Args),
    Nodes(command::nodes::Args),
    Detect(command::detect::Args),
    Rules(command::rules::Args),
    Controls(command::controls::Args),
    Report(command::report::Args),
    Verify(command::verify::Args),
    Completion(command::completion::Args),
}

/// 0: fine; 1: findings at or above the bound, or evidence that does not verify; 2: could not do
/// it.
fn main() -> ExitCode {
    node::canary::act_if_asked();
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let done = match cli.command {
        Command::Serve(args) => command::serve::run(args),
        Command::Agent(args) => command::agent::run(args),
        Command::Nodes(args) => command::nodes::run(args),
        Command::Detect(args) => command::detect::run(args, &matches),
        Command::Rules(args) => command::rules::run(args),
        Command::Controls(args) => command::controls::run(args),
        Command::Report(args) => command::report::run(args),
        Command::Verify(args) => command::verify::run(args),
        Command::Completion(args) => command::completion::run::<Cli>(args),
    };
    done.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}
