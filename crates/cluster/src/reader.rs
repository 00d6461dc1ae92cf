//! Asking the API server on a thread of its own, so that no event waits for an answer.

use std::sync::Arc;
use std::thread;

use syscall::table::{News, Pods};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::access::Member;
use crate::follow::Follower;
use crate::standing::Standing;

/// News that may wait to be taken; then the API waits.
const NEWS_COUNT_MAX: usize = 64;

/// What the API server tells of the pods of this node. Dropping it ends the asking.
#[derive(Debug)]
pub struct Reader {
    news: Receiver<News>,
    standing: Arc<Standing>,
}

impl Reader {
    /// Begins to ask.
    pub fn start(member: Member) -> Reader {
        let (sender, news) = channel(NEWS_COUNT_MAX);
        let standing = Arc::new(Standing::new());
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
        self.standing.blind()
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
