//! Inputs and rule files of `sockeye detect`: names, folders, and what kind of events they hold.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, bail};
use detect::Detector;
use rule::RuleFile;
use source::input::Lines;

/// One thing to read.
pub enum Input {
    /// `-`.
    Standard,
    /// A file and its length.
    File(PathBuf, u64),
}

impl Input {
    /// Names every input; a folder stands for its files, oldest first.
    pub fn all(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
        let mut inputs = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                inputs.push(Input::Standard);
                continue;
            }
            let about = fs::metadata(path)
                .with_context(|| format!("cannot read input `{}`", path.display()))?;
            if !about.is_dir() {
                inputs.push(Input::File(path.clone(), about.len()));
                continue;
            }
            let mut files = Vec::new();
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let about = entry.metadata()?;
                if about.is_file() {
                    let age = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                    files.push((age, entry.path(), about.len()));
                }
            }
            files.sort();
            inputs.extend(files.into_iter().map(|(_, path, length)| Input::File(path, length)));
        }
        Ok(inputs)
    }

    /// Returns a name for people.
    pub fn name(&self) -> String {
        match self {
            Input::Standard => "standard input".to_owned(),
            Input::File(path, _) => path.display().to_string(),
        }
    }

    /// Returns the length in bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Input::Standard => None,
            Input::File(_, length) => Some(*length),
        }
    }

    /// Opens the input, and makes sure that its events can be read.
    pub fn open(&self, source: Option<&str>) -> anyhow::Result<Lines<'static>> {
        let lines = match self {
            Input::Standard => Lines::of(io::stdin().lock()),
            Input::File(path, _) => Lines::of_file(File::open(path).context("cannot open")?),
        };
        let mut lines = lines.context("cannot read")?;
        if source.is_none() {
            check_content(&lines.head().context("cannot read")?)?;
        }
        Ok(lines)
    }
}

/// Refuses a source that nothing here reads.
pub fn check_source(name: &str) -> anyhow::Result<()> {
    let readable = Detector::sources();
    if readable.contains(&name) {
        return Ok(());
    }
    if source::sources().iter().any(|source| source.name == name) {
        bail!("events of source `{name}` cannot be read yet; those of {} can", readable.join(", "));
    }
    bail!("there is no source `{name}`; there is {}", readable.join(", "));
}

/// Refuses events that are plainly of another source. What cannot be told is taken as audit events,
/// so that each bad record is counted and told of.
fn check_content(head: &[u8]) -> anyhow::Result<()> {
    let has = |mark: &str| memchr::memmem::find(head, mark.as_bytes()).is_some();
    if has("audit.k8s.io") || has("\"auditID\"") {
        return Ok(());
    }
    let marks = [
        ("aws_cloudtrail", "\"eventVersion\""),
        ("gcp_auditlog", "type.googleapis.com/google.cloud.audit.AuditLog"),
        ("okta", "\"debugContext\""),
    ];
    match marks.iter().find(|(_, mark)| has(mark)) {
        Some((name, _)) => check_source(name)
            .context("say --source k8s_audit if these are Kubernetes audit events after all"),
        None => Ok(()),
    }
}

/// Reads rule files; a folder stands for its `.yaml` and `.yml` files in name order.
pub fn rule_files(paths: &[PathBuf]) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(rule_file(path)?);
            continue;
        }
        let mut inside = fs::read_dir(path)
            .with_context(|| format!("cannot read rule folder `{}`", path.display()))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        inside.retain(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        });
        inside.sort();
        if inside.is_empty() {
            bail!("rule folder `{}` holds no .yaml file", path.display());
        }
        for path in &inside {
            files.push(rule_file(path)?);
        }
    }
    Ok(files)
}

fn rule_file(path: &Path) -> anyhow::Result<RuleFile> {
    let text =
        fs::read(path).with_context(|| format!("cannot read rule file `{}`", path.display()))?;
    Ok(RuleFile::new(path.display().to_string(), text))
}
