//! Watches the machine that the server runs on, and brings what is found to the server's door.

use std::path::Path;

use anyhow::Context;
use cluster::Member;
use node::canary::Nest;
use node::{Orders, Ready, Refused, Rules, Setting, Sink, Telling, Watch};
use server::{OwnNode, Refusal, Running, Unkept};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::config::{SensorSetting, When};

/// The server's door, as the watch knows it.
struct Desk {
    node: OwnNode,
    runtime: Handle,
}

impl Sink for Desk {
    fn hand_over(&mut self, entries: &[Ready]) -> Result<(), Refused> {
        let lines = entries.iter().map(|entry| entry.line.as_slice());
        self.runtime.block_on(self.node.keep(lines)).map_err(|unkept| match unkept {
            Unkept::Refused(Refusal::Busy) => Refused::Full,
            Unkept::Refused(Refusal::Stopped(reason)) => Refused::Stopped(reason),
            Unkept::Refused(Refusal::TooLarge(reason)) | Unkept::Unfit(reason) => {
                Refused::Unfit(reason)
            }
        })
    }
}

/// Starts to watch, as far as it is asked for; `data` is the data directory. Where it must be
/// watched and cannot, that is an error.
pub fn start(
    sensor: SensorSetting,
    cluster: Option<Member>,
    running: &Running,
    data: &Path,
) -> anyhow::Result<Option<Watch>> {
    let node = running.own_node();
    if sensor.watch == When::Off {
        node.unable("`--sensor off`");
        return Ok(None);
    }
    let setting = Setting {
        orders: Orders {
            node: node.name().to_owned(),
            step: sensor.step,
            ring_len: sensor.ring_len,
            matching: detect::Matching::All,
            activity: Telling::Told,
            push_down: node::PushDown::On,
            cluster,
        },
        version: env!("CARGO_PKG_VERSION"),
        watched_until: Some(data.join("watched-until")),
        canaries: Nest::below(data),
    };
    let desk = Desk { node: node.clone(), runtime: Handle::current() };
    let started = block_in_place(|| Watch::start(&setting, rules(running), Box::new(desk)));
    match started {
        Ok(watch) => {
            node.watched();
            Ok(Some(watch))
        }
        Err(error) if sensor.watch == When::On => {
            Err(error).context("this machine must be watched (`--sensor on`) and cannot be")
        }
        Err(error) => {
            let error = anyhow::Error::from(error);
            node.unable(&format!("{error:#}"));
            Ok(None)
        }
    }
}

/// Returns the rules that judge what is watched.
pub fn rules(running: &Running) -> Rules {
    let server::NodeRules { detector, hash, off } = running.node_rules();
    Rules { detector, hash, off }
}

/// Ends the watch in good order, while the server still takes entries.
pub fn stop(watch: Option<Watch>) {
    if let Some(watch) = watch {
        block_in_place(|| watch.stop());
    }
}
