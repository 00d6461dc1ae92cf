//! `sockeye rules list`.

use std::io::Write;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};
use control::{Catalogue, Mapping};
use event::Severity;
use serde::Serialize;

use super::files::Chosen;
use super::{Form, json, tell};

/// List rules with what they are and which criteria they bear on
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: Chosen,
    /// Only rules of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
}

/// One row, as `-o json` prints it.
#[derive(Serialize)]
struct Row<'r> {
    name: &'r str,
    source: &'r str,
    priority: Severity,
    enabled: bool,
    tags: &'r [String],
    soc2: Vec<String>,
    file: &'r str,
}

/// Prints the list.
pub fn run(args: &Args, form: Form) -> anyhow::Result<ExitCode> {
    let (files, mut diagnostics) = args.rules.read();
    let (ruleset, found) = rule::load(&files, source::sources());
    diagnostics.extend(found);
    tell(&diagnostics, &files)?;
    let (catalogue, _) = Catalogue::embedded();
    let mapping = Mapping::of(&catalogue);
    let wanted = |source: &str| args.source.as_deref().is_none_or(|wanted| wanted == source);
    let rows: Vec<Row<'_>> = ruleset
        .rules
        .iter()
        .filter(|rule| wanted(&rule.source))
        .map(|rule| Row {
            name: &rule.name,
            source: &rule.source,
            priority: rule.priority,
            enabled: rule.enabled,
            tags: &rule.tags,
            soc2: mapping.criteria(&rule.name).to_vec(),
            file: &rule.file,
        })
        .collect();
    if form == Form::Json {
        json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["rule", "source", "priority", "soc2", "tags", "file"]);
    for row in &rows {
        let name = if row.enabled { row.name.to_owned() } else { format!("{} (off)", row.name) };
        let priority = row.priority.to_string();
        let (soc2, tags) = (row.soc2.join(" "), row.tags.join(" "));
        table.add_row([&name, row.source, &priority, &soc2, &tags, row.file]);
    }
    writeln!(anstream::stdout().lock(), "{table}")?;
    Ok(ExitCode::SUCCESS)
}
