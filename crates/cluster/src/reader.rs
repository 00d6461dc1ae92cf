//! Asking the API server on a thread of its own, so that no event waits for an answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use syscall::table::{News, Pods};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::access::Access;
use crate::follow::Follower;

/// News that may wait to be taken; then the API waits.
const NEWS_COUNT_MAX: usize = 64;

/// This node as a member of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// How the API server is reached.
    pub access: Access,
    /// What the cluster calls this node.
    pub node: String,
}

/// What the API server tells of the pods of this node. Dropping it ends the asking.
#[derive(Debug)]
pub struct Reader {
    news: Receiver<News>,
    standing: Arc<Standing>,
}

/// How asking goes at the moment.
#[derive(Debug)]
pub struct Standing {
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// Why pods are not told of.
    pods: Option<String>,
    /// Why not all owners are told of.
    owners: Option<String>,
}

impl Reader {
    /// Begins to ask.
    pub fn start(member: Member) -> Reader {
        let (sender, news) = channel(NEWS_COUNT_MAX);
        let trouble =
            Trouble { pods: Some("it has not answered yet".to_owned()), ..Trouble::default() };
        let standing = Arc::new(Standing { trouble: Mutex::new(trouble) });
        let asking = standing.clone();
        let thread = thread::Builder::new().name("kubernetes".to_owned());
        if let Err(error) = thread.spawn(move || ask(member, sender, asking)) {
            standing.fail(format!("cannot start a thread: {error}"));
        }
        Reader { news, standing }
    }

    /// Takes in what became known meanwhile.
    pub fn take(&mut self, pods: &mut Pods) {
        while let Ok(news) = self.news.try_recv() {
            pods.take(news);
        }
    }

    /// Says what cannot be told at the moment.
    pub fn blind(&self) -> Vec<String> {
        let trouble = self.standing.trouble();
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
}

impl Standing {
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

fn ask(member: Member, news: Sender<News>, standing: Arc<Standing>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(async {
            let closed = news.clone();
            tokio::select! {
                () = Follower::new(member, news, standing).run() => {}
                () = closed.closed() => {}
            }
        }),
        Err(error) => standing.fail(format!("cannot wait for it: {error}")),
    }
}
