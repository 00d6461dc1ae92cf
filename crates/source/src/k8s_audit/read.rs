//! Reads fields of an audit event, each with the meaning it has in Falco's k8saudit plugin. An
//! event without `auditID` has no `ka.*` field at all; a list without values is absent.

use std::borrow::Cow;
use std::ops::ControlFlow;

use event::Value;
use rule::source::Presence;

use super::field::{Containers, Field, HOST_PATHS, OfContainer, SubjectKind};
use super::record::{Member, Record};
use super::uri;
use crate::envelope::Origin;
use crate::json;
use crate::json::check::NESTING_MAX;
use crate::json::text::{indented, text};
use crate::json::walk::{elements, get, members, path, string};

const TRUE: &[u8] = b"true";
const FALSE: &[u8] = b"false";

/// What sees values; a list goes on until it says stop.
trait See: FnMut(Value<'_>) -> ControlFlow<()> {}
impl<T: FnMut(Value<'_>) -> ControlFlow<()>> See for T {}

/// Shows each value of a field to `see`.
pub fn each(
    record: &mut Record<'_>,
    field: &Field,
    mut see: impl FnMut(Value<'_>) -> ControlFlow<()>,
) -> Presence {
    let see = &mut see;
    match field {
        Field::Envelope(field) => {
            let origin = Origin {
                source: super::DOC.name,
                plugin: Some("k8saudit"),
                summary: Some(record.bytes()),
                time: record.time(),
            };
            return record.envelope.each(*field, &origin, see);
        }
        Field::Json(member, field) => return of_json(record, *member, field, see),
        _ => {}
    }
    if record.find(Member::AuditId).is_none() {
        return Presence::Absent;
    }
    match field {
        Field::Envelope(_) | Field::Json(..) => Presence::Absent,
        Field::Text(path) => json::show(record.follow(path), see),
        Field::List(path) => match record.follow(path) {
            Some(array) if array.first() == Some(&b'[') => show_all(elements(array), see),
            _ => Presence::Absent,
        },
        Field::SubjectHasName => show_text(TRUE, see),
        Field::UriParameter(name) => {
            let Some(uri) = record.find(Member::RequestUri).and_then(text) else {
                return Presence::Absent;
            };
            match uri::parameter(&uri, name) {
                Some(value) => show_text(&value, see),
                None => Presence::Absent,
            }
        }
        Field::TargetPod => target_pod(record, see),
        _ => match record.find(Member::RequestObject) {
            Some(request) => of_request(request, field, see),
            // Subjects are an empty list then, which is absent as well.
            None => Presence::Absent,
        },
    }
}

fn of_json(
    record: &mut Record<'_>,
    member: Option<Member>,
    field: &json::Field,
    see: &mut impl See,
) -> Presence {
    match field {
        json::Field::Value(keys) => {
            let Some((first, rest)) = keys.split_first() else {
                return json::show(Some(record.bytes()), see);
            };
            let start = match member {
                Some(member) => record.find(member),
                None => record.find_other(first),
            };
            let value =
                start.and_then(|start| rest.iter().try_fold(start, |value, key| get(value, key)));
            json::show(value, see)
        }
        json::Field::Object => match indented(record.bytes()) {
            Some(lines) => show_text(&lines, see),
            None => Presence::Absent,
        },
        json::Field::Time => match record.time() {
            Some(time) => show_text(time.0.to_string().as_bytes(), see),
            None => Presence::Absent,
        },
    }
}

/// Reads fields that look at the object of the request alone.
fn of_request(request: &[u8], field: &Field, see: &mut impl See) -> Presence {
    match field {
        Field::Values(keys, index) => match values(request, keys, *index) {
            Some(found) => show_all(found.into_iter().flatten(), see),
            None => Presence::Absent,
        },
        Field::RoleRules(key, index) => match values(request, &["rules", key], *index) {
            Some(found) => show_all(found.into_iter().flatten().flat_map(elements), see),
            None => Presence::Absent,
        },
        Field::HasHostPath(wanted) => match values(request, HOST_PATHS, None) {
            Some(found) => {
                let mut paths = found.into_iter().flatten().filter_map(text);
                let found = paths.any(|path| path_matches(wanted, &path));
                show_text(if found { TRUE } else { FALSE }, see)
            }
            None => Presence::Absent,
        },
        Field::VolumeTypes(index) => match values(request, &["spec", "volumes", ""], *index) {
            Some(found) => {
                let keys = found.into_iter().flatten().flat_map(members).map(|(key, _)| key.text());
                show_texts(keys.filter(|key| **key != *b"name"), see)
            }
            None => Presence::Absent,
        },
        Field::Subjects(kind) => subjects(request, *kind, see),
        Field::Container(list, of, index) => of_containers(request, *list, *of, *index, see),
        Field::FirstContainer(of) => {
            let mut first = |value: Value<'_>| {
                let _ = see(value);
                ControlFlow::Break(())
            };
            of_containers(request, Containers::Ordinary, *of, Some(0), &mut first)
        }
        Field::AnyPrivileged => {
            let keys = ["spec", "containers", "securityContext", "privileged"];
            match values(request, &keys, None) {
                Some(found) => {
                    let any = found.into_iter().flatten().any(|value| value.starts_with(b"true"));
                    show_text(if any { TRUE } else { FALSE }, see)
                }
                None => Presence::Absent,
            }
        }
        _ => Presence::Absent,
    }
}

/// Follows keys through objects and, element by element, through arrays on the way; an element
/// without the keys counts as `None`. With an index only that element of each array is followed.
fn values<'j>(
    value: &'j [u8],
    keys: &[&str],
    index: Option<usize>,
) -> Option<Vec<Option<&'j [u8]>>> {
    let mut found = Vec::new();
    gather(value, keys, index, NESTING_MAX, &mut found).then_some(found)
}

