//! `sockeye report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use control::Question;
use control::catalogue::ServiceModel;
use control::package::RECORDS_MAX;
use event::{Period, Time};
use indicatif::ProgressBar;
use report::Scope;
use server::{Export, Scribe};

use crate::evidence::{self, time};
use crate::package::{self, Order};

/// Write the evidence of a period or a date for the auditor.
///
/// Reads the trail, also while the server runs, and has the export itself written into it. What it
/// writes can be checked offline with `sockeye verify DIR` or `sockeye-verify DIR`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye report --type 2 --from 2026-01-01 --to 2026-07-01 --out evidence-2026h1
  sockeye report --type 1 --on 2026-07-01 --out evidence-2026-07-01")]
pub struct Args {
    /// 1: design as of a date; 2: also operation throughout a period
    #[arg(long = "type", value_name = "1|2", value_parser = ["1", "2"])]
    kind: String,
    /// First instant of the period: a day (UTC) or an RFC 3339 time
    #[arg(long, value_parser = time, required_if_eq("kind", "2"), conflicts_with = "on")]
    from: Option<Time>,
    /// First instant after the period
    #[arg(long = "to", value_parser = time, required_if_eq("kind", "2"), conflicts_with = "on")]
    until: Option<Time>,
    /// The date of a type 1 report
    #[arg(long, value_parser = time, required_if_eq("kind", "1"))]
    on: Option<Time>,
    /// New folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Data directory of the server
    #[arg(long, value_name = "DIR", env = "SOCKEYE_DATA", default_value = ".data")]
    data: PathBuf,
    /// Folder of criteria and controls; without it, those that come with the program
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,
    /// The service organisation
    #[arg(long, default_value = "(organisation not named)")]
    organisation: String,
    /// The system described
    #[arg(long, default_value = "(system not named)")]
    system: String,
    /// What belongs to the system, and what does not
    #[arg(long, default_value = "(boundary not stated)")]
    boundary: String,
    /// How the clusters are bought
    #[arg(long, value_enum, default_value = "iaas")]
    service_model: Bought,
    /// Person who exports it, as the trail shall name them [default: $USER]
    #[arg(long, value_name = "NAME", env = "SOCKEYE_ADMIN_NAME")]
    by: Option<String>,
    /// Also put the raw records of this hour in, where there are too many for all; repeatable
    #[arg(long = "hour", value_name = "TIME", value_parser = time)]
    hours: Vec<Time>,
}

/// How the clusters are bought.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Bought {
    /// We run Kubernetes on machines, rented or owned
    Iaas,
    /// A provider runs the control plane
    Paas,
    /// We only use a service
    Saas,
}

impl From<Bought> for ServiceModel {
    fn from(bought: Bought) -> ServiceModel {
        match bought {
            Bought::Iaas => ServiceModel::Iaas,
            Bought::Paas => ServiceModel::Paas,
            Bought::Saas => ServiceModel::Saas,
        }
    }
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let question = question(&args)?;
    let catalogue = evidence::catalogue(args.controls.as_deref())?;
    let progress = ProgressBar::new(0);
    let gathered = evidence::gather(&args.data, question, evidence::now(), |at, of| {
        progress.set_length(of);
        progress.set_position(at);
    })?;
    progress.finish_and_clear();
    let scope =
        Scope { organisation: args.organisation, system: args.system, boundary: args.boundary };
    let model = args.service_model.into();
    let order = Order {
        scope: &scope,
        question,
        model,
        catalogue: &catalogue,
        hours: &args.hours,
        records_max: RECORDS_MAX,
    };
    let written = package::write(&args.out, &gathered, &order)?;
    let out = args.out.display();
    anstream::println!("{}", written.report.display());
    anstream::eprintln!(
        "{} files; SHA-256 of the manifest: {}\nkeep that hash elsewhere; check with: sockeye \
         verify {out}",
        written.files,
        written.manifest
    );
    if !written.complete {
        anstream::eprintln!(
            "too many raw records for all; hourly totals are in, and hours asked for with --hour"
        );
    }
    let export = Export {
        actor: actor(args.by),
        object: written.manifest,
        detail: format!("{}; {} files in {out}", words(question), written.files),
    };
    note(&args.data, gathered.reader.verifier().name(), &export);
    Ok(ExitCode::SUCCESS)
}

/// Has the export written into the trail, and says where or why not. The package is whole either
/// way.
fn note(data: &Path, origin: &str, export: &Export) {
    match server::note_export(data, origin, export, evidence::now()) {
        Ok(noted) => {
            let by = match noted.by {
                Scribe::Server => "by the running server",
                Scribe::Command => "by this command, since no server runs",
            };
            anstream::eprintln!("the trail has this export as entry {}, {by}", noted.position);
        }
        Err(error) => anstream::eprintln!(
            "warning: this export is not in the trail: {:#}; keep a note of who exported it and \
             when",
            anyhow::Error::from(error)
        ),
    }
}

/// Returns who exports: the person named, or the account as the system knows it.
fn actor(by: Option<String>) -> String {
    let name = by.unwrap_or_else(crate::config::user);
    match name.trim() {
        "" => "system:unnamed account".to_owned(),
        name => name.to_owned(),
    }
}

fn words(question: Question) -> String {
    match question {
        Question::Type1 { on } => format!("type 1 on {on}"),
        Question::Type2 { period: Period { from, until } } => {
            format!("type 2 from {from} until {until}")
        }
    }
}

fn question(args: &Args) -> anyhow::Result<Question> {
    if args.kind == "1" {
        anyhow::ensure!(args.from.is_none() && args.until.is_none(), "type 1 is asked --on a date");
        let on = args.on.context("type 1 needs --on")?;
        return Ok(Question::Type1 { on });
    }
    let from = args.from.context("type 2 needs --from")?;
    let until = args.until.context("type 2 needs --to")?;
    anyhow::ensure!(from < until, "the period would end ({until}) before it starts ({from})");
    Ok(Question::Type2 { period: Period { from, until } })
}
