//! `sockeye rules fields`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use rule::source::{Argument, FieldDoc, Kind, SourceDoc};
use serde::Serialize;

use super::{Form, json};

/// List the fields that conditions and outputs may name
#[derive(clap::Args)]
pub struct Args {
    /// Only fields of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
}

/// One field, as `-o json` prints it.
#[derive(Serialize)]
struct Row {
    source: &'static str,
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    list: bool,
    argument: &'static str,
    /// What the field cannot be used for.
    limits: Vec<&'static str>,
    /// All values there are, when they are few enough to be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<&'static str>,
    doc: &'static str,
}

impl Row {
    fn new(source: &SourceDoc, field: &FieldDoc) -> Row {
        Row {
            source: source.name,
            name: field.name,
            kind: kind(field.kind),
            list: field.list,
            argument: argument(field.argument),
            limits: field.limits.iter().map(|limit| limit.name()).collect(),
            values: field.values.split_ascii_whitespace().collect(),
            doc: field.doc,
        }
    }
}

/// Names a type of values.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Bytes => "bytes",
        Kind::Int => "int",
        Kind::Uint => "uint",
        Kind::Float => "float",
        Kind::Bool => "bool",
        Kind::Ip => "ip",
        Kind::Net => "net",
        Kind::Port => "port",
        Kind::Time => "time",
        Kind::Duration => "duration",
    }
}

/// Shows what may stand in brackets; `?` where nothing may, too.
pub fn argument(argument: Argument) -> &'static str {
    match argument {
        Argument::None => "",
        Argument::Index => "[number]?",
        Argument::IndexRequired => "[number]",
        Argument::Key => "[key]?",
        Argument::KeyRequired => "[key]",
        Argument::Either => "[number or key]?",
        Argument::EitherRequired => "[number or key]",
    }
}

/// Prints the fields.
pub(super) fn run(args: &Args, form: Form) -> anyhow::Result<ExitCode> {
    let sources = chosen(args.source.as_deref())?;
    let rows: Vec<Row> = sources
        .iter()
        .flat_map(|source| {
            let fields = source.fields.iter().flat_map(|table| table.iter());
            fields.map(|field| Row::new(source, field))
        })
        .collect();
    if form == Form::Json {
        json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = anstream::stdout().lock();
    for source in sources {
        writeln!(out, "{}: {}\n", source.name, source.doc)?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        for row in rows.iter().filter(|row| row.source == source.name) {
            let list = if row.list { "list of " } else { "" };
            table.add_row([
                format!("{}{}", row.name, row.argument),
                format!("{list}{}", row.kind),
                row.limits.join(", "),
                row.doc.to_owned(),
            ]);
        }
        writeln!(out, "{table}\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(name: Option<&str>) -> anyhow::Result<&'static [SourceDoc]> {
    let sources = source::sources();
    let Some(name) = name else { return Ok(sources) };
    let position = sources.iter().position(|source| source.name == name);
    let position = position.with_context(|| {
        let names: Vec<_> = sources.iter().map(|source| source.name).collect();
        format!("source `{name}` is not known; there are {}", names.join(", "))
    })?;
    Ok(&sources[position..=position])
}