fn gather<'j>(
    mut value: &'j [u8],
    keys: &[&str],
    index: Option<usize>,
    depth_left: usize,
    into: &mut Vec<Option<&'j [u8]>>,
) -> bool {
    for (place, key) in keys.iter().enumerate() {
        if value.first() == Some(&b'[') {
            match index {
                None => {
                    if depth_left == 0 {
                        return false;
                    }
                    for element in elements(value) {
                        let before = into.len();
                        if !gather(element, &keys[place..], None, depth_left - 1, into) {
                            into.truncate(before);
                            into.push(None);
                        }
                    }
                    return true;
                }
                Some(index) => match elements(value).nth(index) {
                    Some(element) => value = element,
                    None => return false,
                },
            }
        }
        if !key.is_empty() {
            match get(value, key) {
                Some(below) => value = below,
                None => return false,
            }
        }
    }
    into.push(Some(value));
    true
}

fn of_containers(
    request: &[u8],
    list: Containers,
    of: OfContainer,
    index: Option<usize>,
    see: &mut impl See,
) -> Presence {
    let read = |keys: &[&str]| values(request, &[&["spec", list.key()][..], keys].concat(), index);
    let shown = match of {
        OfContainer::Present(keys) => {
            read(keys).map(|found| show_all(found.into_iter().flatten(), see))
        }
        OfContainer::Required(key) => read(&[key])
            .and_then(|found| found.into_iter().collect::<Option<Vec<_>>>())
            .map(|found| show_all(found.into_iter(), see)),
        OfContainer::Repository => read(&["image"])
            .and_then(|found| {
                found.into_iter().map(|image| text(image?)).collect::<Option<Vec<_>>>()
            })
            .map(|images| show_texts(images.into_iter().map(repository), see)),
        OfContainer::Words(key) => read(&[key])
            .and_then(|found| found.into_iter().flatten().map(words).collect::<Option<Vec<_>>>())
            .map(|lines| show_texts(lines.into_iter().map(Cow::Owned), see)),
        OfContainer::HostPorts => read(&["ports"])
            .and_then(|found| host_ports(found.into_iter().flatten()))
            .map(|ports| show_all(ports.into_iter(), see)),
        OfContainer::Effective(key) => read(&[key]).map(|found| {
            let of_pod = path(request, &["spec", key]).and_then(text);
            let default = of_pod.unwrap_or(Cow::Borrowed(b"0"));
            let effective =
                found.into_iter().map(|own| own.and_then(text).unwrap_or_else(|| default.clone()));
            show_texts(effective, see)
        }),
    };
    shown.unwrap_or(Presence::Absent)
}

