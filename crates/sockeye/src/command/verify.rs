//! `sockeye verify`.

mod package;
mod trail;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

/// Check a trail or a report package offline.
///
/// Everything is recomputed from the files alone; whatever differs is named. Exit code 0: all is as
/// it was written; 1: something is not; 2: it could not be checked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye verify .data
  sockeye verify .data/trail --key 'example.org/trail+0b8a…+AQ…' --witness /mnt/safe/checkpoints
  sockeye verify report-2026-h1 -o json")]
pub struct Args {
    /// Data directory, trail, or report package
    path: PathBuf,
    /// Verifier key of the trail, as you were given it by another way
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// File of checkpoints that was kept elsewhere; may be repeated
    #[arg(long, value_name = "FILE")]
    witness: Vec<PathBuf>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

/// Form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Sentences
    Text,
    /// One JSON object
    Json,
}

/// What a folder holds.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Trail(PathBuf),
    Package,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match kind(&args.path)? {
        Kind::Trail(dir) => trail::run(&dir, &args),
        Kind::Package => package::run(&args.path, &args),
    }
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    let metadata = path.metadata().with_context(|| format!("cannot read `{}`", path.display()))?;
    if !metadata.is_dir() {
        bail!("`{}` is no folder; give a data directory, trail or report", path.display());
    }
    // A package has a folder `trail` too, but no segments in it.
    for dir in [path.to_owned(), path.join("trail")] {
        if dir.join("segments").is_dir() {
            return Ok(Kind::Trail(dir));
        }
    }
    if path.join("manifest.json").is_file() {
        return Ok(Kind::Package);
    }
    bail!("`{}` holds neither a trail nor a report package", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_what_is_in_it() {
        let dir = std::env::temp_dir().join(format!("sockeye-verify-{}", std::process::id()));
        for folder in ["data/trail/segments", "package/trail", "other"] {
            std::fs::create_dir_all(dir.join(folder)).unwrap();
        }
        std::fs::write(dir.join("package/manifest.json"), "{}").unwrap();
        let trail = dir.join("data/trail");
        assert_eq!(kind(&dir.join("data")).unwrap(), Kind::Trail(trail.clone()));
        assert_eq!(kind(&trail).unwrap(), Kind::Trail(trail));
        assert_eq!(kind(&dir.join("package")).unwrap(), Kind::Package);
        assert!(kind(&dir.join("other")).is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
