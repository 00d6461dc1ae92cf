//! `k8s.*`: the pod of a container, as its runtime and the Kubernetes API tell of it. Where both
//! do, the API's word holds: it is the newer one.

use super::container::short;
use super::show::Show;
use crate::container::{About, Pod, value_of};
use crate::table::{Object, Told};

/// What is asked of the pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Field {
    Name,
    Namespace,
    Uid,
    Sandbox,
    FullSandbox,
    Label(String),
    Labels,
    Annotation(String),
    Annotations,
    Address,
    Network,
    Account,
    Workload,
    Object(Which, Part),
}

/// Which object around the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Which {
    Namespace,
    ReplicaSet,
    ReplicationController,
    Deployment,
}

/// What of such an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the field tables say what each means")]
pub enum Part {
    Name,
    Id,
    Label(String),
    Labels,
}

/// Reads a field's name and argument; nothing where it is never there.
pub fn resolve(name: &str, argument: Option<&str>) -> Option<Field> {
    let label = || argument.unwrap_or_default().to_owned();
    Some(match name {
        "k8s.pod.name" => Field::Name,
        "k8s.ns.name" => Field::Namespace,
        "k8s.pod.id" | "k8s.pod.uid" => Field::Uid,
        "k8s.pod.sandbox_id" => Field::Sandbox,
        "k8s.pod.full_sandbox_id" => Field::FullSandbox,
        "k8s.pod.label" => Field::Label(label()),
        "k8s.pod.labels" => Field::Labels,
        "k8s.pod.annotation" => Field::Annotation(label()),
        "k8s.pod.annotations" => Field::Annotations,
        "k8s.pod.ip" => Field::Address,
        "k8s.pod.cni.json" => Field::Network,
        "k8s.sa.name" => Field::Account,
        "k8s.workload" => Field::Workload,
        _ => {
            let (which, part) = name.strip_prefix("k8s.")?.split_once('.')?;
            let which = match which {
                "ns" => Which::Namespace,
                "rs" => Which::ReplicaSet,
                "rc" => Which::ReplicationController,
                "deployment" => Which::Deployment,
                _ => return None,
            };
            let part = match part {
                "name" => Part::Name,
                "id" => Part::Id,
                "label" => Part::Label(label()),
                "labels" => Part::Labels,
                _ => return None,
            };
            Field::Object(which, part)
        }
    })
}

/// Shows a field. `told` is what the API tells, where it does.
pub fn read(about: &About, pod: &Pod, told: Option<&Told>, field: &Field, show: &mut Show<'_>) {
    let uid = Some(&pod.uid).filter(|uid| !uid.is_empty());
    let labels = told.and_then(|told| told.labels.as_ref()).or(pod.labels.as_ref());
    let notes = told.and_then(|told| told.annotations.as_ref()).or(pod.annotations.as_ref());
    match field {
        Field::Name => show.text(&pod.name),
        Field::Namespace => show.text(&pod.namespace),
        Field::Uid => show.some_text(uid),
        Field::Sandbox => show.some_text(pod.sandbox.as_deref().map(short)),
        Field::FullSandbox => show.some_text(pod.sandbox.as_ref()),
        Field::Label(name) => show.some_text(labels.and_then(|all| value_of(all, name))),
        Field::Labels => show.some_text(labels.map(|all| joined(all))),
        Field::Annotation(name) => show.some_text(notes.and_then(|all| value_of(all, name))),
        Field::Annotations => show.some_text(notes.map(|all| joined(all))),
        Field::Address => {
            let told = told.and_then(|told| told.address.as_ref());
            show.some_text(about.address.as_ref().or(told));
        }
        Field::Network => show.some_text(about.network.as_ref()),
        Field::Account => show.some_text(told.and_then(|told| told.account.as_ref())),
        Field::Workload => show.some_text(told.and_then(|told| told.workload.as_ref())),
        Field::Object(which, part) => {
            if let Some(object) = told.and_then(|told| object(told, *which)) {
                of_object(object, part, show);
            }
        }
    }
}

fn object(told: &Told, which: Which) -> Option<&Object> {
    match which {
        Which::Namespace => told.namespace.as_ref(),
        Which::ReplicaSet => told.owner("ReplicaSet"),
        Which::ReplicationController => told.owner("ReplicationController"),
        Which::Deployment => told.owner("Deployment"),
    }
}

