//! What owns a pod: from its replica set to the deployment, from its job to the cron job. Each
//! owner is asked for once in a round.

use std::collections::HashMap;

use hyper::StatusCode;
use syscall::table::{Object, Told};

use crate::client::{AskError, Client};
use crate::object::{Pod, Reference, kept};

/// Owners above one another that are followed.
const OWNER_COUNT_MAX: usize = 4;
/// Owners and namespaces that are remembered; when there are more, all are asked for anew.
const KNOWN_COUNT_MAX: usize = 4096;

/// Kinds that are asked for, because something owns them or a rule may ask for their labels: the
/// path of their group, and their name in it.
const ASKED: [(&str, &str, &str, &str); 4] = [
    ("apps/v1", "ReplicaSet", "/apis/apps/v1", "replicasets"),
    ("apps/v1", "Deployment", "/apis/apps/v1", "deployments"),
    ("batch/v1", "Job", "/apis/batch/v1", "jobs"),
    ("v1", "ReplicationController", "/api/v1", "replicationcontrollers"),
];

/// What is known of owners in this round.
#[derive(Default)]
pub struct Owners {
    known: HashMap<String, Found>,
    /// Why not all owners could be asked for.
    trouble: Option<String>,
    /// The server does not answer: nothing more is asked in this round.
    silent: bool,
}

/// What an owner or a namespace was when it was asked for.
#[derive(Clone)]
enum Found {
    There {
        object: Object,
        owner: Option<Reference>,
    },
    /// It is no more, or another has its name.
    Gone,
    /// The server does not let us look.
    Hidden,
}

impl Owners {
    /// Returns why not all owners could be asked for.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Tells whether it makes sense to ask for them again soon.
    pub fn is_unfinished(&self) -> bool {
        self.silent
    }

    /// Returns what a pod and its owners tell.
    pub async fn of(&mut self, client: &mut Client, pod: &Pod) -> Told {
        let mut told = pod.told();
        let namespace = &pod.metadata.namespace;
        let mut next = pod.metadata.controller().cloned();
        let mut is_whole = true;
        while let Some(reference) = next.take() {
            let mut owner = plain(&reference);
            if let Some(path) = path(namespace, &reference) {
                match self.look(client, &path, &reference.uid, &reference.kind).await {
                    Some(Found::There { object, owner: above }) => (owner, next) = (object, above),
                    Some(Found::Gone | Found::Hidden) | None => is_whole = false,
                }
            }
            told.owners.push(owner);
            if told.owners.len() == OWNER_COUNT_MAX {
                break;
            }
        }
        if is_whole {
            let of_itself = || format!("pods/{}", pod.metadata.name);
            told.workload = Some(told.owners.last().map_or_else(of_itself, workload));
        }
        let path = format!("/api/v1/namespaces/{namespace}");
        if let Some(Found::There { object, .. }) = self.look(client, &path, "", "Namespace").await {
            told.namespace = Some(object);
        }
        told
    }

    /// Asks for an object, once; one with another id is not it. Nothing without an answer.
    async fn look(
        &mut self,
        client: &mut Client,
        path: &str,
        uid: &str,
        kind: &str,
    ) -> Option<Found> {
        if let Some(found) = self.known.get(path) {
            return Some(found.clone());
        }
        if self.silent {
            return None;
        }
        let found = match client.get::<Pod>(path).await {
            Ok(answer) if uid.is_empty() || answer.metadata.uid == uid => {
                let owner = answer.metadata.controller().cloned();
                let metadata = answer.metadata;
                let labels = kept(metadata.labels.as_ref());
                let (kind, name, uid) = (kind.to_owned(), metadata.name, metadata.uid);
                Found::There { object: Object { kind, name, uid, labels }, owner }
            }
            Ok(_) => Found::Gone,
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Found::Gone,
            Err(error) => {
                self.trouble.get_or_insert_with(|| error.line());
                self.silent |= !error.is_answer();
                if !matches!(error, AskError::Refused { .. }) {
                    return None;
                }
                Found::Hidden
            }
        };
        if self.known.len() >= KNOWN_COUNT_MAX {
            self.known.clear();
        }
        self.known.insert(path.to_owned(), found.clone());
        Some(found)
    }
}

/// Returns what a reference alone tells.
fn plain(reference: &Reference) -> Object {
    let Reference { kind, name, uid, .. } = reference.clone();
    Object { kind, name, uid, labels: None }
}

/// Returns where an owner is asked for; nothing for a kind that is not.
fn path(namespace: &str, reference: &Reference) -> Option<String> {
    let Reference { api_version, kind, name, .. } = reference;
    let asked = ASKED.iter().find(|(version, known, ..)| version == api_version && known == kind);
    let (_, _, group, plural) = asked?;
    Some(format!("{group}/namespaces/{namespace}/{plural}/{name}"))
}

/// Returns kind and name, the kind in its plural as the API forms it.
fn workload(owner: &Object) -> String {
    let kind = owner.kind.to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    };
    format!("{plural}/{}", owner.name)
}
