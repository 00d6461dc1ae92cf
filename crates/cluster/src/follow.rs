//! Following the pods of a node: all of them, then what changes, in rounds. A round begins with a
//! list and goes on with watches, each from where the one before ended.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use syscall::table::{News, POD_COUNT_MAX};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep};

use crate::access::Member;
use crate::client::{AskError, Client, Lines};
use crate::object::{Event, Failure, List, Metadata, Pod};
use crate::owner::Owners;
use crate::standing::Standing;

/// How long a round lasts: owners and namespaces are asked for once in it.
const ROUND: Duration = Duration::from_secs(10 * 60);
/// How long it lasts when not all owners could be asked for.
const ROUND_SHORT: Duration = Duration::from_secs(30);
/// How long a watch lasts, in seconds.
const WATCH_S: u64 = 240;
/// Pods of one page of a list.
const PAGE_LEN: usize = 100;
/// First pause after a failure; each is twice as long as the one before.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest name of a node.
const NAME_LEN_MAX: usize = 253;

/// Somebody who follows.
pub struct Follower {
    member: Member,
    /// This start of the machine, as its kernel names it; empty where that is not known.
    boot: String,
    client: Client,
    news: Sender<News>,
    standing: Arc<Standing>,
    owners: Owners,
    /// Version from which the next watch goes on; nothing: a round begins.
    version: Option<String>,
    round_end: Instant,
}

/// Why a watch ended.
enum End {
    /// It goes on with the next one.
    Watch,
    /// What happened since is not told any more, or it is time for another round.
    Round,
    /// Nobody listens.
    Reader,
}

impl Follower {
    /// Returns one who has not begun.
    pub fn new(member: Member, news: Sender<News>, standing: Arc<Standing>) -> Follower {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Follower {
            client: Client::new(member.access.clone()),
            member,
            boot: boot.trim().to_owned(),
            news,
            standing,
            owners: Owners::default(),
            version: None,
            round_end: Instant::now(),
        }
    }

