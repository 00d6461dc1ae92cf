//! `sockeye rules test`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use detect::Detector;
use detect::page::{self, Fault};
use serde::Serialize;

use super::{Form, counted, files, json, tell};

/// Judge the events of rule pages, and say where a rule does something else than its page says
#[derive(clap::Args)]
#[command(
    after_help = "A page is Markdown beside a rule file of the same name, which may use lists
and macros of the files before it in their folder. In it, a block

  ```json event
  {…}
  ```

is one event (of system calls: an object of fields by name), and the block behind it lists the
rules that must alert, one a line:

  ```text alerts
  Name of a rule
  ```

Exit status:
  0  every rule does what its page says
  1  some do not
  2  a page or its rules could not be read"
)]
pub struct Args {
    /// Pages, rule files with a page beside them, or folders of these
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What came of one page, as `-o json` prints it.
#[derive(Serialize)]
struct Tested {
    page: String,
    events: usize,
    faults: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    line: usize,
    message: String,
}

impl From<Fault> for Told {
    fn from(fault: Fault) -> Told {
        Told { line: fault.line, message: fault.message }
    }
}

/// Tests the pages.
pub fn run(args: &Args, form: Form) -> anyhow::Result<ExitCode> {
    let mut tested = Vec::new();
    for page in pages(&args.files)? {
        tested.push(test(&page)?);
    }
    let faults: usize = tested.iter().map(|page| page.faults.len()).sum();
    if form == Form::Json {
        json(&tested)?;
    } else {
        let mut out = anstream::stdout().lock();
        for page in &tested {
            let verdict = if page.faults.is_empty() { "ok  " } else { "FAIL" };
            writeln!(out, "{verdict} {} ({})", page.page, counted(page.events, "event"))?;
            for fault in &page.faults {
                writeln!(out, "     {}:{}: {}", page.page, fault.line, fault.message)?;
            }
        }
        writeln!(out, "{}, {}", counted(tested.len(), "page"), counted(faults, "fault"))?;
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Finds the pages that are meant.
fn pages(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = pages.len();
            files::inside(path, &["md"], &mut pages)
                .with_context(|| format!("cannot read folder `{}`", path.display()))?;
            anyhow::ensure!(pages.len() > before, "folder `{}` holds no page", path.display());
        } else {
            pages.push(path.with_extension("md"));
        }
    }
    pages.dedup();
    Ok(pages)
}

fn test(path: &Path) -> anyhow::Result<Tested> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read page `{}`", path.display()))?;
    let (files, mut diagnostics) = files::read(&before(path)?);
    let (ruleset, found) = page::rules(&files);
    diagnostics.extend(found);
    let (mut detector, refused) = Detector::new(&ruleset, |_| Arc::default());
    diagnostics.extend(refused);
    tell(&diagnostics, &files).with_context(|| format!("page `{}`", path.display()))?;
    let (cases, mut faults) = page::cases(&text);
    faults.extend(page::judge(&ruleset, &mut detector, &cases));
    faults.sort_by_key(|fault| fault.line);
    let faults = faults.into_iter().map(Told::from).collect();
    Ok(Tested { page: path.display().to_string(), events: cases.len(), faults })
}

/// Finds the rule files of a page's folder up to the page's own: those may hold what it uses.
fn before(page: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let own = page.with_extension("yaml");
    let folder = page.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let path = page.with_file_name(entry?.file_name());
        if path.extension().is_some_and(|ending| ending == "yaml") && path < own {
            found.push(path);
        }
    }
    found.sort();
    found.push(own);
    Ok(found)
}
