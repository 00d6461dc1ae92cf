//! Kubernetes audit: every request to the API server, as its webhook or log file tells it.
//!
//! [`Splitter`] cuts a stream into events, [`Record`] reads one as far as it is asked, [`K8sAudit`]
//! is the source that rules are compiled for. A stream is read twice as strictly where it is kept:
//! [`validate`] for what the trail takes, [`confirm`] for a record that raised alerts in a replay.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use ::event::{Subject, Time, Value};
use data_encoding::HEXLOWER;
use rule::source::{Cost, FieldError, Presence, Source, SourceDoc};
use syscall::field::event;

use crate::json;
use crate::json::text::text;
use crate::json::walk::{elements, get, path};

pub mod field;
pub mod fields;
pub mod fields_pod;
mod moment;
mod read;
mod record;
mod reject;
mod split;
#[cfg(test)]
mod tests;
mod uri;

pub use field::Field;
use field::Path;
pub use record::{Member, Record};
pub use reject::{EXCERPT_BYTES_MAX, Reason, Reject};
pub use split::{Layout, Piece, Splitter};

/// Longest event taken; events of 1.1 MB are real.
pub const EVENT_BYTES_MAX: usize = 8 << 20;

/// Name, fields and plugins of the source.
pub const DOC: SourceDoc = SourceDoc {
    name: "k8s_audit",
    doc: "Requests to the Kubernetes API server, from its audit webhook or log.",
    fields: &[fields::FIELDS, fields_pod::FIELDS, json::fields::FIELDS, event::FIELDS],
    plugins: &[
        ("k8saudit", "0.18.0"),
        ("k8saudit-aks", "0.6.0"),
        ("k8saudit-eks", "0.12.0"),
        ("k8saudit-gke", "0.9.0"),
        ("k8saudit-ovh", "0.6.0"),
        ("json", "0.7.4"),
    ],
};

/// The source.
#[derive(Clone, Copy, Debug)]
pub enum K8sAudit {}

impl Source for K8sAudit {
    const DOC: SourceDoc = DOC;
    type Record<'r> = Record<'r>;
    type Field = Field;

    fn keys() -> &'static [Field] {
        static KEYS: LazyLock<Vec<Field>> = LazyLock::new(|| {
            let field = |name, argument| Field::resolve(name, argument);
            // Published rules ask for the stage in both ways.
            [
                field("json.value", Some("/stage")),
                field("ka.stage", None),
                field("ka.verb", None),
                field("ka.target.resource", None),
            ]
            .into_iter()
            .flatten()
            .collect()
        });
        &KEYS
    }

    fn resolve(name: &str, argument: Option<&str>) -> Result<Field, FieldError> {
        Field::resolve(name, argument)
    }

    fn cost(field: &Field) -> Cost {
        field.cost()
    }

    fn each(
        record: &mut Record<'_>,
        field: &Field,
        see: impl FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Presence {
        read::each(record, field, see)
    }
}

/// What a valid event says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// When it happened, by the API server's clock.
    pub time: Time,
    /// `auditID/stage`, the same for a duplicate.
    pub id: String,
}

/// Checks an event strictly, for keeping: UTF-8, JSON to the letter, a time.
pub fn validate(record: &mut Record<'_>) -> Result<Known, Reason> {
    record.check_strictly()?;
    let time = record.time().ok_or(Reason::NoTime)?;
    Ok(Known { time, id: id(record) })
}

/// Checks an event that was judged without being checked, as strictly as Falco's plugin does.
/// Returns when it happened.
pub fn confirm(record: &mut Record<'_>) -> Result<Time, Reason> {
    record.check()?;
    record.time().ok_or(Reason::NoTime)
}

/// Returns what names the event. One without an audit id is named by its content.
fn id(record: &mut Record<'_>) -> String {
    let stage = find(record, Member::Stage).unwrap_or_default();
    match find(record, Member::AuditId).filter(|id| !id.is_empty()) {
        Some(id) => format!("{id}/{stage}"),
        None => {
            let hash = Reject::of(record.bytes(), Reason::NotAnEvent).sha256;
            format!("sha256:{}/{stage}", HEXLOWER.encode(&hash[..16]))
        }
    }
}

/// Tells what an event is about. Parts that the event does not name are left out.
pub fn subject(record: &mut Record<'_>) -> Subject {
    let mut at = |path: &Path| record.follow(path).and_then(owned);
    let resource = at(&Path::RESOURCE);
    let name = at(&Path::NAME);
    let has_subresource = at(&Path::SUBRESOURCE).is_some();
    let namespace = at(&Path::NAMESPACE);
    let principal = at(&Path::USER_NAME);
    let name = name.or_else(|| answered_name(record));
    let is_pod = resource.as_deref() == Some("pods");
    let of_container = is_pod && has_subresource;
    let workload = resource.map(|resource| match &name {
        Some(name) => [&resource, "/", name].concat(),
        None => resource,
    });
    Subject {
        cluster: None,
        node: None,
        namespace,
        workload,
        pod: name.filter(|_| is_pod),
        container: if of_container { container(record) } else { None },
        image: if is_pod { only_image(record) } else { None },
        process: None,
        principal,
    }
}

/// Returns the name the API server gave to what was created under a generated one.
fn answered_name(record: &mut Record<'_>) -> Option<String> {
    if find(record, Member::Verb).as_deref() != Some("create") {
        return None;
    }
    let answer = record.find(Member::ResponseObject)?;
    path(answer, &["metadata", "name"]).and_then(owned)
}

/// Returns the container of a session.
fn container(record: &mut Record<'_>) -> Option<String> {
    let uri = find(record, Member::RequestUri)?;
    let parameter = uri::parameter(uri.as_bytes(), "container")?;
    String::from_utf8(parameter).ok().filter(|name| !name.is_empty())
}

/// Returns the image of the pod asked for, when it has only one.
fn only_image(record: &mut Record<'_>) -> Option<String> {
    let request = record.find(Member::RequestObject)?;
    let mut containers = elements(path(request, &["spec", "containers"])?);
    let first = containers.next()?;
    if containers.next().is_some() {
        return None;
    }
    get(first, "image").and_then(owned)
}

fn find(record: &mut Record<'_>, member: Member) -> Option<String> {
    record.find(member).and_then(owned)
}

/// Returns a string value; anything else, null too, is none.
fn owned(value: &[u8]) -> Option<String> {
    if value.first() != Some(&b'"') {
        return None;
    }
    text(value).map(|text| match text {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    })
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// Cuts blanks off both ends.
fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(start, |at| at + 1);
    &text[start..end]
}
