//! `sockeye verify`.

use std::process::ExitCode;

/// Check a trail or a report package offline.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
