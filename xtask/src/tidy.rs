//! Reads our own sources for what neither the compiler nor clippy says: long lines, long files,
//! notes left behind. Exceptions stand in `allowed.txt`, each with a reason.

use std::path::{Path, PathBuf};

use anyhow::Context;

const LINE_CHARS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 500;
const ALLOWED: &str = include_str!("allowed.txt");
const EXTENSIONS: [&str; 4] = ["rs", "ts", "svelte", "mjs"];
const SKIPPED: [&str; 5] = ["target", "node_modules", "dist", ".cache", ".git"];

/// Lists every breach with its place and what to do.
pub fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask", "web/src", "e2e", "fuzz"] {
        for path in sources(&root.join(folder))? {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let text = std::fs::read_to_string(&path).with_context(|| name.clone())?;
            faults.extend(breaches(&name, &text));
        }
    }
    Ok(faults)
}

fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                found.extend(sources(&path)?);
            }
        } else if path.extension().is_some_and(|e| EXTENSIONS.iter().any(|known| e == *known)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn breaches(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let allowed = |what: &str| {
        ALLOWED.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(what) && words.next() == Some(name)
        })
    };
    for (index, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", index + 1);
        if line.chars().count() > LINE_CHARS_MAX && !allowed("line") {
            faults.push(format!("{place}: longer than {LINE_CHARS_MAX} characters; break it"));
        }
        let note = ["TODO", "FIXME", "XXX"].iter().find(|word| line.contains(**word));
        if let Some(word) = note.filter(|_| !allowed("note")) {
            faults.push(format!("{place}: {word} left behind; do it, or open an issue"));
        }
    }
    let body = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = body.lines().count();
    if lines > FILE_LINES_MAX && !allowed("file") {
        faults.push(format!("{name}: {lines} lines; split it by subject (≤ {FILE_LINES_MAX})"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_tidy() {
        let faults = faults(&crate::root()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_long_line_is_named_with_its_place() {
        let text = format!("fn short() {{}}\n// {}\n", "x".repeat(100));
        let faults = breaches("crates/a/src/lib.rs", &text);
        assert_eq!(faults, ["crates/a/src/lib.rs:2: longer than 100 characters; break it"]);
    }
}
