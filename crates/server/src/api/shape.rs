//! Shapes that several routes share: pages, counts as text, times as RFC 3339, and the alert.

use event::{Period, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Problem;

/// A count as decimal text, because a browser's numbers end at 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "1024", pattern = "^[0-9]+$")]
pub struct Count(pub u64);

impl Serialize for Count {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Count(count)
    }
}

/// A point in time, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T04:05:06Z")]
#[serde(transparent)]
pub struct Moment(pub Time);

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Moment(time)
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A span of time; a missing end means now, a missing start 24 hours before the end.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// First instant of the span.
    #[param(inline)]
    pub from: Option<Moment>,
    /// First instant after the span.
    #[param(inline)]
    pub until: Option<Moment>,
}

/// How severe, most severe first, in Falco's words.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "the names are Falco's priorities")]
pub enum Severity {
    Emergency,
    Alert,
    Critical,
    Error,
    Warning,
    Notice,
    Informational,
    Debug,
}

/// What something happened to; unknown parts are absent.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in `event::Subject`, which this describes")]
pub struct Subject {
    pub cluster: Option<String>,
    pub node: Option<String>,
    pub namespace: Option<String>,
    /// Kind and name, `pods/web-1`.
    pub workload: Option<String>,
    pub pod: Option<String>,
    pub container: Option<String>,
    pub image: Option<String>,
    pub process: Option<String>,
    /// Who acted: user, service account, role.
    pub principal: Option<String>,
}

/// One rule matched one event, in Falco's shape with `soc2`, `reliability` and `subject`.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "as in `finding::Alert`, which this describes")]
pub struct Alert {
    pub uuid: String,
    pub time: Moment,
    pub rule: String,
    pub priority: Severity,
    pub source: String,
    pub tags: Vec<String>,
    pub hostname: String,
    pub output: String,
    /// Fields named by the output line; absent ones are null.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub output_fields: serde_json::Map<String, serde_json::Value>,
    /// Criteria served by the controls that the rule maps to.
    pub soc2: Vec<String>,
    /// `complete`, or `degraded: ` and the reason.
    #[schema(example = "complete")]
    pub reliability: String,
    pub subject: Subject,
}

/// Items of a page unless asked otherwise, and at most.
const LIMIT: (usize, usize) = (100, 500);

/// Checks how many items are asked for.
pub fn limit(asked: Option<u32>) -> Result<usize, Problem> {
    match asked.map_or(Ok(LIMIT.0), usize::try_from) {
        Ok(limit) if (1..=LIMIT.1).contains(&limit) => Ok(limit),
        _ => Err(Problem::bad_request(format!("`limit` must be from 1 to {}", LIMIT.1))),
    }
}

/// Returns the severities that are as bad as this, or worse; none asked for: all.
pub fn at_least(bound: Option<event::Severity>) -> Vec<event::Severity> {
    let Some(bound) = bound else { return Vec::new() };
    event::Severity::ALL.into_iter().filter(|severity| severity.at_least(bound)).collect()
}

impl<T, U: From<T>> From<store::Page<T>> for Page<U> {
    fn from(page: store::Page<T>) -> Page<U> {
        Page { items: page.items.into_iter().map(U::from).collect(), next: page.next }
    }
}

impl Span {
    /// Returns the period that is meant, `now` being now.
    pub fn period(&self, now: Time) -> Result<Period, Problem> {
        const DAY: i64 = 24 * 60 * Time::MINUTE;
        let until = self.until.map_or(now, |moment| moment.0);
        let from = self.from.map_or(until.plus(-DAY), |moment| moment.0);
        if from >= until {
            return Err(Problem::bad_request(format!(
                "`from` {from} is not before `until` {until}"
            )));
        }
        Ok(Period { from, until })
    }
}
