use std::fs;

use super::bolt::tests::Put;
use super::*;

const ID: &str = "3f0a1b2c4d5e6f708192a3b4c5d6e7f80102030405060708090a0b0c0d0e0f10";

fn check(path: &str, expected: Option<(Runtime, &str)>) {
    let found = place(path.replace("$ID", ID).as_bytes());
    let found = found.as_ref().map(|place| (place.runtime, &*place.id));
    assert_eq!(found, expected, "{path}");
}

#[test]
fn the_cgroups_of_every_runtime_are_known() {
    let pod = "pod7c3f0a11-2222-4333-8444-555566667777";
    check("/system.slice/docker-$ID.scope", Some((Runtime::Docker, ID)));
    check("/docker/$ID", Some((Runtime::Docker, ID)));
    check("/docker/$ID/init.scope", Some((Runtime::Docker, ID)));
    check(&format!("/kubepods/burstable/{pod}/$ID"), Some((Runtime::Containerd, ID)));
    let slice = format!("/kubepods.slice/kubepods-{}.slice", pod.replace('-', "_"));
    check(&format!("{slice}/cri-containerd-$ID.scope"), Some((Runtime::Containerd, ID)));
    check(&format!("{slice}/crio-$ID.scope"), Some((Runtime::Crio, ID)));
    check("/machine.slice/libpod-$ID.scope/container", Some((Runtime::Podman, ID)));
    check("/lxc.payload.web", Some((Runtime::Lxc, "web")));
}

#[test]
fn whatever_merely_looks_long_is_no_container() {
    check("/user.slice/user-0.slice/session-3.scope", None);
    check("/machine.slice/libpod-conmon-$ID.scope", None);
    check("/crio-conmon-$ID.scope", None);
    check("/default/$ID", None);
    check("/system.slice/job-$ID.service", None);
    check("/", None);
}

#[test]
fn an_image_has_repository_tag_and_digest() {
    assert_eq!(image_parts("a.b:5000/web"), ("a.b:5000/web", None, None));
    assert_eq!(image_parts("a.b:5000/web:1"), ("a.b:5000/web", Some("1"), None));
    assert_eq!(image_parts("web@sha256:00"), ("web", None, Some("sha256:00")));
}

#[test]
fn a_bundle_of_a_pods_container_tells_image_and_pod() {
    let root = tempfile::tempdir().unwrap();
    let bundle = root.path().join("run/containerd/io.containerd.runtime.v2.task/k8s.io").join(ID);
    fs::create_dir_all(&bundle).unwrap();
    let spec = r#"{
        "process": {"capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}},
        "mounts": [
            {"type": "bind", "source": "/etc", "destination": "/host", "options": ["rbind", "ro"]},
            {"type": "proc", "source": "proc", "destination": "/proc"}
        ],
        "annotations": {
            "io.kubernetes.cri.container-name": "web",
            "io.kubernetes.cri.image-name": "registry.example/web:2",
            "io.kubernetes.cri.sandbox-name": "web-1",
            "io.kubernetes.cri.sandbox-namespace": "shop",
            "io.kubernetes.cri.sandbox-uid": "7c3f",
            "io.kubernetes.cri.sandbox-id": "ab12"
        },
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}]}
    }"#;
    fs::write(bundle.join("config.json"), spec).unwrap();
    let place = Place { id: ID.into(), runtime: Runtime::Containerd };
    let about = Runtimes::new(root.path()).ask(&place).unwrap();
    assert_eq!(about.name.as_deref(), Some("web"));
    assert_eq!(about.image.as_deref(), Some("registry.example/web:2"));
    assert_eq!(about.privileged, Some(true));
    assert_eq!(about.mounts.len(), 1);
    assert!(!about.mounts[0].writable);
    assert_eq!(about.shares, Some(Shares { pid: false, network: true, ipc: false }));
    let pod = about.pod.unwrap();
    assert_eq!((&*pod.name, &*pod.namespace, pod.labels), ("web-1", "shop", None));
}

