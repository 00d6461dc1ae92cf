//! Canaries of the audit webhook: events that nobody caused, one for each family of rules, which
//! show that what kube-apiserver sends is taken, judged and kept.
//!
//! An event is known by an id that nobody can guess. What it raises goes into the canary's own
//! entry, through the same door as everything, and opens no finding; it counts as no record.

mod act;
mod post;

use std::time::Instant;

use control::evidence::{Canary, Entry, Event, Outcome};
use event::{Subject, Time};
use finding::Alert;
use serde_json::json;
use serde_json::value::to_raw_value;
use store::Draft;

use crate::App;
use crate::intake::{Counts, Instance, State};
use act::{ACTS, Act};

pub use post::Post;

/// An event that is on its way.
#[derive(Debug)]
pub struct Planted {
    /// Its id, which only it has.
    id: String,
    at: Instant,
    /// What is to be told of it.
    canary: Canary,
}

impl Planted {
    /// Tells whether this is its event, by the id within the source.
    pub fn is(&self, id: &str) -> bool {
        id.strip_prefix(&self.id).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns what is told of it if its rule is among those that matched.
    pub fn seen(&self, alerts: &[Alert]) -> Option<Canary> {
        let alert = alerts.iter().find(|alert| *alert.rule == *self.canary.rule)?;
        let took_ms = u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let outcome = Outcome::Seen { alert: Box::new(alert.clone()), took_ms };
        Some(Canary { outcome, ..self.canary.clone() })
    }
}

/// Plants all of them, soon and daily and when other rules judge, until the server stops.
pub async fn plant(app: App, post: Post) {
    let (mut hash, mut due) = (String::new(), Instant::now());
    loop {
        tokio::select! {
            () = tokio::time::sleep(Canary::SETTLE) => {}
            () = app.stop().cancelled() => return,
        }
        let now = app.rules().now().hash.clone();
        if hash == now && Instant::now() < due {
            continue;
        }
        (hash, due) = (now, Instant::now() + Canary::EVERY);
        for act in ACTS {
            for instance in app.instances() {
                let told = one(&app, &post, instance, act).await;
                if let Some(canary) = told {
                    keep(&app, instance, canary).await;
                }
            }
            if app.stop().is_cancelled() {
                return;
            }
        }
    }
}

/// Plants one, and returns what came of it unless that was kept where it was judged.
async fn one(app: &App, post: &Post, instance: &Instance, act: &Act) -> Option<Canary> {
    let time = app.clock().now();
    let told = |outcome| told(instance, act, time, outcome);
    let rules = app.rules().now();
    let rule = rules.items.iter().find(|rule| rule.name == act.rule);
    let Some(rule) = rule.filter(|rule| rule.source == instance.source()) else {
        let reason = format!("no rule `{}` judges here", act.rule);
        return Some(told(Outcome::NotTested { reason }));
    };
    if app.webhook().is_none_or(|webhook| webhook.name() != instance.name()) {
        let reason = "only kube-apiserver writes this file".to_owned();
        return Some(told(Outcome::NotTested { reason }));
    }
    let id = format!("sockeye-canary-{}", uuid::Uuid::new_v4());
    let event = act.event(&id, time).to_string();
    let canary = told(Outcome::NotTested { reason: String::new() });
    instance.plant(Planted { id, at: Instant::now(), canary });
    let sent = tokio::time::timeout(Canary::WAIT, post.send(&event)).await;
    let taken = instance.lift().is_none();
    let seconds = Canary::WAIT.as_secs();
    Some(told(match sent {
        Ok(Ok(200)) if taken => return None,
        Ok(Ok(200)) => Outcome::Missed {
            reason: match rule.enabled {
                true => "its event was taken and raised no alert".to_owned(),
                false => "its event raised no alert: the rule is switched off".to_owned(),
            },
        },
        Ok(Ok(status @ (401 | 403))) => Outcome::Missed {
            reason: format!("the webhook answered {status} to kube-apiserver's own token"),
        },
        Ok(Ok(status)) => Outcome::NotTested { reason: format!("the webhook answered {status}") },
        Ok(Err(error)) => Outcome::NotTested { reason: format!("nothing could be sent: {error}") },
        Err(_) => Outcome::Missed { reason: format!("no answer within {seconds} s") },
    }))
}

fn told(instance: &Instance, act: &Act, time: Time, outcome: Outcome) -> Canary {
    let source = instance.source();
    Canary {
        time,
        source: source.to_owned(),
        instance: instance.name().to_owned(),
        family: act.family.to_owned(),
        rule: act.rule.to_owned(),
        rules: detect::family_rules(&format!("rules/{source}/{}.yaml", act.family)),
        outcome,
    }
}

/// Keeps what came of one. One that was missed is a finding.
async fn keep(app: &App, instance: &Instance, canary: Canary) {
    let cluster = app.place().cluster.as_deref().map(str::to_owned);
    let subject = Subject { cluster, ..Subject::default() };
    let id = uuid::Uuid::now_v7().to_string();
    let mut drafts = Vec::new();
    let mut counts = Counts::default();
    if let Some(alert) = canary.missed(&id, &app.place().hostname, subject) {
        let said = json!({"v": 1, "canary": {"family": canary.family, "rule": canary.rule}});
        drafts.push(Draft::new(Entry::Event(Event {
            source: canary.source.clone(),
            time: canary.time,
            received: app.clock().now(),
            id: format!("canary/{id}"),
            alerts: vec![alert],
            raw: to_raw_value(&said).expect("it has string keys and no failing serializer"),
        })));
        counts.alerts = 1;
    }
    drafts.push(Draft::new(Entry::Canary(canary)));
    match app.door().keep(drafts).await {
        Ok(_) => {
            State::add(&app.door().state().totals().alerts, counts.alerts);
            instance.count(&counts);
        }
        Err(error) => tracing::warn!(%error, "what came of a canary could not be kept"),
    }
}
