//! How asking the API server goes.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How asking goes at the moment.
#[derive(Debug)]
pub struct Standing {
    trouble: Mutex<Trouble>,
}

#[derive(Debug)]
struct Trouble {
    /// Why pods are not told of.
    pods: Option<String>,
    /// Why not all owners are told of.
    owners: Option<String>,
}

impl Standing {
    /// Returns the standing before any answer.
    pub fn new() -> Standing {
        let pods = Some("it has not answered yet".to_owned());
        Standing { trouble: Mutex::new(Trouble { pods, owners: None }) }
    }

    /// Says what cannot be told at the moment.
    pub fn blind(&self) -> Vec<String> {
        let trouble = self.trouble();
        let pods = trouble.pods.as_ref().map(|why| {
            format!(
                "kubernetes: later labels and the owners of pods are not told by the API: {why}"
            )
        });
        let owners = trouble.owners.as_ref().map(|why| {
            format!("kubernetes: not all owners and namespaces of pods are told by the API: {why}")
        });
        pods.into_iter().chain(owners).collect()
    }

    /// Notes that the server cannot be asked.
    pub fn fail(&self, why: String) {
        let mut trouble = self.trouble();
        if trouble.pods.as_ref() != Some(&why) {
            tracing::warn!(why, "the Kubernetes API does not tell of the pods of this node");
        }
        trouble.pods = Some(why);
    }

    /// Notes that it answers, and why it does not tell of all owners, if so.
    pub fn reach(&self, owners: Option<&str>) {
        let mut trouble = self.trouble();
        if trouble.pods.take().is_some() {
            tracing::info!("the Kubernetes API tells of the pods of this node");
        }
        if trouble.owners.as_deref() != owners
            && let Some(why) = owners
        {
            tracing::warn!(why, "the Kubernetes API does not tell of all owners of pods");
        }
        trouble.owners = owners.map(str::to_owned);
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
