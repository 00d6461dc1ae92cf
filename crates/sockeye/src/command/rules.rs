//! `sockeye rules`.

use std::process::ExitCode;

/// Check, list, explain and test rules.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
