//! `sockeye serve`.

use std::process::ExitCode;

/// Run the server: intake, trail, live feed, console.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
