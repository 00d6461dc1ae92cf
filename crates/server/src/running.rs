//! Starts all parts in order, and stops them in order.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum_server::Handle;
use control::Mapping;
use control::evidence::{Administration, Entry};
use detect::Detector;
use event::{Subject, Time};
use store::{Draft, Journal, Opening, Recovery};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Shared};
use crate::canary::{self, Post};
use crate::connections::Connections;
use crate::feed::Feed;
use crate::feeding::SourceRules;
use crate::guard::{Hosts, Transport, admit, secure};
use crate::intake::{
    Door, FollowSetting, Instance, Place, Refusal, State, Writer, WriterEnd, follow, instance_name,
    tell_minutes,
};
use crate::judging::{CatalogueError, Judging};
use crate::listen::{ListenError, Listener};
use crate::local;
use crate::node::{self, AuthorityError, Hearing};
use crate::own_node::{self, OwnNode, OwnWatch};
use crate::private::Private;
use crate::rules::{RuleSet, RulesError, RulesInForce};
use crate::settings::{Settings, SourceSetting};
use crate::webhook::{self, WebhookError};

/// How long requests under way may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// Name of the source that delivers here.
const K8S_AUDIT: &str = "k8s_audit";

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum StartError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("cannot prepare the data directory `{path}`")]
    Data { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Journal(#[from] store::OpenError),
    #[error(transparent)]
    Private(#[from] crate::private::Error),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where nodes find it, if they are heard, `https://host:9701`.
    pub agents: Option<String>,
    /// Its URL for a browser on this machine.
    pub url: String,
    /// One-time link to sign in by.
    pub sign_in_link: String,
    /// What was put right when the data directory was opened.
    pub recovery: Recovery,
    /// The file that kube-apiserver needs, if it is there.
    pub webhook_file: Option<PathBuf>,
    settings: Settings,
    app: App,
    handle: Handle<SocketAddr>,
    http: JoinHandle<std::io::Result<()>>,
    tasks: Vec<JoinHandle<()>>,
    writer: oneshot::Receiver<WriterEnd>,
}

/// The rules in force for system calls.
#[derive(Debug)]
pub struct NodeRules {
    /// Those that judge.
    pub detector: Detector,
    /// SHA-256 over the files of all, hex.
    pub hash: String,
    /// Names of those that are there and switched off.
    pub off: BTreeSet<String>,
}

/// Makes a sign-in link for a server that runs, or will run, on a data directory.
pub fn make_sign_in_link(settings: &Settings) -> Result<String, StartError> {
    let private = Private::open(&settings.data.join("private.db"))?;
    link(settings, settings.listen, &private, settings.clock.now())
}

impl Running {
    /// Starts the server.
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let listener = Listener::bind(settings.listen, settings.tls.as_ref())?;
        let started = settings.clock.now();
        prepare_data(&settings.data)?;
        let judging = Judging::load(settings.controls.as_deref(), settings.service_model)?;
        let rules = load_rules(&settings, &judging)?;
        let opening = Opening {
            origin: &settings.environment,
            version: env!("CARGO_PKG_VERSION"),
            now: started,
        };
        let (journal, recovery) = Journal::open(&settings.data, &opening)?;
        let private = Private::open(&settings.data.join("private.db"))?;
        let (nodes, hearing) = node::open(&settings, started)?.unzip();
        let instances = instances(&settings, started);
        let (state, feed) = (State::default(), Feed::default());
        let (door, batches) = Door::new(state.clone());
        let app = App::new(Shared {
            environment: settings.environment.clone(),
            started,
            transport: if listener.is_tls() { Transport::Tls } else { Transport::Plain },
            hosts: Hosts::new(settings.hosts.iter().cloned()),
            connections: Connections::new(settings.connections_max),
            clock: settings.clock.clone(),
            private,
            view: journal.view(),
            door,
            feed: feed.clone(),
            rules: RulesInForce::new(rules),
            judging,
            place: Place {
                hostname: settings.hostname.as_str().into(),
                cluster: settings.cluster.as_deref().map(Arc::from),
            },
            webhook: instances.iter().find(|one| one.name() == WEBHOOK).cloned(),
            nodes,
            instances,
            own_watch: OwnWatch::default(),
            stop: CancellationToken::new(),
            questions: App::questions(),
            deciding: Mutex::new(()),
        });
        let writer = Writer::new(journal, batches, state, feed, settings.clock.clone());
        let writer = run_writer(writer)?;
        Running::assemble(settings, app, (listener, hearing), recovery, writer).await
    }

    async fn assemble(
        settings: Settings,
        app: App,
        (listener, hearing): (Listener, Option<Hearing>),
        recovery: Recovery,
        writer: oneshot::Receiver<WriterEnd>,
    ) -> Result<Running, StartError> {
        let now = settings.clock.now();
        let rules = app.rules().now();
        // A trail that is only read says so at `/readyz`; the rest of the start goes on.
        let loaded = Draft::new(Entry::Rules(rules.entry(now)));
        report(app.door().keep(vec![loaded]).await.err());
        let address = listener.address();
        let url = url(&settings, address);
        let certificate = settings.tls.as_ref().map(|tls| tls.certificate.as_path());
        let by = &settings.started_by;
        let made = webhook::prepare(&settings.data, app.private(), &url, certificate, by, now)?;
        if let Some(made) = made {
            let detail = format!("`{}`, may intake, for {}", made.token.name, webhook::FILE);
            report(
                app.door()
                    .keep(vec![noted(by, "token_created", &made.token.id, detail, now)])
                    .await
                    .err(),
            );
        }
        let sign_in_link = link(&settings, address, app.private(), now)?;
        let mut tasks = vec![tokio::spawn(tell_minutes(
            app.door().clone(),
            app.instances().to_vec(),
            app.rules().clone(),
            app.clock().clone(),
            app.stop().clone(),
        ))];
        for (path, instance) in files(&settings, &app) {
            let setting = FollowSetting { path, instance };
            tasks.push(tokio::spawn(follow(app.clone(), setting)));
        }
        tasks.extend(local::listen(&app, &settings.data));
        tasks.extend(hearing.map(|hearing| tokio::spawn(node::serve(hearing, app.clone()))));
        let handle = Handle::new();
        let http =
            tokio::spawn(listener.serve(router(&app), app.connections().clone(), handle.clone()));
        // For someone who will paste it elsewhere.
        let data = settings.data.canonicalize().unwrap_or_else(|_| settings.data.clone());
        let file = data.join(webhook::FILE);
        if settings.canaries {
            let post = Post { address, url: url.clone(), file: file.clone() };
            tasks.push(tokio::spawn(canary::plant(app.clone(), post)));
        }
        Ok(Running {
            address,
            agents: app.nodes().map(|nodes| nodes.url.clone()),
            url,
            sign_in_link,
            recovery,
            webhook_file: file.exists().then_some(file),
            settings,
            app,
            handle,
            http,
            tasks,
            writer,
        })
    }

    /// Waits until the server cannot go on, and says why. A server that is well waits forever.
    pub async fn broken(&mut self) -> String {
        tokio::select! {
            end = &mut self.writer => match end {
                Ok(WriterEnd::Broken(reason)) => reason,
                _ => "the writer ended".to_owned(),
            },
            end = &mut self.http => match end {
                Ok(Err(error)) => format!("listening failed: {error}"),
                _ => "listening ended".to_owned(),
            },
        }
    }

    /// Returns the hash of the rules in force, and how many are enabled by source.
    pub fn rules(&self) -> (String, Vec<SourceRules>) {
        let rules = self.app.rules().now();
        (rules.hash.clone(), self.app.rules_by_source(&rules))
    }

    /// Returns the names of what delivers.
    pub fn instances(&self) -> Vec<String> {
        let instances = self.app.instances().iter().map(|one| one.name().to_owned());
        instances.chain(self.app.own_watch().name()).collect()
    }

    /// Returns the rules in force, ready to judge system calls.
    pub fn node_rules(&self) -> NodeRules {
        let rules = self.app.rules().now();
        NodeRules {
            detector: rules.detector_of(own_node::SOURCE),
            hash: rules.hash.clone(),
            off: rules.switched_off(own_node::SOURCE),
        }
    }

    /// Returns the way in for a watch of this node in this process.
    pub fn own_node(&self) -> OwnNode {
        let name = Some(self.settings.hostname.as_str()).filter(|name| !name.is_empty());
        OwnNode::new(self.app.clone(), name.unwrap_or("localhost").to_owned())
    }

    /// Reads the rules again and puts them in force; on any error the old ones stay.
    pub async fn reload_rules(&self) -> Result<usize, StartError> {
        let rules = load_rules(&self.settings, self.app.judging())?;
        let enabled = rules.items.iter().filter(|rule| rule.enabled).count();
        let entry = rules.entry(self.app.clock().now());
        self.app.rules().exchange(rules);
        report(self.app.door().keep(vec![Draft::new(Entry::Rules(entry))]).await.err());
        Ok(enabled)
    }

    /// Stops: no new requests, what is under way ends, the last minute is told of, all is written.
    pub async fn stop(mut self) {
        self.app.stop().cancel();
        self.handle.graceful_shutdown(Some(GRACE));
        if let Err(error) = (&mut self.http).await {
            tracing::error!(%error, "listening did not end well");
        }
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task did not end well");
            }
        }
        self.app.door().close().await;
        let _ = self.writer.await;
    }
}

