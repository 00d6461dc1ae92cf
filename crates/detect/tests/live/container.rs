//! A container of runc with a root file system of its own: a static busybox and two users.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::watch::skip;

/// A container that is not running yet.
pub struct Box {
    id: String,
    bundle: TempDir,
}

const BUSYBOX: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];
const COMMANDS: [&str; 13] =
    ["sh", "cat", "chmod", "cp", "echo", "find", "ln", "ls", "mkdir", "nc", "rm", "sleep", "true"];

impl Box {
    /// Makes a bundle, or says why it cannot.
    pub fn new(name: &str) -> Option<Box> {
        let Some(busybox) = BUSYBOX.iter().find(|path| Path::new(path).exists()) else {
            skip("no busybox (Debian: apt-get install busybox-static)");
            return None;
        };
        let bundle = tempfile::tempdir().expect("a directory");
        let runc = |args: &[&str]| {
            Command::new("runc").args(args).current_dir(bundle.path()).output().ok()
        };
        if !runc(&["spec"]).is_some_and(|done| done.status.success()) {
            skip("no runc (Debian: apt-get install runc)");
            return None;
        }
        let root = bundle.path().join("image");
        for folder in ["bin", "etc", "proc", "sys", "dev", "tmp"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        for command in COMMANDS {
            symlink("busybox", root.join("bin").join(command)).unwrap();
        }
        let write = |path: &str, text: &str| fs::write(root.join(path), text).unwrap();
        write("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n");
        write("etc/group", "root:x:0:\nweb:x:33:\n");
        write("etc/shadow", "web:*:::::::\n");
        for path in ["bin", "tmp", "etc/shadow"] {
            std::os::unix::fs::chown(root.join(path), Some(33), Some(33)).unwrap();
        }
        // As long as the shortest that is told, however small the number.
        let id = format!("{name}-{:06}", std::process::id());
        let made = Box { id, bundle };
        made.mount();
        Some(made)
    }

    /// Puts a writable layer above the image, as runtimes do.
    fn mount(&self) {
        let path = |name: &str| self.bundle.path().join(name).display().to_string();
        for folder in ["upper", "work", "rootfs"] {
            fs::create_dir(path(folder)).unwrap();
        }
        let [lower, upper, work] = ["image", "upper", "work"].map(path);
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        let done = Command::new("mount")
            .args(["-t", "overlay", "overlay", "-o", &options, &path("rootfs")])
            .status();
        assert!(done.expect("mount runs").success());
    }

    /// Returns its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Runs a program in it, as `web`.
    pub fn start(&self, args: &[&str]) -> Child {
        let path = self.bundle.path().join("config.json");
        let mut spec: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        spec["process"]["terminal"] = json!(false);
        spec["process"]["args"] = json!(args);
        spec["process"]["user"] = json!({"uid": 33, "gid": 33});
        spec["root"]["readonly"] = json!(false);
        // A machine that may not raise limits may not set them either.
        spec["process"]["rlimits"] = json!([]);
        fs::write(&path, spec.to_string()).unwrap();
        Command::new("runc")
            .args(["run", &self.id])
            .current_dir(self.bundle.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("runc runs")
    }
}

impl Drop for Box {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.bundle.path().join("rootfs")).status();
    }
}
