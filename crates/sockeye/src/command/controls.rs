//! `sockeye controls`.

mod status;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use control::Catalogue;
use control::catalogue::Control;
use serde::Serialize;

use crate::evidence;

/// Width of a table that goes into a file or a pipe.
const PRINTED_COLUMNS: u16 = 120;

/// List SOC 2 controls and show how they stand.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye controls list
  sockeye controls show K-14
  sockeye controls status
  sockeye controls status --from 2026-01-01 --to 2026-07-01 -o json")]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// How to print
    #[arg(short, long, value_enum, default_value = "table", global = true)]
    output: Output,
    /// Folder of criteria and controls; without it, those that come with the program
    #[arg(long, value_name = "DIR", global = true)]
    controls: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the controls, and the criteria they serve
    List,
    /// Show one control or criterion with its tests, populations and rules
    Show {
        /// Id, like K-14 or CC7.2
        id: String,
    },
    /// Judge the controls over a period, from the trail
    Status(status::Args),
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Output {
    Table,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (catalogue, _) = evidence::catalogue(args.controls.as_deref())?;
    match args.what {
        What::List => list(&catalogue, args.output)?,
        What::Show { id } => show(&catalogue, &id, args.output)?,
        What::Status(asked) => status::run(&asked, &catalogue, args.output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(catalogue: &Catalogue, output: Output) -> anyhow::Result<()> {
    if output == Output::Json {
        return json(&catalogue.controls);
    }
    let row = |control: &Control| {
        [
            control.id.clone(),
            control.title.clone(),
            control.criteria.join(" "),
            control.owner.clone(),
            control.rules.len().to_string(),
        ]
    };
    let rows = catalogue.controls.iter().map(row).collect();
    print(&["control", "title", "criteria", "owner", "rules"], rows)?;
    let served = control::matrix(catalogue, &[]).len();
    let criteria = catalogue.controls.iter().flat_map(|control| &control.criteria);
    let criteria: std::collections::BTreeSet<&String> = criteria.collect();
    anstream::eprintln!(
        "{} controls serve {} of {served} criteria; the others are not tested",
        catalogue.controls.len(),
        criteria.len()
    );
    Ok(())
}

fn show(catalogue: &Catalogue, id: &str, output: Output) -> anyhow::Result<()> {
    if let Some(control) = catalogue.control(id) {
        return match output {
            Output::Json => json(control),
            Output::Table => show_control(control),
        };
    }
    let criterion = catalogue.criterion(id).with_context(|| {
        format!("`{id}` is neither a control nor a criterion; see `sockeye controls list`")
    })?;
    if output == Output::Json {
        return json(criterion);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} · {}", criterion.id, criterion.paraphrase.trim())?;
    let points = criterion.points.iter().map(|point| point.text.clone()).collect();
    section(&mut out, "look for", points)?;
    section(&mut out, "shown by", criterion.shown_by.clone())?;
    section(&mut out, "stays with people", criterion.manual.clone())?;
    let serving =
        catalogue.controls.iter().filter(|control| control.criteria.contains(&criterion.id));
    let serving: Vec<String> =
        serving.map(|control| format!("{} {}", control.id, control.title)).collect();
    section(&mut out, "served by", serving)
}

fn show_control(control: &Control) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} · {} (version {})", control.id, control.title, control.version)?;
    writeln!(out, "{}", control.statement.trim())?;
    writeln!(out, "owner: {}\ncriteria: {}", control.owner, control.criteria.join(" "))?;
    let sources = control.sources.iter().map(|needed| needed.source.clone()).collect();
    section(&mut out, "sources needed", sources)?;
    let test = |test: &control::catalogue::Test| {
        format!("{} ({:?}): {}", test.name, test.of, test.procedure.trim()).to_lowercase()
    };
    section(&mut out, "tests", control.tests.iter().map(test).collect())?;
    let population = |one: &control::catalogue::Population| {
        format!("{} v{}: {}", one.name, one.version, one.unit.trim())
    };
    section(&mut out, "populations", control.populations.iter().map(population).collect())?;
    let rule = |one: &control::catalogue::MappedRule| {
        format!("{} ({:?}): {}", one.rule, one.relation, one.reason.trim())
    };
    section(&mut out, "rules", control.rules.iter().map(rule).collect())
}

fn section(out: &mut impl Write, name: &str, lines: Vec<String>) -> anyhow::Result<()> {
    if !lines.is_empty() {
        writeln!(out, "\n{name}")?;
    }
    for line in lines {
        writeln!(out, "  - {line}")?;
    }
    Ok(())
}

fn print<const N: usize>(heading: &[&str; N], rows: Vec<[String; N]>) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heading);
    if !table.is_tty() {
        table.set_width(PRINTED_COLUMNS);
    }
    for row in rows {
        table.add_row(row);
    }
    writeln!(std::io::stdout().lock(), "{table}")?;
    Ok(())
}

fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}
