//! `sockeye nodes`: nodes are invited, listed and shut out by commands on the server's machine.

use std::path::Path;

use event::Time;
use serde::{Deserialize, Serialize};

use super::{Ask, LocalError, Reply, tell};
use crate::App;
use crate::api::nodes::NodeState;
use crate::node;

/// Asks to invite a node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Add {
    pub(super) name: String,
    holds_s: u32,
    pub(super) actor: String,
}

/// Asks to shut a node out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    pub(super) name: String,
    pub(super) actor: String,
}

/// A node was invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// What to run on the node; works once.
    pub command: String,
    /// Until when.
    pub expires: Time,
}

/// A node, as a command lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// Whether it is heard.
    pub state: NodeState,
    /// When something came from it last, to the minute.
    pub seen: Option<Time>,
    /// Version of its agent.
    pub agent: Option<String>,
    /// When its certificate ends.
    pub certificate_until: Option<Time>,
    /// Numbered entries of it that never came.
    pub missing: u64,
}

/// Has the running server invite a node, in the name of `actor`.
pub fn add_node(data: &Path, name: &str, holds_s: u32, actor: &str) -> Result<Invited, LocalError> {
    let add = Add { name: name.to_owned(), holds_s, actor: actor.to_owned() };
    match tell(data, Ask::AddNode(add))? {
        Some(Reply::Invited(invited)) => Ok(invited),
        other => Err(unanswered(data, other)),
    }
}

/// Has the running server shut a node out, in the name of `actor`.
pub fn revoke_node(data: &Path, name: &str, actor: &str) -> Result<(), LocalError> {
    let revoke = Revoke { name: name.to_owned(), actor: actor.to_owned() };
    match tell(data, Ask::RevokeNode(revoke))? {
        Some(Reply::Done) => Ok(()),
        other => Err(unanswered(data, other)),
    }
}

/// Asks the running server for its nodes.
pub fn list_nodes(data: &Path) -> Result<Vec<NodeRow>, LocalError> {
    match tell(data, Ask::ListNodes {})? {
        Some(Reply::Nodes(nodes)) => Ok(nodes),
        other => Err(unanswered(data, other)),
    }
}

fn unanswered(data: &Path, reply: Option<Reply>) -> LocalError {
    match reply {
        None => LocalError::None(data.to_owned()),
        Some(_) => LocalError::Other,
    }
}

pub(super) async fn add(app: &App, add: &Add) -> Reply {
    let holds = i64::from(add.holds_s) * Time::SECOND;
    match node::invite(app, &add.name, holds, &add.actor).await {
        Ok(made) => Reply::Invited(Invited { command: made.command, expires: made.expires }),
        Err(problem) => Reply::Refused(problem.to_string()),
    }
}

pub(super) async fn revoke(app: &App, revoke: &Revoke) -> Reply {
    match node::revoke(app, &revoke.name, &revoke.actor).await {
        Ok(()) => Reply::Done,
        Err(problem) => Reply::Refused(problem.to_string()),
    }
}

pub(super) async fn list(app: &App) -> Reply {
    match node::known(app).await {
        Ok(known) => Reply::Nodes(known.into_iter().map(NodeRow::from).collect()),
        Err(problem) => Reply::Refused(problem.to_string()),
    }
}

impl From<node::Known> for NodeRow {
    fn from(known: node::Known) -> NodeRow {
        NodeRow {
            state: known.state.into(),
            seen: known.node.seen,
            agent: known.node.agent,
            certificate_until: known.node.certificate_until,
            missing: known.shipments.map_or(0, |one| one.missing),
            name: known.node.name,
        }
    }
}
