//! What the parts of the running server share.

use std::sync::Arc;

use control::evidence::{Administration, Entry};
use event::{Subject, Time};
use store::{Draft, View};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::api::Problem;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::feed::Feed;
use crate::guard::{Hosts, Transport};
use crate::intake::{Door, Instance, Place};
use crate::judging::Judging;
use crate::node::Nodes;
use crate::own_node::OwnWatch;
use crate::private::Private;
use crate::rules::RulesInForce;

/// Questions to the projection at the same time.
const QUESTIONS_LEN_MAX: usize = 8;

/// What handlers share; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) environment: String,
    pub(crate) started: Time,
    pub(crate) transport: Transport,
    pub(crate) hosts: Hosts,
    pub(crate) connections: Connections,
    pub(crate) clock: Clock,
    pub(crate) private: Private,
    pub(crate) view: View,
    pub(crate) door: Door,
    pub(crate) feed: Feed,
    pub(crate) rules: RulesInForce,
    pub(crate) judging: Judging,
    pub(crate) place: Place,
    pub(crate) webhook: Option<Arc<Instance>>,
    pub(crate) nodes: Option<Nodes>,
    pub(crate) instances: Vec<Arc<Instance>>,
    pub(crate) own_watch: OwnWatch,
    pub(crate) stop: CancellationToken,
    pub(crate) questions: Arc<Semaphore>,
    pub(crate) deciding: Mutex<()>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

impl App {
    pub(crate) fn new(shared: Shared) -> App {
        App(Arc::new(shared))
    }

    pub(crate) fn questions() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(QUESTIONS_LEN_MAX))
    }

    pub(crate) fn environment(&self) -> &str {
        &self.0.environment
    }

    pub(crate) fn started(&self) -> Time {
        self.0.started
    }

    pub(crate) fn transport(&self) -> Transport {
        self.0.transport
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn private(&self) -> &Private {
        &self.0.private
    }

    pub(crate) fn view(&self) -> &View {
        &self.0.view
    }

    pub(crate) fn door(&self) -> &Door {
        &self.0.door
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.0.feed
    }

    pub(crate) fn rules(&self) -> &RulesInForce {
        &self.0.rules
    }

    pub(crate) fn judging(&self) -> &Judging {
        &self.0.judging
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    /// The way in for nodes, unless they are not heard here.
    pub(crate) fn nodes(&self) -> Option<&Nodes> {
        self.0.nodes.as_ref()
    }

    /// The webhook's instance, unless it is switched off.
    pub(crate) fn webhook(&self) -> Option<&Arc<Instance>> {
        self.0.webhook.as_ref()
    }

    pub(crate) fn instances(&self) -> &[Arc<Instance>] {
        &self.0.instances
    }

    /// Whether this process watches the node that it runs on.
    pub(crate) fn own_watch(&self) -> &OwnWatch {
        &self.0.own_watch
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Held from the moment a finding is looked at until the decision about it is durable, so that
    /// two decisions never stand on the same state.
    pub(crate) fn deciding(&self) -> &Mutex<()> {
        &self.0.deciding
    }

    /// Asks the projection, on a thread that may wait for the disk.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&View) -> Result<T, store::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.0.questions.clone().acquire_owned().await.map_err(Problem::internal)?;
        let view = self.0.view.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            question(&view)
        });
        answer.await.map_err(Problem::internal)?.map_err(|error| match error {
            store::Error::Cursor(_) => Problem::bad_request(error.to_string()),
            error => Problem::internal(Chain(&error)),
        })
    }

    /// Uses `private.db`, on a thread that may wait for the disk.
    pub(crate) async fn privately<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Private) -> Result<T, crate::private::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let private = self.0.private.clone();
        let done = tokio::task::spawn_blocking(move || act(&private));
        done.await.map_err(Problem::internal)?.map_err(|error| Problem::internal(Chain(&error)))
    }

    /// Puts an act of administration into the trail. Durable when this returns.
    pub(crate) async fn note(
        &self,
        actor: &str,
        act: &str,
        object: &str,
        detail: String,
    ) -> Result<(), Problem> {
        let entry = Entry::Administration(Administration {
            time: self.clock().now(),
            actor: actor.to_owned(),
            act: act.to_owned(),
            object: object.to_owned(),
            detail,
            subject: Subject::default(),
        });
        self.door().keep(vec![Draft::new(entry)]).await?;
        Ok(())
    }
}

/// An error with its causes, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