/// Instance name of the webhook.
const WEBHOOK: &str = "webhook";

fn instances(settings: &Settings, now: Time) -> Vec<Arc<Instance>> {
    let named = settings.sources.iter().map(|source| match source {
        SourceSetting::K8sAuditWebhook => WEBHOOK.to_owned(),
        SourceSetting::K8sAuditFile(path) => instance_name(path),
    });
    named.map(|name| Arc::new(Instance::new(K8S_AUDIT, name, now))).collect()
}

fn files(settings: &Settings, app: &App) -> Vec<(PathBuf, Arc<Instance>)> {
    let paths = settings.sources.iter().filter_map(|source| match source {
        SourceSetting::K8sAuditFile(path) => Some(path.clone()),
        SourceSetting::K8sAuditWebhook => None,
    });
    let with_instance = paths.filter_map(|path| {
        let name = instance_name(&path);
        let instance = app.instances().iter().find(|one| one.name() == name)?;
        Some((path, instance.clone()))
    });
    with_instance.collect()
}

fn router(app: &App) -> Router {
    crate::api::routes()
        .fallback(crate::console::serve)
        .layer(from_fn_with_state(app.clone(), admit))
        .layer(from_fn_with_state(app.transport(), secure))
        .with_state(app.clone())
}

fn prepare_data(path: &Path) -> Result<(), StartError> {
    let failed = |source| StartError::Data { path: path.to_owned(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(failed)
}

fn load_rules(settings: &Settings, judging: &Judging) -> Result<RuleSet, StartError> {
    let mapping = Mapping::of(judging.catalogue());
    let approved_by = settings.rules_approved_by.clone();
    let sources: &[&str] = if settings.sources.is_empty() { &[] } else { &[K8S_AUDIT] };
    let (rules, diagnostics) = RuleSet::load(&settings.rules, approved_by, &mapping, sources)?;
    for one in diagnostics {
        tracing::warn!(file = one.file, line = one.line, "{}", one.message);
    }
    Ok(rules)
}

fn run_writer(writer: Writer) -> Result<oneshot::Receiver<WriterEnd>, StartError> {
    let (tell, ended) = oneshot::channel();
    let run = move || {
        let _ = tell.send(writer.run());
    };
    std::thread::Builder::new().name("writer".to_owned()).spawn(run).map_err(StartError::Thread)?;
    Ok(ended)
}

fn report(refusal: Option<Refusal>) {
    if let Some(refusal) = refusal {
        tracing::error!(%refusal, "the trail takes no entries");
    }
}

fn noted(actor: &str, act: &str, object: &str, detail: String, time: Time) -> Draft {
    Draft::new(Entry::Administration(Administration {
        time,
        actor: actor.to_owned(),
        act: act.to_owned(),
        object: object.to_owned(),
        detail,
        subject: Subject::default(),
    }))
}

/// Returns the URL under which a browser on this machine finds the server.
fn url(settings: &Settings, address: SocketAddr) -> String {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let host = match settings.hosts.first() {
        Some(name) => format!("{name}:{}", address.port()),
        None if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
        None => address.to_string(),
    };
    format!("{scheme}://{host}")
}

fn link(
    settings: &Settings,
    address: SocketAddr,
    private: &Private,
    now: Time,
) -> Result<String, StartError> {
    let secret = private.make_link(&settings.admin_name, &settings.started_by, now)?;
    Ok(format!("{}/signin?token={}", url(settings, address), secret.reveal()))
}