fn of_object(object: &Object, part: &Part, show: &mut Show<'_>) {
    let labels = object.labels.as_ref();
    match part {
        Part::Name => show.text(&object.name),
        Part::Id => show.text(&object.uid),
        Part::Label(name) => show.some_text(labels.and_then(|all| value_of(all, name))),
        Part::Labels => show.some_text(labels.map(|all| joined(all))),
    }
}

/// Returns labels as rules know them, `key:value` with commas between.
pub fn joined(labels: &[(String, String)]) -> String {
    let all: Vec<String> = labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    all.join(",")
}

#[cfg(test)]
mod tests {
    use event::Time;

    use crate::envelope::Envelope;
    use crate::record::Record;
    use crate::sample::{show, who};
    use crate::table::{News, Object, Told};
    use crate::{Environment, Event, Home, Tables};

    const ID: &str = "3f0a1b2c4d5e6f708192a3b4c5d6e7f80102030405060708090a0b0c0d0e0f10";
    const UID: &str = "7c3f0a11-2222-4333-8444-555566667777";

    /// Tables of a machine on which a container of a pod runs.
    fn tables(root: &std::path::Path) -> Tables {
        let tasks = root.join("run/containerd/io.containerd.runtime.v2.task/k8s.io");
        std::fs::create_dir_all(tasks.join(ID)).unwrap();
        let spec = format!(
            r#"{{"annotations": {{"io.kubernetes.cri.sandbox-name": "web-1",
            "io.kubernetes.cri.sandbox-namespace": "shop",
            "io.kubernetes.cri.sandbox-uid": "{UID}"}}}}"#
        );
        std::fs::write(tasks.join(ID).join("config.json"), spec).unwrap();
        let home = Home { proc: "/no/such/proc".into(), root: root.to_owned() };
        Tables::new(home, Time(0), Environment::Kept)
    }

    fn told() -> Told {
        let labels = |name: &str, value: &str| Some(vec![(name.to_owned(), value.to_owned())]);
        let object = |kind: &str, name: &str, uid: &str| Object {
            kind: kind.to_owned(),
            name: name.to_owned(),
            uid: uid.to_owned(),
            labels: labels("team", kind),
        };
        Told {
            uid: UID.to_owned(),
            labels: labels("tier", "back"),
            annotations: None,
            address: Some("10.1.2.3".to_owned()),
            account: Some("seller".to_owned()),
            namespace: Some(object("Namespace", "shop", "n")),
            owners: vec![object("ReplicaSet", "web-7c", "r"), object("Deployment", "web", "d")],
            workload: Some("deployments/web".to_owned()),
        }
    }

    #[test]
    fn what_the_api_tells_stands_before_what_the_runtime_told() {
        let root = tempfile::tempdir().unwrap();
        let mut tables = tables(root.path());
        let exec = who(10, 1).executes("/bin/sh", &["sh"], &format!("/kubepods/pod{UID}/{ID}"));
        let workload = |tables: &Tables| {
            let event = Event::new(Record::parse(&exec).unwrap(), tables, Envelope::default());
            event.subject().workload
        };
        let api = [
            ("k8s.pod.label[tier]", "back"),
            ("k8s.pod.labels", "tier:back"),
            ("k8s.pod.ip", "10.1.2.3"),
            ("k8s.sa.name", "seller"),
            ("k8s.workload", "deployments/web"),
            ("k8s.rs.name", "web-7c"),
            ("k8s.rs.id", "r"),
            ("k8s.deployment.name", "web"),
            ("k8s.deployment.label[team]", "Deployment"),
            ("k8s.deployment.labels", "team:Deployment"),
            ("k8s.ns.id", "n"),
            ("k8s.ns.label[team]", "Namespace"),
        ];
        for (field, _) in api {
            assert_eq!(show(&mut tables, &exec, field), "-", "{field}");
        }
        assert_eq!(
            (show(&mut tables, &exec, "k8s.pod.name"), workload(&tables)),
            ("web-1".into(), None)
        );
        tables.pods_mut().take(News::Pod(Box::new(told())));
        for (field, expected) in api {
            assert_eq!(show(&mut tables, &exec, field), expected, "{field}");
        }
        for absent in ["k8s.rc.name", "k8s.svc.name", "k8s.pod.annotations", "k8s.ns.label[x]"] {
            assert_eq!(show(&mut tables, &exec, absent), "-", "{absent}");
        }
        assert_eq!(workload(&tables).as_deref(), Some("deployments/web"));
    }
}
