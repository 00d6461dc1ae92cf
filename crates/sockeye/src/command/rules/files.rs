//! Rule files from the command line: files, folders of files, or those that come with this build.

use std::fs;
use std::path::{Path, PathBuf};

use rule::diagnostic::Code;
use rule::{Diagnostic, RuleFile};

/// Which rule files a command reads.
#[derive(clap::Args)]
pub struct Chosen {
    /// Rule file or folder of rule files, instead of the built-in rules; later ones add to and
    /// override earlier ones
    #[arg(short, long = "rules", value_name = "RULES")]
    rules: Vec<PathBuf>,
}

impl Chosen {
    /// Reads the files, and says which cannot be read.
    pub fn read(&self) -> (Vec<RuleFile>, Vec<Diagnostic>) {
        if self.rules.is_empty() { (detect::own_rules(), Vec::new()) } else { read(&self.rules) }
    }
}

/// Reads rule files. A folder stands for its `.yaml` and `.yml` files and those of the folders in
/// it, in name order. What cannot be read is told, and the rest is read all the same.
pub fn read(paths: &[PathBuf]) -> (Vec<RuleFile>, Vec<Diagnostic>) {
    let mut files = Vec::new();
    let mut diagnostics = Vec::new();
    for path in paths {
        let mut found = Vec::new();
        if path.is_dir() {
            if let Err(error) = inside(path, &["yaml", "yml"], &mut found) {
                diagnostics.push(unreadable(path, &error.to_string()));
            } else if found.is_empty() {
                diagnostics.push(unreadable(path, "the folder holds no .yaml file"));
            }
        } else {
            found.push(path.clone());
        }
        for path in &found {
            match fs::read(path) {
                Ok(text) => files.push(RuleFile::new(path.display().to_string(), text)),
                Err(error) => diagnostics.push(unreadable(path, &error.to_string())),
            }
        }
    }
    (files, diagnostics)
}

/// Finds the files with one of these endings in a folder and those within it, in name order.
pub fn inside(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        let ending = path.extension().unwrap_or_default();
        // A link to a folder is not followed: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            inside(&path, endings, found)?;
        } else if endings.iter().any(|known| ending == *known) {
            found.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, why: &str) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::new(Code::LoadErrFileRead, format!("cannot read `{}`: {why}", path.display()));
    diagnostic.file = path.display().to_string();
    diagnostic
}
