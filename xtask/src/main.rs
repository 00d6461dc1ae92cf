//! Checks of the house itself: `cargo xtask layers` compares the map with the crates,
//! `cargo xtask tidy` reads the sources, `cargo xtask dependencies` asks for a line about each
//! dependency. `cargo test -p xtask` runs them all.
#![allow(clippy::print_stderr, reason = "a command that talks to its caller")]

mod dependencies;
mod layers;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the workspace").to_path_buf()
}

fn main() -> anyhow::Result<ExitCode> {
    let task = std::env::args().nth(1).unwrap_or_default();
    let faults = match task.as_str() {
        "layers" => layers::faults(&root())?,
        "tidy" => tidy::faults(&root())?,
        "dependencies" => dependencies::faults(&root())?,
        _ => {
            eprintln!("usage: cargo xtask layers|tidy|dependencies");
            return Ok(ExitCode::from(2));
        }
    };
    for fault in &faults {
        eprintln!("{fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