#[test]
fn a_container_of_runc_is_found_by_its_cgroup() {
    let root = tempfile::tempdir().unwrap();
    let state = root.path().join("run/runc/web");
    fs::create_dir_all(&state).unwrap();
    let text = r#"{
        "cgroup_paths": {"memory": "/sys/fs/cgroup/memory/user.slice/web"},
        "config": {"rootfs": "/srv/web", "labels": ["bundle=/srv/bundle"]}
    }"#;
    fs::write(state.join("state.json"), text).unwrap();
    let place = Runtimes::new(root.path()).unmarked(b"/user.slice/web").unwrap();
    assert_eq!((place.runtime, &*place.id), (Runtime::Runc, "web"));
    assert_eq!(Runtimes::new(root.path()).unmarked(b"/other/web"), None);
    assert_eq!(Runtimes::new(root.path()).unmarked(b"/user.slice/.."), None);
    let about = Runtimes::new(root.path()).ask(&place).unwrap();
    assert_eq!(about.root, Some(root.path().join("srv/web")));
}

#[test]
fn docker_tells_image_digest_and_privilege() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("var/lib/docker");
    let folder = home.join("containers").join(ID);
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir_all(home.join("image/overlay2")).unwrap();
    let config = r#"{"Name": "/web", "Image": "sha256:11", "Config": {"Image": "web:1",
        "Labels": {"tier": "front"}}, "MountPoints": {"/data": {"Source": "/srv",
        "Destination": "/data", "RW": true, "Propagation": "rprivate"}}}"#;
    fs::write(folder.join("config.v2.json"), config).unwrap();
    let host = r#"{"Privileged": true, "PidMode": "host"}"#;
    fs::write(folder.join("hostconfig.json"), host).unwrap();
    let list = r#"{"Repositories": {"web": {"web:1": "sha256:11", "web@sha256:22": "sha256:11"}}}"#;
    fs::write(home.join("image/overlay2/repositories.json"), list).unwrap();
    let about =
        Runtimes::new(root.path()).ask(&Place { id: ID.into(), runtime: Runtime::Docker }).unwrap();
    assert_eq!(about.name.as_deref(), Some("web"));
    assert_eq!(about.image_digest.as_deref(), Some("sha256:22"));
    assert_eq!((about.privileged, about.label("tier")), (Some(true), Some("front")));
    assert!(about.shares.unwrap().pid && about.mounts[0].writable);
}

