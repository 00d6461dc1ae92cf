//! Says each minute what each source did. A minute without a word is a gap.

use std::sync::Arc;
use std::time::Duration;

use control::evidence::Entry;
use event::Time;
use store::Draft;
use tokio_util::sync::CancellationToken;

use super::{Door, Instance};
use crate::clock::Clock;
use crate::rules::RulesInForce;

/// How late a minute may be told of and still be that minute. Beyond it the machine slept.
const LATE_MAX: i64 = 30 * Time::SECOND;

/// Runs until the server stops, and then tells of the minute that was begun.
pub async fn tell_minutes(
    door: Door,
    instances: Vec<Arc<Instance>>,
    rules: RulesInForce,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut minute = clock.now().minute();
    let mut state = door.state().watch();
    loop {
        let end = minute.plus(Time::MINUTE);
        let wait = u64::try_from(end.0 - clock.now().0).unwrap_or(0);
        let stopped = tokio::select! {
            () = tokio::time::sleep(Duration::from_nanos(wait)) => false,
            Ok(()) = state.changed() => {
                let stopped = state.borrow_and_update().clone();
                let now = clock.now();
                instances.iter().for_each(|instance| match &stopped {
                    Some(reason) => instance.unable(reason),
                    None => instance.able(now),
                });
                false
            }
            () = stop.cancelled() => true,
        };
        let now = clock.now();
        if !stopped && now < end {
            continue;
        }
        let slept = now > end.plus(LATE_MAX);
        if slept {
            let asleep = "this machine was not running";
            instances.iter().for_each(|instance| instance.unable(asleep));
        }
        tell(&door, &instances, &rules.now().hash, minute, now).await;
        if stopped {
            return;
        }
        if slept {
            instances.iter().for_each(|instance| instance.able(now));
        }
        minute = now.minute();
    }
}

async fn tell(door: &Door, instances: &[Arc<Instance>], rules: &str, minute: Time, now: Time) {
    let statuses = instances.iter().map(|instance| instance.end_minute(minute, now, rules));
    let drafts: Vec<_> = statuses.map(|status| Draft::new(Entry::Status(status))).collect();
    if drafts.is_empty() {
        return;
    }
    if let Err(error) = door.keep(drafts).await {
        tracing::warn!(%minute, %error, "a minute could not be told of; it will be a gap");
    }
}
