//! Nodes that ship evidence here: how they join, how they are heard, how they are shut out. What
//! is done to them is in the trail, with who did it.

mod authority;
mod entry;
mod listen;
mod receive;

use std::sync::Arc;

use control::evidence::SourceStatus;
use control::shipment::{JoinRequest, JoinToken, Joined, RenewRequest, VERSION, is_node_name};
use data_encoding::HEXLOWER;
use event::Time;
use store::Shipments;

pub use authority::{Authority, AuthorityError};
pub use listen::{Hearing, serve};

use crate::App;
use crate::api::Problem;
use crate::own_node::SOURCE;
use crate::private::Node;
use crate::running::StartError;
use crate::settings::Settings;

/// Shortest time that an invitation may hold.
const INVITATION_MIN: i64 = Time::MINUTE;
/// Longest time that an invitation may hold.
const INVITATION_MAX: i64 = 7 * 24 * 60 * Time::MINUTE;
/// How long an invitation holds unless told otherwise.
pub const INVITATION: i64 = 60 * Time::MINUTE;
/// How long a node's certificate holds; it renews it when a third is left.
const CERTIFICATE: i64 = 30 * 24 * 60 * Time::MINUTE;
/// How long a node may be silent and still count as connected: it ships each minute.
const SILENT_MAX: i64 = 3 * Time::MINUTE;
/// Longest version of an agent.
const AGENT_BYTES_MAX: usize = 64;

/// The way in for nodes, where there is one.
#[derive(Clone, Debug)]
pub struct Nodes {
    pub(crate) authority: Arc<Authority>,
    /// Where they find it, `https://host:9701`.
    pub(crate) url: String,
}

/// A node was invited.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// What to run on the node; works once.
    pub command: String,
    /// Until when.
    pub expires: Time,
}

/// Whether a node is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It was invited and has not joined.
    Invited,
    /// It was heard in the last minutes.
    Connected,
    /// It joined and is not heard.
    Silent,
    /// It was shut out.
    Revoked,
}

/// A node, and what is known of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who it is.
    pub node: Node,
    /// Whether it is heard.
    pub state: NodeState,
    /// Its last status.
    pub status: Option<SourceStatus>,
    /// Entries of it that never came.
    pub shipments: Option<Shipments>,
}

impl NodeState {
    /// Says whether a node is heard at a time.
    pub fn of(node: &Node, now: Time) -> NodeState {
        if node.revoked.is_some() {
            return NodeState::Revoked;
        }
        if node.joined.is_none() {
            return NodeState::Invited;
        }
        let heard = node.seen.is_some_and(|seen| seen.plus(SILENT_MAX) > now);
        if heard { NodeState::Connected } else { NodeState::Silent }
    }
}

/// Opens the way in for nodes, if the settings want one.
pub fn open(settings: &Settings, now: Time) -> Result<Option<(Nodes, Hearing)>, StartError> {
    let Some(address) = settings.agents else { return Ok(None) };
    let authority = Authority::open(&settings.data, &settings.environment, now)?;
    let config = authority.server_config(now)?;
    let hearing = Hearing::bind(address, config, settings.connections_max)?;
    let address = hearing.address();
    let url = match settings.hosts.first() {
        Some(name) => format!("https://{name}:{}", address.port()),
        None if address.ip().is_unspecified() && !settings.hostname.is_empty() => {
            format!("https://{}:{}", settings.hostname, address.port())
        }
        None => format!("https://{address}"),
    };
    Ok(Some((Nodes { authority: Arc::new(authority), url }, hearing)))
}

/// Invites a node, in the name of `actor`.
pub async fn invite(app: &App, name: &str, holds: i64, actor: &str) -> Result<Invitation, Problem> {
    let nodes = app.nodes().ok_or_else(|| {
        Problem::conflict("this server does not listen for nodes")
            .hint("start it with `--agents ADDRESS:PORT`, or set `agents` in its configuration")
    })?;
    if !is_node_name(name) {
        return Err(Problem::bad_request(format!("`{name}` is no name of a node"))
            .hint("letters, digits, `-`, `_` and `.`, as hosts are called"));
    }
    if !(INVITATION_MIN..=INVITATION_MAX).contains(&holds) {
        return Err(Problem::bad_request("an invitation holds for a minute to seven days"));
    }
    app.door().state().check()?;
    let now = app.clock().now();
    let expires = now.plus(holds);
    let (node, by) = (name.to_owned(), actor.to_owned());
    let secret = app
        .privately(move |private| private.invite_node(&node, expires, &by, now))
        .await?
        .ok_or_else(|| Problem::conflict("there are too many nodes"))?;
    if let Err(problem) =
        app.note(actor, "node_invited", name, format!("may join until {expires}")).await
    {
        // An invitation that the trail does not know must not exist.
        let node = name.to_owned();
        app.privately(move |private| private.forget_invitation(&node)).await?;
        return Err(problem);
    }
    let authority = nodes.authority.fingerprint();
    let token = JoinToken { authority, secret: secret.reveal().to_owned() };
    let command = format!("sockeye agent --server {} --join {token}", nodes.url);
    Ok(Invitation { command, expires })
}

