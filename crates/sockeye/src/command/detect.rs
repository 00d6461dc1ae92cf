//! `sockeye detect`.

use std::process::ExitCode;

/// Judge recorded events by rules and print the alerts.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
