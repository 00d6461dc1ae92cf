//! A report package.

use std::path::Path;
use std::process::ExitCode;

use super::Args;

/// Checks the package and tells the result.
pub fn run(dir: &Path, _args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`{}` is a report package, which this build cannot check", dir.display())
}
