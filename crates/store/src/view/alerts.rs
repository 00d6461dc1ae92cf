//! Alerts, read from the trail itself: the tables have no row for one. What a filter can say by
//! rule is found by the trail's key index; the rest is looked at entry by entry.

use control::evidence::{Entry, Event, Line};
use data_encoding::HEXLOWER;
use finding::{Alert, FindingId};
use trail::Position;

use super::{AlertDetail, AlertFilter, AlertItem, AlertPosition, PAGE_LEN_MAX, Page, View};
use crate::{Error, rule_key, rules};

/// Entries that one page looks at; a filter that finds less goes on with the next page.
pub const LOOKED_AT_MAX: usize = 20_000;
/// Entries that are looked up at once.
const STEP: usize = 256;

impl View {
    /// Lists alerts, newest first, before the given place. A page may hold less than asked for and
    /// still have a next one.
    pub fn alerts(
        &self,
        filter: &AlertFilter,
        before: Option<AlertPosition>,
        limit: usize,
    ) -> Result<Page<AlertItem>, Error> {
        let wanted = rules::Wanted {
            severity: &filter.severity,
            rule: filter.rule.as_deref(),
            source: filter.source.as_deref(),
            criterion: filter.criterion.as_deref(),
        };
        let rules = self.ask(|connection| rules::find(connection, &wanted))?;
        let keys: Vec<u64> = rules.iter().map(|rule| rule_key(&rule.name)).collect();
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        self.walk(&keys, before, limit, |alert, _| fits(filter, text.as_deref(), alert))
    }

    /// Lists the alerts of a finding, newest first.
    pub fn finding_alerts(
        &self,
        id: &FindingId,
        before: Option<AlertPosition>,
        limit: usize,
    ) -> Result<Page<AlertItem>, Error> {
        self.walk(&[id.key()], before, limit, |_, finding| finding == id)
    }

    /// Lists the alerts after the given place in the order of the trail, at most `limit`: what a
    /// feed that was away has missed.
    pub fn alerts_after(
        &self,
        after: AlertPosition,
        limit: usize,
    ) -> Result<Vec<AlertItem>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        let mut items = Vec::new();
        for number in after.entry.block..self.trail().blocks() {
            let block = self.trail().block(number)?;
            let mut entries: Vec<u32> = block.keys().map(|(_, entry)| entry).collect();
            // An event without alerts has no key.
            entries.dedup();
            for entry in entries {
                let position = Position { block: number, entry };
                if position < after.entry {
                    continue;
                }
                let Some(bytes) = block.entry(entry) else { continue };
                let Some(event) = event(bytes, position)? else { continue };
                for (alert, position) in placed(event, position) {
                    if position > after {
                        items.push(item(alert, position));
                    }
                }
                if items.len() >= limit {
                    items.truncate(limit);
                    return Ok(items);
                }
            }
        }
        Ok(items)
    }

    /// Returns one alert with everything behind it.
    pub fn alert(&self, position: AlertPosition) -> Result<Option<AlertDetail>, Error> {
        let block = match self.trail().block(position.entry.block) {
            Err(trail::ReadError::Missing(_)) => return Ok(None),
            block => block?,
        };
        let Some(bytes) = block.entry(position.entry.entry) else { return Ok(None) };
        let Some(event) = event(bytes, position.entry)? else { return Ok(None) };
        let Event { received, id, raw, mut alerts, .. } = event;
        let index = position.alert as usize;
        if index >= alerts.len() {
            return Ok(None);
        }
        let alert = alerts.swap_remove(index);
        Ok(Some(AlertDetail {
            position,
            finding: FindingId::of(&alert),
            alert,
            received,
            id,
            event: raw,
            block_root: HEXLOWER.encode(&block.head.root),
            checkpoint: self.trail().checkpoint_at(position.entry.block)?,
        }))
    }

    fn walk(
        &self,
        keys: &[u64],
        before: Option<AlertPosition>,
        limit: usize,
        wanted: impl Fn(&Alert, &FindingId) -> bool,
    ) -> Result<Page<AlertItem>, Error> {
        let limit = limit.clamp(1, PAGE_LEN_MAX);
        let mut items: Vec<AlertItem> = Vec::new();
        // The entry of `before` may hold earlier alerts.
        let mut from = before.map(|before| just_after(before.entry));
        let mut looked_at = 0;
        loop {
            let found = self.trail().find(keys, from, STEP)?;
            let Some(last) = found.last().copied() else {
                return Ok(Page { items, next: None });
            };
            for position in found {
                looked_at += 1;
                let bytes = self.trail().block(position.block)?;
                let bytes = bytes.entry(position.entry).unwrap_or_default();
                let Some(event) = event(bytes, position)? else { continue };
                let mut alerts: Vec<_> = placed(event, position).collect();
                while let Some((alert, position)) = alerts.pop() {
                    if before.is_some_and(|before| position >= before) {
                        continue;
                    }
                    let item = item(alert, position);
                    if !wanted(&item.alert, &item.finding) {
                        continue;
                    }
                    items.push(item);
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(position.to_string()) });
                    }
                }
            }
            if looked_at >= LOOKED_AT_MAX {
                let next = AlertPosition { entry: last, alert: 0 };
                return Ok(Page { items, next: Some(next.to_string()) });
            }
            from = Some(last);
        }
    }
}

fn just_after(position: Position) -> Position {
    match position.entry.checked_add(1) {
        Some(entry) => Position { entry, ..position },
        None => Position { block: position.block.saturating_add(1), entry: 0 },
    }
}

/// Reads an entry, if it is an event.
pub(super) fn event(bytes: &[u8], position: Position) -> Result<Option<Event>, Error> {
    let line: Line =
        serde_json::from_slice(bytes).map_err(|source| Error::Entry { position, source })?;
    Ok(match line.entry {
        Entry::Event(event) => Some(event),
        _ => None,
    })
}

fn placed(event: Event, entry: Position) -> impl Iterator<Item = (Alert, AlertPosition)> {
    let alerts = event.alerts.into_iter().zip(0..);
    alerts.map(move |(alert, index)| (alert, AlertPosition { entry, alert: index }))
}

pub(super) fn item(alert: Alert, position: AlertPosition) -> AlertItem {
    AlertItem { position, finding: FindingId::of(&alert), alert }
}

fn fits(filter: &AlertFilter, text: Option<&str>, alert: &Alert) -> bool {
    let severity = filter.severity.is_empty() || filter.severity.contains(&alert.priority);
    let rule = filter.rule.as_ref().is_none_or(|rule| **rule == *alert.rule);
    let source = filter.source.as_ref().is_none_or(|source| **source == *alert.source);
    let criterion = filter.criterion.as_ref().is_none_or(|one| alert.soc2.contains(one));
    severity && rule && source && criterion && text.is_none_or(|text| says(alert, text))
}

/// Tells whether rule, output or subject hold the text, which is in lower case.
fn says(alert: &Alert, text: &str) -> bool {
    let about = [Some(&*alert.rule), Some(&*alert.output)];
    let mut parts = about.into_iter().chain(alert.subject.parts()).flatten();
    parts.any(|part| part.to_lowercase().contains(text))
}