/// Shuts a node out at once, in the name of `actor`.
pub async fn revoke(app: &App, name: &str, actor: &str) -> Result<(), Problem> {
    let (node, now) = (name.to_owned(), app.clock().now());
    if !app.privately(move |private| private.revoke_node(&node, now)).await? {
        return Err(Problem::not_found(format!("there is no node `{name}`")));
    }
    app.note(actor, "node_revoked", name, String::new()).await
}

/// Lists nodes with all that is known of them.
pub async fn known(app: &App) -> Result<Vec<Known>, Problem> {
    let now = app.clock().now();
    let nodes = app.privately(|private| private.nodes()).await?;
    let (statuses, shipments) =
        app.ask(move |view| Ok((view.sources(now)?, view.shipments()?))).await?;
    let known = nodes.into_iter().map(|node| {
        let is_its = |one: &&store::SourceItem| one.source == SOURCE && one.instance == node.name;
        let status = statuses.iter().find(is_its).map(|one| one.last.entry.clone());
        let shipments = shipments.iter().find(|one| one.node == node.name).cloned();
        Known { state: NodeState::of(&node, now), node, status, shipments }
    });
    Ok(known.collect())
}

/// Gives a node its first certificate, for the secret of its invitation.
async fn join(app: &App, nodes: &Nodes, asked: JoinRequest) -> Result<Joined, Problem> {
    version(asked.v)?;
    let agent = agent(&asked.agent)?.to_owned();
    app.door().state().check()?;
    let now = app.clock().now();
    let until = now.plus(CERTIFICATE);
    let invited = app.privately(move |private| private.use_invitation(&asked.secret, now)).await?;
    let node = invited.ok_or_else(|| {
        Problem::forbidden("this invitation was used, has ended or never was")
            .hint("`sockeye nodes add NAME` on the server makes another")
    })?;
    let signed = sign(nodes, &asked.request, &node, (now, until))?;
    let detail = format!("certificate {} until {until}", HEXLOWER.encode(&signed.fingerprint));
    app.note(&format!("system:node/{node}"), "node_joined", &node, detail).await?;
    let name = node.clone();
    app.privately(move |private| {
        private.node_joined(&name, &agent, (&signed.fingerprint, until), now)
    })
    .await?;
    Ok(joined(nodes, node, signed.pem, (now, until)))
}

/// Gives a node its next certificate, for the one that it holds.
async fn renew(
    app: &App,
    nodes: &Nodes,
    (node, held): (String, [u8; 32]),
    asked: RenewRequest,
) -> Result<Joined, Problem> {
    version(asked.v)?;
    app.door().state().check()?;
    let now = app.clock().now();
    let until = now.plus(CERTIFICATE);
    let signed = sign(nodes, &asked.request, &node, (now, until))?;
    let detail = format!("certificate {} until {until}", HEXLOWER.encode(&signed.fingerprint));
    app.note(&format!("system:node/{node}"), "node_renewed", &node, detail).await?;
    let name = node.clone();
    app.privately(move |private| private.node_renewed(&name, &held, (&signed.fingerprint, until)))
        .await?;
    Ok(joined(nodes, node, signed.pem, (now, until)))
}

fn sign(
    nodes: &Nodes,
    request: &str,
    node: &str,
    period: (Time, Time),
) -> Result<authority::Signed, Problem> {
    nodes.authority.sign(request, node, period).map_err(|error| {
        Problem::bad_request(format!("the request for a certificate cannot be used: {error}"))
    })
}

fn joined(nodes: &Nodes, node: String, certificate: String, (from, until): (Time, Time)) -> Joined {
    let authority = nodes.authority.pem().to_owned();
    Joined { v: VERSION, node, certificate, authority, from, until }
}

fn version(said: u8) -> Result<(), Problem> {
    match said {
        VERSION => Ok(()),
        _ => Err(Problem::bad_request(format!(
            "version {said} is not spoken here; this server speaks {VERSION}"
        ))),
    }
}

/// Returns the version that an agent says it has.
fn agent(said: &str) -> Result<&str, Problem> {
    let plain = |byte: u8| byte.is_ascii_graphic();
    match said.len() <= AGENT_BYTES_MAX && said.bytes().all(plain) {
        true => Ok(said),
        false => Err(Problem::bad_request("the agent's version is no version")),
    }
}
