//! `container.*`, and the way to the pod of a container.

use rule::operator::glob::{Case, matches};
use rule::source::FieldError;

use super::pod::{self, joined};
use super::show::Show;
use crate::container::{About, Container, Mount, image_parts};
use crate::event::Event;

/// Length of an id as rules know it.
const ID_LEN: usize = 12;

/// What is asked of the container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Id,
    FullId,
    Name,
    Image,
    ImageId,
    Repository,
    Tag,
    Digest,
    Runtime,
    Privileged,
    Mounts,
    Mount(Which, Part),
    Start,
    Duration,
    HostPid,
    HostNetwork,
    HostIpc,
    Label(String),
    Labels,
    Address,
    Network,
    Pod(pod::Field),
}

/// Which mount.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// By its place in the list.
    Number(usize),
    /// The first whose source matches.
    Source(String),
    /// The first whose place in the container matches.
    Dest(String),
}

/// What of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Part {
    Whole,
    Source,
    Dest,
    Mode,
    Writable,
    Propagation,
}

/// Reads a field's name and argument; nothing where it is never there.
pub fn resolve(name: &str, argument: Option<&str>) -> Result<Option<Field>, FieldError> {
    if let Some(part) = mount_part(name) {
        let Some(argument) = argument else {
            let message = format!("`{name}` needs a number or a pattern in brackets");
            return Err(FieldError::Argument(message));
        };
        let which = match argument.parse() {
            Ok(number) => Which::Number(number),
            Err(_) if part == Part::Source => Which::Dest(argument.to_owned()),
            Err(_) => Which::Source(argument.to_owned()),
        };
        return Ok(Some(Field::Mount(which, part)));
    }
    let label = || argument.unwrap_or_default().to_owned();
    Ok(Some(match name {
        "container.id" => Field::Id,
        "container.full_id" => Field::FullId,
        "container.name" => Field::Name,
        "container.image" => Field::Image,
        "container.image.id" => Field::ImageId,
        "container.image.repository" => Field::Repository,
        "container.image.tag" => Field::Tag,
        "container.image.digest" => Field::Digest,
        "container.type" => Field::Runtime,
        "container.privileged" => Field::Privileged,
        "container.mounts" => Field::Mounts,
        "container.start_ts" => Field::Start,
        "container.duration" => Field::Duration,
        "container.host_pid" => Field::HostPid,
        "container.host_network" => Field::HostNetwork,
        "container.host_ipc" => Field::HostIpc,
        "container.label" => Field::Label(label()),
        "container.labels" => Field::Labels,
        "container.ip" => Field::Address,
        "container.cni.json" => Field::Network,
        _ => return Ok(pod::resolve(name, argument).map(Field::Pod)),
    }))
}

fn mount_part(name: &str) -> Option<Part> {
    Some(match name {
        "container.mount" => Part::Whole,
        "container.mount.source" => Part::Source,
        "container.mount.dest" => Part::Dest,
        "container.mount.mode" => Part::Mode,
        "container.mount.rdwr" => Part::Writable,
        "container.mount.propagation" => Part::Propagation,
        _ => return None,
    })
}

/// Shows a field.
pub fn read(event: &Event<'_>, field: &Field, show: &mut Show<'_>) {
    let Some(process) = event.process else { return };
    let Some(place) = &process.cgroup.place else {
        return match field {
            Field::Id | Field::FullId | Field::Name | Field::Runtime => show.text("host"),
            _ => {}
        };
    };
    let start = || event.tables.namespace_start(process.facts.pid_ns);
    match field {
        Field::Id => return show.text(short(&place.id)),
        Field::FullId => return show.text(&*place.id),
        Field::Runtime => return show.text(place.runtime.name()),
        Field::Start => {
            if let Some(start) = start() {
                show.int(event.tables.time(start).0);
            }
            return;
        }
        Field::Duration => {
            if let Some(start) = start() {
                show.int(event.record.time().saturating_sub(start) as i64);
            }
            return;
        }
        _ => {}
    }
    let known = event.tables.container(process).map(|container: &Container| &container.about);
    let Some(Some(about)) = known else { return };
    match field {
        Field::Pod(field) => {
            if let Some(pod) = &about.pod {
                let told = event.tables.pods().get(&pod.uid);
                pod::read(about, pod, told, field, show);
            }
        }
        _ => of_container(about, field, show),
    }
}

/// Returns an id as rules know it.
pub fn short(id: &str) -> &str {
    id.get(..ID_LEN).unwrap_or(id)
}

fn of_container(about: &About, field: &Field, show: &mut Show<'_>) {
    let parts = about.image.as_deref().map(image_parts);
    let truth = |truth: Option<bool>, show: &mut Show<'_>| {
        if let Some(truth) = truth {
            show.bool(truth);
        }
    };
    match field {
        Field::Name => show.some_text(about.name.as_ref()),
        Field::Image => show.some_text(about.image.as_ref()),
        Field::ImageId => show.some_text(about.image_id.as_deref().map(short)),
        Field::Repository => show.some_text(parts.map(|(repository, _, _)| repository)),
        Field::Tag => show.some_text(parts.and_then(|(_, tag, _)| tag)),
        Field::Digest => {
            let named = parts.and_then(|(_, _, digest)| digest);
            show.some_text(about.image_digest.as_deref().or(named));
        }
        Field::Privileged => truth(about.privileged, show),
        Field::HostPid => truth(about.shares.map(|shares| shares.pid), show),
        Field::HostNetwork => truth(about.shares.map(|shares| shares.network), show),
        Field::HostIpc => truth(about.shares.map(|shares| shares.ipc), show),
        Field::Label(name) => show.some_text(about.label(name)),
        Field::Labels => show.text(joined(&about.labels)),
        Field::Address => show.some_text(about.address.as_ref()),
        Field::Network => show.some_text(about.network.as_ref()),
        Field::Mounts => {
            let all: Vec<String> = about.mounts.iter().map(whole).collect();
            show.text(all.join(" "));
        }
        Field::Mount(which, part) => match find(&about.mounts, which) {
            Some(mount) => show.text(part_of(mount, *part)),
            // Rules compare with this word to say that there is no such mount.
            None => show.text("N/A"),
        },
        _ => {}
    }
}

fn find<'m>(mounts: &'m [Mount], which: &Which) -> Option<&'m Mount> {
    let fits =
        |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes(), Case::Exact);
    match which {
        Which::Number(at) => mounts.get(*at),
        Which::Source(pattern) => mounts.iter().find(|mount| fits(pattern, &mount.source)),
        Which::Dest(pattern) => mounts.iter().find(|mount| fits(pattern, &mount.dest)),
    }
}

fn whole(mount: &Mount) -> String {
    let Mount { source, dest, mode, writable, propagation } = mount;
    format!("{source}:{dest}:{mode}:{writable}:{propagation}")
}

fn part_of(mount: &Mount, part: Part) -> String {
    match part {
        Part::Whole => whole(mount),
        Part::Source => mount.source.clone(),
        Part::Dest => mount.dest.clone(),
        Part::Mode => mount.mode.clone(),
        Part::Writable => mount.writable.to_string(),
        Part::Propagation => mount.propagation.clone(),
    }
}
