//! `/v1/nodes`: the nodes that ship evidence here.

use axum::extract::State;
use axum::http::StatusCode;
use event::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Json, Path};
use super::problem::{Problem, ProblemBody};
use super::shape::{Count, Moment};
use super::sources::SensorItem;
use crate::App;
use crate::guard::Caller;
use crate::node::{self, Known};

/// Whether a node is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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

/// A node that ships evidence here, or was invited to.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeItem {
    /// Its name.
    pub name: String,
    /// Whether it is heard.
    pub state: NodeState,
    /// Who invited it last.
    pub created_by: String,
    /// Until when it may join, if it was invited and has not joined since.
    pub invited_until: Option<Moment>,
    /// When it joined last.
    pub joined: Option<Moment>,
    /// When it was shut out.
    pub revoked: Option<Moment>,
    /// When something came from it last, to the minute.
    pub seen: Option<Moment>,
    /// Version of its agent.
    pub agent: Option<String>,
    /// When its certificate ends; it renews it by itself.
    pub certificate_until: Option<Moment>,
    /// How it was watched in the minute of its last status.
    pub sensor: Option<SensorItem>,
    /// The minute that its last status is about.
    pub minute: Option<Moment>,
    /// Records that it lost in that minute.
    pub lost: Count,
    /// What its last status says was wrong.
    pub reason: Option<String>,
    /// Numbered entries of it that never came.
    pub missing: Count,
    /// The newest of these, at most 20.
    pub holes: Vec<NodeHole>,
}

/// Entries of a node that never came.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeHole {
    /// Stream within the node; a new one each time its agent starts.
    pub stream: String,
    /// Number of the first.
    pub first: Count,
    /// Number of the last.
    pub last: Count,
    /// Block of the trail with the entry after them.
    pub block: Count,
}

/// All nodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nodes {
    /// Where nodes find this server; absent if it does not listen for them.
    pub url: Option<String>,
    /// The nodes, by name.
    pub items: Vec<NodeItem>,
}

/// A node to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeRequest {
    /// How it is called; evidence names it so.
    pub name: String,
    /// Seconds for which it may join; an hour by default.
    pub ttl_s: Option<u32>,
}

/// A node was invited.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeInvited {
    /// What to run on the node. It works once and cannot be shown again.
    #[schema(example = "sockeye agent --server https://… --join sockeye-join-1.…")]
    pub command: String,
    /// Until when.
    pub expires: Moment,
}

/// Lists the nodes that ship evidence here, or were invited to.
#[utoipa::path(get, path = "/v1/nodes", tag = "nodes",
    responses((status = 200, body = Nodes), (status = "4XX", body = ProblemBody)))]
pub async fn list(State(app): State<App>) -> Result<Json<Nodes>, Problem> {
    let known = node::known(&app).await?;
    let url = app.nodes().map(|nodes| nodes.url.clone());
    Ok(Json(Nodes { url, items: known.into_iter().map(NodeItem::from).collect() }))
}

/// Invites a node; the command to run on it is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/nodes", tag = "nodes", request_body = NodeRequest,
    responses((status = 201, body = NodeInvited), (status = "4XX", body = ProblemBody)))]
pub async fn invite(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<NodeRequest>,
) -> Result<(StatusCode, Json<NodeInvited>), Problem> {
    let holds = request.ttl_s.map_or(node::INVITATION, |seconds| i64::from(seconds) * Time::SECOND);
    let made = node::invite(&app, &request.name, holds, &caller.actor()).await?;
    let invited = NodeInvited { command: made.command, expires: made.expires.into() };
    Ok((StatusCode::CREATED, Json(invited)))
}

/// Shuts a node out at once: its certificate and any invitation stop working.
#[utoipa::path(delete, path = "/v1/nodes/{name}", tag = "nodes",
    params(("name" = String, Path, description = "Name of the node")),
    responses((status = 204, description = "Revoked"), (status = "4XX", body = ProblemBody)))]
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    node::revoke(&app, &name, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<node::NodeState> for NodeState {
    fn from(state: node::NodeState) -> NodeState {
        match state {
            node::NodeState::Invited => NodeState::Invited,
            node::NodeState::Connected => NodeState::Connected,
            node::NodeState::Silent => NodeState::Silent,
            node::NodeState::Revoked => NodeState::Revoked,
        }
    }
}

impl From<Known> for NodeItem {
    fn from(known: Known) -> NodeItem {
        let Known { node, state, status, shipments } = known;
        let holes = shipments.iter().flat_map(|one| &one.holes).map(|hole| NodeHole {
            stream: hole.stream.clone(),
            first: hole.first.into(),
            last: hole.last.into(),
            block: hole.block.into(),
        });
        let sensor = status.as_ref().and_then(|status| status.sensor.as_deref());
        NodeItem {
            state: state.into(),
            sensor: sensor.map(SensorItem::from),
            holes: holes.collect(),
            missing: shipments.as_ref().map_or(0, |one| one.missing).into(),
            minute: status.as_ref().map(|status| status.minute.into()),
            lost: status.as_ref().map_or(0, |status| status.lost).into(),
            reason: status.and_then(|status| status.reason),
            name: node.name,
            created_by: node.created_by,
            invited_until: node.invited_until.map(Moment),
            joined: node.joined.map(Moment),
            revoked: node.revoked.map(Moment),
            seen: node.seen.map(Moment),
            agent: node.agent,
            certificate_until: node.certificate_until.map(Moment),
        }
    }
}
