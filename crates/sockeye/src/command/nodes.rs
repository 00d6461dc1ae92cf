//! `sockeye nodes`: which nodes may ship evidence to the server that runs here.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use comfy_table::Table;
use event::Time;
use server::NodeRow;

use super::detect::live::duration;
use crate::config;

/// Invite nodes to ship evidence to the server that runs here, list them, shut them out.
///
/// Asks the running server through its data directory. What is done is in its trail.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye nodes add node-1
  sockeye nodes list
  sockeye nodes revoke node-1")]
pub struct Args {
    #[command(subcommand)]
    what: What,
    /// Data directory of the server
    #[arg(long, value_name = "DIR", env = "SOCKEYE_DATA", default_value = ".data", global = true)]
    data: PathBuf,
    /// Person who does it, as the trail shall name them [default: $USER]
    #[arg(long, value_name = "NAME", env = "SOCKEYE_ADMIN_NAME", global = true)]
    by: Option<String>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Invite a node: prints the command to run on it, which works once
    Add {
        /// How the node is called; evidence names it so
        name: String,
        /// For how long it may join: 30m, 1h; at most seven days
        #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
        ttl: Duration,
    },
    /// List the nodes, and whether they are heard
    List {
        /// How to print
        #[arg(short, long, value_enum, default_value = "table")]
        output: Form,
    },
    /// Shut a node out at once: its certificate and any invitation stop working
    Revoke {
        /// Which node
        name: String,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Form {
    Table,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let by = args.by.unwrap_or_else(config::user);
    match args.what {
        What::Add { name, ttl } => {
            let holds_s = u32::try_from(ttl.as_secs()).context("that is too long")?;
            let invited = server::add_node(&args.data, &name, holds_s, &by)?;
            anstream::eprintln!(
                "Run this on `{name}`, as root; it works once, until {}:",
                invited.expires
            );
            anstream::println!("{}", invited.command);
        }
        What::List { output } => print(&server::list_nodes(&args.data)?, output)?,
        What::Revoke { name } => {
            server::revoke_node(&args.data, &name, &by)?;
            anstream::eprintln!("`{name}` is shut out");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(nodes: &[NodeRow], form: Form) -> anyhow::Result<()> {
    if matches!(form, Form::Json) {
        anstream::println!("{}", serde_json::to_string_pretty(nodes)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["NAME", "STATE", "SEEN", "AGENT", "CERTIFICATE UNTIL", "NEVER CAME"]);
    let time = |time: Option<Time>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    for node in nodes {
        let state = serde_json::to_value(node.state)?;
        table.add_row([
            node.name.clone(),
            state.as_str().unwrap_or_default().to_owned(),
            time(node.seen),
            node.agent.clone().unwrap_or_else(|| "-".to_owned()),
            time(node.certificate_until),
            node.missing.to_string(),
        ]);
    }
    anstream::println!("{table}");
    Ok(())
}
