//! `sockeye completion`.

use std::process::ExitCode;

/// Print a completion script for a shell.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  sockeye completion bash > /etc/bash_completion.d/sockeye")]
pub struct Args {
    /// Shell to write for
    shell: clap_complete::Shell,
}

/// Writes the script to stdout.
pub fn run<C: clap::CommandFactory>(args: Args) -> anyhow::Result<ExitCode> {
    clap_complete::generate(args.shell, &mut C::command(), "sockeye", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
