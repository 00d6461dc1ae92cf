//! Puts the project's own rules into the binary: every `rules/<source>/*.yaml`, in name order, and
//! the page beside each.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let rules = home.join("../../rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut files = Vec::new();
    for folder in entries(&rules)? {
        if folder.is_dir() {
            println!("cargo::rerun-if-changed={}", folder.display());
            files.extend(
                entries(&folder)?
                    .into_iter()
                    .filter(|path| path.extension().is_some_and(|it| it == "yaml" || it == "md")),
            );
        }
    }
    let mut table = String::from("&[\n");
    for file in files {
        let file = file.canonicalize()?;
        println!("cargo::rerun-if-changed={}", file.display());
        let mut parts = file.components().rev().take(2).map(|part| part.as_os_str().display());
        let (Some(name), Some(folder)) = (parts.next(), parts.next()) else { continue };
        let _ = writeln!(
            table,
            "    ({:?}, include_bytes!({:?}).as_slice()),",
            format!("rules/{folder}/{name}"),
            file.display().to_string(),
        );
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("own_rules.rs"), table)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
