//! A report package.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::{Args, Output};
use crate::package::{check, render};

/// Checks the package and tells the result.
pub fn run(dir: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let checked = render::check(dir, args.key.as_deref());
    let mut out = std::io::stdout().lock();
    match args.output {
        Output::Text => check::print(&checked, &mut out)?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut out, &checked)?;
            writeln!(out)?;
        }
    }
    Ok(if checked.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
