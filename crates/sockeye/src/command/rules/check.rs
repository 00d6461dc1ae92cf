//! `sockeye rules check`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use rule::Diagnostic;
use rule::diagnostic::{Colour, render};
use serde::Serialize;

use super::{Form, counted, files, json};

/// Say everything that is wrong with rule files, each thing at its place
#[derive(clap::Args)]
#[command(after_help = "Exit status:
  0  every rule can be used; there may be remarks
  2  some cannot")]
pub struct Args {
    /// Rule files or folders of rule files, in the order they are to be loaded in
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What `-o json` prints.
#[derive(Serialize)]
struct Checked<'a> {
    ok: bool,
    rules: usize,
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Diagnostic],
}

/// Checks the files.
pub fn run(args: &Args, form: Form) -> anyhow::Result<ExitCode> {
    let (files, mut diagnostics) = files::read(&args.files);
    let (ruleset, found) = rule::load(&files, source::sources());
    diagnostics.extend(found);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let checked = Checked {
        ok: errors == 0,
        rules: ruleset.rules.len(),
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics: &diagnostics,
    };
    if form == Form::Json {
        json(&checked)?;
    } else {
        let colour = if io::stdout().is_terminal() { Colour::On } else { Colour::Off };
        let mut out = anstream::stdout().lock();
        for diagnostic in &diagnostics {
            writeln!(out, "{}", render(diagnostic, &files, colour))?;
        }
        let summary = [
            counted(checked.rules, "rule"),
            counted(checked.errors, "error"),
            counted(checked.warnings, "warning"),
        ];
        writeln!(out, "{}", summary.join(", "))?;
    }
    Ok(if checked.ok { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