/// Cuts tag and digest off an image.
fn repository(image: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let end = image.iter().position(|byte| matches!(byte, b':' | b'@')).unwrap_or(image.len());
    match image {
        Cow::Borrowed(image) => Cow::Borrowed(&image[..end]),
        Cow::Owned(mut image) => {
            image.truncate(end);
            Cow::Owned(image)
        }
    }
}

/// Joins an array of strings; `None` when it is anything else.
fn words(array: &[u8]) -> Option<Vec<u8>> {
    if array.first() != Some(&b'[') {
        return None;
    }
    let words = elements(array)
        .map(|word| string(word).map(|word| word.text()))
        .collect::<Option<Vec<_>>>()?;
    Some(words.join(&b' '))
}

fn host_ports<'j>(lists: impl Iterator<Item = &'j [u8]>) -> Option<Vec<&'j [u8]>> {
    let mut ports = Vec::new();
    for list in lists {
        if list.first() != Some(&b'[') {
            return None;
        }
        // With the host's network a container's port is the host's.
        let of = |port| get(port, "hostPort").or_else(|| get(port, "containerPort"));
        ports.extend(elements(list).filter_map(of));
    }
    Some(ports)
}

fn path_matches(wanted: &str, path: &[u8]) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) if path.starts_with(prefix.as_bytes()) => true,
        _ => path == wanted.as_bytes(),
    }
}

fn subjects(request: &[u8], wanted: SubjectKind, see: &mut impl See) -> Presence {
    let kind: &[u8] = match wanted {
        SubjectKind::User => b"User",
        SubjectKind::Group => b"Group",
        SubjectKind::ServiceAccount | SubjectKind::NamespacedServiceAccount => b"ServiceAccount",
    };
    let names = get(request, "subjects").into_iter().flat_map(elements).filter_map(|subject| {
        let of_kind = get(subject, "kind").and_then(text)?;
        let name = get(subject, "name").and_then(text)?;
        if *of_kind != *kind {
            return None;
        }
        if wanted != SubjectKind::NamespacedServiceAccount {
            return Some(name);
        }
        let namespace = get(subject, "namespace").and_then(text)?;
        Some(Cow::Owned([&*namespace, &*name].join(&b':')))
    });
    show_texts(names, see)
}

fn target_pod(record: &mut Record<'_>, see: &mut impl See) -> Presence {
    let target = record.find(Member::ObjectRef);
    let part = |key| {
        let value = target.and_then(|target| get(target, key)).and_then(string);
        value.map(|value| value.text()).unwrap_or_default()
    };
    if *part("resource") != *b"pods" || !part("subresource").is_empty() {
        return Presence::Absent;
    }
    let answer = record.find(Member::ResponseObject);
    json::show(answer.and_then(|answer| path(answer, &["metadata", "name"])), see)
}

fn show_all<'j>(values: impl Iterator<Item = &'j [u8]>, see: &mut impl See) -> Presence {
    show_texts(values.filter_map(text), see)
}

fn show_texts<'j>(texts: impl Iterator<Item = Cow<'j, [u8]>>, see: &mut impl See) -> Presence {
    let mut presence = Presence::Absent;
    for text in texts {
        presence = Presence::Present;
        if see(Value::Text(&text)).is_break() {
            break;
        }
    }
    presence
}

fn show_text(text: &[u8], see: &mut impl See) -> Presence {
    let _ = see(Value::Text(text));
    Presence::Present
}
