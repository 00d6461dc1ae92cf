//! From what the rules tell to entries that are ready to leave.

use control::evidence::{Canary, Entry, Event as Evidence};
use event::{Subject, Time};
use finding::Alert;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use syscall::{Event, Origin};

use crate::canary::{Canaries, Standing};
use crate::minute::{Run, SOURCE};
use crate::queue::Queue;
use crate::ready::{Kind, Ready};

/// Where what was found is made ready to leave.
pub struct Desk {
    /// What waits to be handed over.
    pub queue: Queue,
    /// What all entries of this run have in common.
    pub run: Run,
    /// Number of the last event that alerted.
    pub events: u64,
    /// Alerts of all events: what a canary raises is none of them.
    pub alerts: u64,
    /// What is planted.
    pub canaries: Option<Canaries>,
}

impl Desk {
    /// Makes an entry of an event that alerted, unless a canary did.
    pub fn take(&mut self, now: Time, event: &mut Event<'_>, alerts: Vec<Alert>) {
        let alerts = match &mut self.canaries {
            Some(canaries) => match canaries.take(event.pid(), alerts) {
                Ok(told) => return told.into_iter().for_each(|canary| self.canary(now, canary)),
                Err(alerts) => alerts,
            },
            None => alerts,
        };
        let sequence = self.events + 1;
        let (node, boot) = (&self.run.node, &self.run.sensor.boot);
        let described = event.describe(&Origin { node, boot, sequence });
        self.event(event.time(), now, alerts, &described);
    }

    fn event(&mut self, time: Time, now: Time, alerts: Vec<Alert>, described: &Value) {
        self.events += 1;
        self.alerts += alerts.len() as u64;
        let raw = to_raw_value(described).expect("it has string keys and no failing serializer");
        let evidence = Evidence {
            source: SOURCE.to_owned(),
            time,
            received: now,
            id: format!("{}/{}", self.run.sensor.boot, self.events),
            alerts,
            raw,
        };
        self.queue.push(Ready::new(Kind::Finding, Entry::Event(evidence)));
    }

    /// Looks after the canaries.
    pub fn tend(&mut self, now: Time, rule: impl Fn(&str) -> Standing) {
        if let Some(canaries) = &mut self.canaries
            && let Some(canary) = canaries.tend(now, rule)
        {
            self.canary(now, canary);
        }
    }

    /// Tells what came of a canary. One that was missed is a finding.
    fn canary(&mut self, now: Time, canary: Canary) {
        let subject = Subject { node: Some(canary.instance.clone()), ..Subject::default() };
        let uuid = uuid::Uuid::now_v7().to_string();
        if let Some(alert) = canary.missed(&uuid, &canary.instance, subject) {
            let described = json!({
                "v": 1,
                "node": self.run.node,
                "boot": self.run.sensor.boot,
                "sequence": self.events + 1,
                "time": canary.time.to_string(),
                "canary": {"family": canary.family, "rule": canary.rule},
            });
            self.event(canary.time, now, vec![alert], &described);
        }
        self.queue.push(Ready::new(Kind::Status, Entry::Canary(canary)));
    }
}
