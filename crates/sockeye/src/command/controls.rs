//! `sockeye controls`.

use std::process::ExitCode;

/// List SOC 2 controls and show how they stand.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
