//! `sockeye agent`.

mod privilege;
mod shipping;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use agent::{Address, Found, Identity, Outbox, SPOOL_BYTES, SPOOL_BYTES_MIN, Shipping, Spool};
use anyhow::{Context, bail};
use control::shipment::JoinToken;
use control::{Catalogue, Mapping};
use node::canary::Nest;
use node::{Orders, Rules, Setting, Telling, Watch};
use sensor::{Choice, RING_LEN_DEFAULT};
use server::RuleSet;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{StatedKubernetes, hostname, step};
use crate::memory;
use shipping::{Ships, Spooled};

/// Where an agent keeps its identity and its spool.
const DIRECTORY: &str = "/var/lib/sockeye-agent";
/// How often the watch is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// Watch this node and ship what is found to a server.
///
/// Joins the server once, by the token that `sockeye nodes add` prints there. From then on it
/// watches system calls, keeps what it finds in a bounded spool on disk, and ships it over TLS.
/// Of the capabilities that it is started with, it keeps those alone that watching takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  sockeye agent --server https://sockeye.example.org:9701 --join TOKEN
  sockeye agent                                   from the second start on")]
pub struct Args {
    /// The server, https://HOST:9701; from the second start on the one that was joined
    #[arg(long, value_name = "URL", env = "SOCKEYE_SERVER")]
    server: Option<Address>,
    /// Token to join by; not looked at when the node has joined
    #[arg(long, value_name = "TOKEN", env = "SOCKEYE_JOIN", hide_env_values = true)]
    join: Option<JoinToken>,
    /// Join, and end
    #[arg(long, requires = "join")]
    join_only: bool,
    /// Directory for identity and spool
    #[arg(long, value_name = "DIR", env = "SOCKEYE_AGENT_DATA", default_value = DIRECTORY)]
    data: PathBuf,
    /// Largest size of the spool, in MiB; without room the oldest activity goes first
    #[arg(
        long,
        value_name = "MIB",
        env = "SOCKEYE_SPOOL_MIB",
        default_value_t = SPOOL_BYTES / MIB,
        value_parser = clap::value_parser!(u64).range(SPOOL_BYTES_MIN / MIB..1 << 20)
    )]
    spool_mib: u64,
    /// How the kernel programs are attached: auto, fexit, tracepoint or btf
    #[arg(
        long,
        value_name = "STEP",
        env = "SOCKEYE_STEP",
        default_value = "auto",
        value_parser = step
    )]
    step: Choice,
    /// Rule file, or folder of rule files, in place of those that come with Sockeye
    #[arg(short = 'r', long = "rules", value_name = "PATH")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    kubernetes: StatedKubernetes,
}

/// Runs until it is told to stop.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::serve::log();
    memory::spare();
    // First of all, while this is the only thread: what others do then is done with these alone.
    let kept = privilege::keep(args.step).context("cannot give capabilities up")?;
    prepare(&args.data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let identity = runtime.block_on(identity(&args))?;
    if args.join_only {
        anstream::eprintln!("`{}` has joined {}", identity.node, identity.server);
        return Ok(ExitCode::SUCCESS);
    }
    let rules = rules(&args.rules)?;
    let (spool, found) = Spool::open(&args.data.join("spool"), args.spool_mib * MIB)?;
    let outbox = Outbox::new(spool);
    let setting = Setting {
        orders: Orders {
            node: identity.node.clone(),
            step: args.step,
            ring_len: RING_LEN_DEFAULT,
            matching: detect::Matching::All,
            activity: Telling::Told,
            push_down: node::PushDown::On,
            cluster: args.kubernetes.settle(&hostname()),
        },
        version: env!("CARGO_PKG_VERSION"),
        watched_until: Some(args.data.join("alive")),
        canaries: Nest::below(&args.data),
    };
    let server = address(&args, &identity)?;
    let shipping = Shipping {
        server,
        dir: args.data.clone(),
        version: env!("CARGO_PKG_VERSION"),
        now: node::now,
    };
    let ships = Ships::start(shipping, identity.clone(), outbox.clone())?;
    let watch = Watch::start(&setting, rules, Box::new(Spooled(outbox.clone())))
        .with_context(|| format!("cannot watch this node; {}", privilege::advice(args.step)))?;
    announce(&watch, &identity, &kept, found);
    let ended = runtime.block_on(until_stopped(&args, &watch));
    tracing::info!("stopping");
    watch.stop();
    ships.stop();
    ended.map(|()| ExitCode::SUCCESS)
}

/// Waits for a signal. An error if the watch ends by itself.
async fn until_stopped(args: &Args, watch: &Watch) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate, mut hang_up) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    );
    let mut beat = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = beat.tick() => {
                if !watch.is_running() {
                    bail!("the watch of this node ended by itself");
                }
            }
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = hang_up.recv() => match rules(&args.rules) {
                Ok(rules) => watch.exchange(rules),
                Err(error) => tracing::error!("the rules stay as they were: {error:#}"),
            },
        }
    }
}

/// Returns who this node is: as it joined before, or joins now.
async fn identity(args: &Args) -> anyhow::Result<Identity> {
    if let Some(identity) = Identity::read(&args.data)? {
        return Ok(identity);
    }
    let Some(token) = &args.join else {
        bail!(
            "this node has not joined a server; run `sockeye nodes add NAME` there, and here what \
             it prints"
        );
    };
    let Some(server) = args.server.clone() else { bail!("--join needs --server") };
    let shipping = Shipping {
        server,
        dir: args.data.clone(),
        version: env!("CARGO_PKG_VERSION"),
        now: node::now,
    };
    Ok(shipping.join(token).await?)
}

fn address(args: &Args, identity: &Identity) -> anyhow::Result<Address> {
    match &args.server {
        Some(server) => Ok(server.clone()),
        None => Ok(identity.server.parse()?),
    }
}

/// Reads the rules, as a server would: the same files have the same hash.
fn rules(paths: &[PathBuf]) -> anyhow::Result<Rules> {
    let (catalogue, _) = Catalogue::embedded();
    let mapping = Mapping::of(&catalogue);
    let (rules, diagnostics) = RuleSet::load(paths, None, &mapping, &["syscall"])?;
    for one in diagnostics {
        tracing::warn!(file = one.file, line = one.line, "{}", one.message);
    }
    let off = rules.switched_off("syscall");
    Ok(Rules { detector: rules.detector(), hash: rules.hash.clone(), off })
}

fn prepare(data: &Path) -> anyhow::Result<()> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("cannot make `{}`", data.display()))
}

fn announce(watch: &Watch, identity: &Identity, kept: &privilege::Kept, found: Found) {
    let standing = watch.standing();
    for refusal in &standing.refused {
        anstream::eprintln!("{refusal}");
    }
    for missing in &standing.missing {
        anstream::eprintln!(
            "not seen: {} ({}: {})",
            missing.operation.name(),
            missing.hook,
            missing.reason
        );
    }
    for blind in &standing.blind {
        anstream::eprintln!("degraded: {blind}");
    }
    anstream::eprintln!("{kept}");
    if found.bytes_cut > 0 {
        anstream::eprintln!(
            "{} bytes of unfinished entries were cut from the spool",
            found.bytes_cut
        );
    }
    anstream::eprintln!(
        "ready: `{}` watches on step {}, {} hooks, and ships to {}; {} entries wait",
        identity.node,
        standing.step,
        standing.hooks,
        identity.server,
        found.waiting
    );
}