    /// Follows until nobody listens.
    pub async fn run(mut self) {
        let mut pause = PAUSE_MIN;
        loop {
            let (begun, lists) = (Instant::now(), self.version.is_none());
            let done = match self.version.clone() {
                None => self.list().await,
                Some(version) => self.watch(&version).await,
            };
            match done {
                Ok(End::Reader) => return,
                Ok(End::Round) => self.version = None,
                Ok(End::Watch) => {}
                Err(error) => {
                    self.standing.fail(error.line());
                    if matches!(error.status(), Some(StatusCode::GONE | StatusCode::BAD_REQUEST)) {
                        self.version = None;
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                    continue;
                }
            }
            match begun.elapsed() < PAUSE_MIN {
                _ if lists => {}
                // A server that ends each watch at once is not asked without a pause either.
                true => sleep(PAUSE_MIN).await,
                false => pause = PAUSE_MIN,
            }
        }
    }

    /// Begins a round: tells of all pods.
    async fn list(&mut self) -> Result<End, AskError> {
        self.client.hang_up();
        self.check_node().await?;
        let (pods, version) = self.pages().await?;
        self.owners = Owners::default();
        let mut all = Vec::with_capacity(pods.len());
        for pod in &pods {
            all.push(self.owners.of(&mut self.client, pod).await);
        }
        self.standing.reach(self.owners.trouble());
        self.version = Some(version);
        let round = if self.owners.is_unfinished() { ROUND_SHORT } else { ROUND };
        self.round_end = Instant::now() + round;
        tracing::debug!(pods = all.len(), "the Kubernetes API told of the pods of this node");
        let sent = self.news.send(News::All(all)).await;
        Ok(if sent.is_err() { End::Reader } else { End::Watch })
    }

    /// Makes sure that the cluster has this node. Whoever may not look is believed.
    async fn check_node(&mut self) -> Result<(), AskError> {
        let name = &self.member.node;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let elsewhere = |what: &str| {
            let hint = "name this one by --kubernetes-node";
            Err(AskError::Elsewhere(format!("{what} node `{name}`; {hint}")))
        };
        if name.is_empty() || name.len() > NAME_LEN_MAX || !name.bytes().all(plain) {
            return elsewhere("no cluster has a");
        }
        match self.client.get::<Pod>(&format!("/api/v1/nodes/{name}")).await {
            Ok(node) => {
                let boot = node.status.node_info.unwrap_or_default().boot_id;
                let is_known = !boot.is_empty() && !self.boot.is_empty();
                match is_known && boot != self.boot {
                    true => elsewhere("another machine is"),
                    false => Ok(()),
                }
            }
            Err(error) => match error.status() {
                Some(StatusCode::NOT_FOUND) => elsewhere("the cluster has no"),
                Some(StatusCode::FORBIDDEN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Reads the pods of the node, page by page, and the version that they are of.
    async fn pages(&mut self) -> Result<(Vec<Pod>, String), AskError> {
        let (mut pods, mut next) = (Vec::new(), String::new());
        loop {
            let path = format!("{}&limit={PAGE_LEN}{next}", self.path());
            let page: List = self.client.get(&path).await?;
            pods.extend(page.items);
            if page.metadata.next.is_empty() || pods.len() > POD_COUNT_MAX {
                return Ok((pods, page.metadata.resource_version));
            }
            next = format!("&continue={}", encoded(&page.metadata.next));
        }
    }

    fn path(&self) -> String {
        format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{}", self.member.node)
    }

    /// Tells what changes from a version on.
    async fn watch(&mut self, version: &str) -> Result<End, AskError> {
        if Instant::now() >= self.round_end {
            return Ok(End::Round);
        }
        let path = format!(
            "{}&watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_S}&resourceVersion={}",
            self.path(),
            encoded(version)
        );
        let mut lines = self.client.watch(&path).await?;
        self.standing.reach(self.owners.trouble());
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(self.round_end) => return Ok(End::Round),
                () = self.news.closed() => return Ok(End::Reader),
                line = next(&mut lines) => match line? {
                    None => return Ok(End::Watch),
                    Some(line) => if let Some(end) = self.take(&line).await? {
                        return Ok(end);
                    },
                },
            }
        }
    }

    /// Takes in an event of a watch; says if the watch ends with it.
    async fn take(&mut self, line: &[u8]) -> Result<Option<End>, AskError> {
        let wrong = |error: serde_json::Error| AskError::Answer(error.to_string());
        let event: Event<'_> = serde_json::from_slice(line).map_err(wrong)?;
        let text = event.object.get();
        let (news, metadata): (_, Metadata) = match event.kind.as_str() {
            "ERROR" => {
                let failure: Failure = serde_json::from_str(text).map_err(wrong)?;
                let status = StatusCode::from_u16(failure.code);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                if status == StatusCode::GONE {
                    return Ok(Some(End::Round));
                }
                return Err(AskError::Refused { status, message: failure.message });
            }
            kind => {
                let pod: Pod = serde_json::from_str(text).map_err(wrong)?;
                let news = match kind {
                    "ADDED" | "MODIFIED" => {
                        let told = self.owners.of(&mut self.client, &pod).await;
                        self.standing.reach(self.owners.trouble());
                        Some(News::Pod(Box::new(told)))
                    }
                    "DELETED" => Some(News::Gone(pod.metadata.runtime_uid().to_owned())),
                    _ => None,
                };
                (news, pod.metadata)
            }
        };
        if let Some(news) = news
            && self.news.send(news).await.is_err()
        {
            return Ok(Some(End::Reader));
        }
        self.version = Some(metadata.resource_version);
        if self.owners.is_unfinished() {
            self.round_end = self.round_end.min(Instant::now() + ROUND_SHORT);
        }
        Ok(None)
    }
}

/// Waits for the next line with something on it.
async fn next(lines: &mut Lines) -> Result<Option<Vec<u8>>, AskError> {
    loop {
        match lines.next().await? {
            Some(line) if line.trim_ascii().is_empty() => {}
            line => return Ok(line),
        }
    }
}

/// Writes a text so that it can stand in a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}
