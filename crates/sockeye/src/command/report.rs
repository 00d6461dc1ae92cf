//! `sockeye report`.

use std::process::ExitCode;

/// Write the evidence of a period for the auditor.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