#[test]
fn docker_tells_the_address_in_the_network_that_a_container_was_made_for() {
    let root = tempfile::tempdir().unwrap();
    let address = |id: &str, mode: &str, networks: &str| {
        let folder = root.path().join("var/lib/docker/containers").join(id);
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            r#"{{"State": {{"Running": true}}, "NetworkSettings": {{"Networks": {networks}}}}}"#
        );
        fs::write(folder.join("config.v2.json"), config).unwrap();
        fs::write(folder.join("hostconfig.json"), format!(r#"{{"NetworkMode": "{mode}"}}"#))
            .unwrap();
        let place = Place { id: id.into(), runtime: Runtime::Docker };
        Runtimes::new(root.path()).ask(&place).unwrap().address
    };
    let two = r#"{"a": {"IPAddress": "10.8.0.2"}, "bridge": {"IPAddress": "10.9.0.2"},
        "shop": {"IPAddress": "10.7.0.2"}}"#;
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(address("one", "default", two), is("10.9.0.2"));
    assert_eq!(address("two", "shop", two), is("10.7.0.2"));
    assert_eq!(address("three", "removed", two), is("10.8.0.2"));
    assert_eq!(address("four", "container:two", "{}"), is("10.7.0.2"));
    assert_eq!(address("five", "container:../two", "{}"), None);
    assert_eq!(address("six", "none", r#"{"none": {"IPAddress": ""}}"#), None);
}

#[test]
fn a_docker_elsewhere_is_found_by_its_daemon_or_its_settings() {
    let root = tempfile::tempdir().unwrap();
    let mut homes = Vec::new();
    for (id, home) in [(ID, "srv/one"), ("b", "srv/two"), ("c", "srv/three")] {
        let folder = root.path().join(home).join("containers").join(id);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.v2.json"), format!(r#"{{"Name": "/{home}"}}"#)).unwrap();
        homes.push(Place { id: id.into(), runtime: Runtime::Docker });
    }
    fs::create_dir_all(root.path().join("etc/docker")).unwrap();
    let settings = r#"{"data-root": "/srv/one"}"#;
    fs::write(root.path().join("etc/docker/daemon.json"), settings).unwrap();
    let mut runtimes = Runtimes::new(root.path());
    let names = |runtimes: &Runtimes| {
        let name = |place| runtimes.ask(place).and_then(|about| about.name).unwrap_or_default();
        homes.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&runtimes), ["srv/one", "", ""]);
    for args in ["dockerd\0--data-root\0/srv/two\0-D\0", "dockerd\0--data-root=/srv/three\0"] {
        assert!(Runtimes::is_companion(DAEMON));
        runtimes.learn(&Program::new(DAEMON, b"", args.as_bytes(), b""), b"/");
    }
    assert_eq!(names(&runtimes), ["srv/one", "srv/two", "srv/three"]);
}

#[test]
fn a_containerd_elsewhere_is_found_by_its_shim_and_tells_image_and_labels() {
    let root = tempfile::tempdir().unwrap();
    let home = "srv/run/io.containerd.runtime.v2.task/default";
    let bundle = root.path().join(home).join("web");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(bundle.join("config.json"), r#"{"root": {"path": "rootfs"}}"#).unwrap();
    let work = "/srv/lib/io.containerd.runtime.v2.task/default/web";
    std::os::unix::fs::symlink(work, bundle.join("work")).unwrap();
    let digest = format!("sha256:{}", "ab".repeat(32));
    let labels = [("tier", Put::Text("front"))];
    let web = [("image", Put::Text("registry.example/web:2")), ("labels", Put::Inline(&labels))];
    let target = [("digest", Put::Text(&digest))];
    let image = [("target", Put::Inline(&target))];
    let (containers, images) =
        ([("web", Put::Inline(&web))], [("registry.example/web:2", Put::Inline(&image))]);
    let default = [("containers", Put::Inline(&containers)), ("images", Put::Inline(&images))];
    let v1 = [("default", Put::Inline(&default))];
    let database = root.path().join("srv/lib/io.containerd.metadata.v1.bolt");
    fs::create_dir_all(&database).unwrap();
    fs::write(database.join("meta.db"), bolt::tests::file(&[("v1", Put::Inline(&v1))])).unwrap();
    let mut runtimes = Runtimes::new(root.path());
    assert_eq!(runtimes.unmarked(b"/default/web"), None);
    let shim = Program::new(SHIM, b"", b"", b"");
    runtimes.learn(&shim, b"/home/somebody/default/web");
    runtimes.learn(&shim, format!("/{home}/web").as_bytes());
    let place = runtimes.unmarked(b"/default/web").unwrap();
    assert_eq!((place.runtime, &*place.id), (Runtime::Containerd, "web"));
    let about = runtimes.ask(&place).unwrap();
    assert_eq!(about.name.as_deref(), Some("web"));
    assert_eq!(about.image.as_deref(), Some("registry.example/web:2"));
    assert_eq!(about.image_digest.as_deref(), Some(&*digest));
    assert_eq!(about.label("tier"), Some("front"));
    assert_eq!(runtimes.unmarked(b"/other/web"), None);
}

#[test]
fn a_store_elsewhere_is_found_by_its_monitor_and_tells_digest_and_labels() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("srv/store");
    let bundle = home.join("overlay-containers").join(ID).join("userdata");
    for folder in [&bundle, &home.join("overlay-images"), &home.join("libpod")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(bundle.join("config.json"), r#"{"root": {"path": "/srv/merged"}}"#).unwrap();
    let notes = r#"{\"image-name\": \"web:1\", \"image-id\": \"11\", \"name\": \"web\"}"#;
    let listed = format!(r#"[{{"id": "{ID}", "metadata": "{notes}"}}]"#);
    fs::write(home.join("overlay-containers/containers.json"), listed).unwrap();
    let images = r#"[{"id": "11", "digest": "sha256:22"}]"#;
    fs::write(home.join("overlay-images/images.json"), images).unwrap();
    let container = [("config", Put::Text(r#"{"labels": {"tier": "front"}}"#))];
    let containers = [(ID, Put::Inline(&container))];
    let database = bolt::tests::file(&[("ctr", Put::Inline(&containers))]);
    fs::write(home.join("libpod/bolt_state.db"), database).unwrap();
    let mut runtimes = Runtimes::new(root.path());
    let place = Place { id: ID.into(), runtime: Runtime::Podman };
    assert_eq!(runtimes.ask(&place), None);
    let args = format!("conmon\0-c\0{ID}\0-b\0/srv/store/overlay-containers/{ID}/userdata\0");
    runtimes.learn(&Program::new(MONITOR, b"", args.as_bytes(), b""), b"/");
    let about = runtimes.ask(&place).unwrap();
    assert_eq!(about.name.as_deref(), Some("web"));
    assert_eq!(about.image.as_deref(), Some("web:1"));
    assert_eq!(about.image_digest.as_deref(), Some("sha256:22"));
    assert_eq!(about.label("tier"), Some("front"));
}
