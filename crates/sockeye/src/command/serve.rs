//! `sockeye serve`.

mod own_node;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use cluster::Member;
use node::Watch;
use server::{Running, Settings, SourceRules};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{SensorSetting, Stated, hostname};
use crate::memory;

/// Threads that may wait for the disk at the same time.
const BLOCKING_THREADS_MAX: usize = 16;

/// Run the server: intake, trail, live feed, console.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    sockeye serve --admin-name 'Ada Lovelace'\n  \
    sockeye serve --config sockeye.yaml\n  \
    sockeye serve --data /var/lib/sockeye --k8s-audit-file /var/log/kubernetes/audit.log\n  \
    sockeye serve --data /var/lib/sockeye --sign-in-link")]
pub struct Args {
    /// Configuration file, YAML
    #[arg(short, long, value_name = "FILE", env = "SOCKEYE_CONFIG")]
    config: Option<PathBuf>,
    /// Print a new sign-in link for the server that runs on this data directory, and end
    #[arg(long)]
    sign_in_link: bool,
    #[command(flatten)]
    stated: Stated,
}

/// Runs until it is told to stop.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (settings, sensor, cluster) = settings(&args)?;
    if args.sign_in_link {
        let link = server::make_sign_in_link(&settings)?;
        anstream::println!("{link}");
        return Ok(ExitCode::SUCCESS);
    }
    log();
    memory::spare();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .context("cannot start threads")?;
    runtime.block_on(serve(settings, sensor, cluster))
}

fn settings(args: &Args) -> anyhow::Result<(Settings, SensorSetting, Option<Member>)> {
    let file = args.config.as_deref().map(Stated::read).transpose()?.unwrap_or_default();
    let hostname = hostname();
    let stated = args.stated.clone().or(file);
    let (sensor, cluster) = (stated.sensor.settle(), stated.kubernetes.settle(&hostname));
    Ok((stated.settle(&crate::config::user(), hostname)?, sensor, cluster))
}

pub fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SOCKEYE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Fails only if a logger is there already.
    let _ = log.try_init();
}

async fn serve(
    settings: Settings,
    sensor: SensorSetting,
    cluster: Option<Member>,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let mut running = Running::start(settings.clone()).await?;
    let watch = match own_node::start(sensor, cluster, &running, &settings.data) {
        Ok(watch) => watch,
        Err(error) => {
            running.stop().await;
            return Err(error);
        }
    };
    tell(&settings, &running, watch.as_ref());
    loop {
        tokio::select! {
            reason = running.broken() => {
                // Nothing more may be promised, so nothing is: a supervisor starts us anew.
                anyhow::bail!("the server cannot go on: {reason}");
            }
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Reload => reload(&running, watch.as_ref()).await,
            },
        }
    }
    tracing::info!("stopping");
    own_node::stop(watch);
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn reload(running: &Running, watch: Option<&Watch>) {
    match running.reload_rules().await {
        Ok(count) => {
            tracing::info!(count, "rules were read again");
            if let Some(watch) = watch {
                watch.exchange(own_node::rules(running));
            }
        }
        Err(error) => tracing::error!(%error, "the rules stay as they were"),
    }
}

/// What is asked for from outside.
enum Asked {
    Reload,
    Stop,
}

/// Signals that ask for it.
struct Signals {
    hang_up: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for what is asked for.
    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.hang_up.recv() => Asked::Reload,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
        }
    }
}

fn tell(settings: &Settings, running: &Running, watch: Option<&Watch>) {
    let (hash, by_source) = running.rules();
    let rules: usize = by_source.iter().map(|source| source.enabled).sum();
    let from = match settings.rules.as_slice() {
        [] => "that come with Sockeye".to_owned(),
        paths => {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            format!("from {}", names.join(", "))
        }
    };
    let approved = settings.rules_approved_by.as_deref().map_or_else(
        || "approved by nobody: set --rules-approved-by, or controls stay not-tested".to_owned(),
        |name| format!("approved by {name}"),
    );
    let who = match settings.admin_name.as_str() {
        "" => "nobody in particular: set --admin-name to be able to decide".to_owned(),
        name => name.to_owned(),
    };
    anstream::println!("Sockeye {} listens on {}", env!("CARGO_PKG_VERSION"), running.url);
    anstream::println!("  environment  {}", settings.environment);
    anstream::println!("  data         {}", settings.data.display());
    anstream::println!("  rules        {rules} {from}, {:.12}, {approved}", hash);
    for SourceRules { source, enabled, unfed } in &by_source {
        let judge = unfed.as_ref().map_or_else(|| "judge".to_owned(), |why| format!("rest: {why}"));
        anstream::println!("               {enabled} of {source} {judge}");
    }
    anstream::println!("  sources      {}", running.instances().join(", "));
    if let Some(watch) = watch {
        let standing = watch.standing();
        anstream::println!("  sensor       step {}, {} hooks", standing.step, standing.hooks);
    }
    if let Some(agents) = &running.agents {
        anstream::println!("  agents       {agents}; `sockeye nodes add NAME` invites a node");
    }
    for note in notes(running, watch) {
        anstream::println!("  note         {note}");
    }
    if let Some(file) = &running.webhook_file {
        anstream::println!();
        anstream::println!("Point kube-apiserver at it (an audit policy is needed too):");
        anstream::println!("  --audit-webhook-config-file={}", file.display());
        anstream::println!("or follow its log: sockeye serve --k8s-audit-file FILE");
    }
    anstream::println!();
    anstream::println!("Sign in as {who} (once, within 15 minutes):");
    anstream::println!("  {}", running.sign_in_link);
}

fn notes(running: &Running, watch: Option<&Watch>) -> Vec<String> {
    let recovery = &running.recovery;
    let mut notes = recovery.notes.clone();
    if recovery.bytes_cut > 0 {
        notes.push(format!(
            "{} bytes of an unfinished block were cut; nothing acknowledged was in them",
            recovery.bytes_cut
        ));
    }
    if let Some(reason) = &recovery.rebuilt {
        notes.push(format!("the projection was built anew: {reason}"));
    }
    if let Some(since) = recovery.silent_since {
        notes.push(format!("nothing was watched since {since}"));
    }
    if let Some(standing) = watch.map(Watch::standing) {
        notes.extend(standing.refused.iter().map(ToString::to_string));
        notes.extend(standing.blind.iter().map(|blind| format!("the sensor is degraded: {blind}")));
    }
    if !server::console::is_built() {
        notes.push("this build has no console; run `make run`".to_owned());
    }
    notes
}
