//! What the kernel's programs drop changes the cost, never the alerts.

use std::fs;
use std::process::{Command, Stdio};

use sensor::{Choice, Step};

use crate::container::Box;
use crate::watch::{PushDown, Watch, skip};
use crate::{RULES, SCRIPT};

/// Rules that can be pushed down in every way there is, for programs of one folder.
fn rules(folder: &str) -> String {
    let opens = "evt.type in (open, openat, openat2)";
    let read = format!("{opens} and evt.is_open_read=true and fd.num >= 0");
    let conditions = [
        ("equal", format!("{read} and fd.name = {folder}/secret")),
        ("among", format!("{read} and fd.name in ({folder}/key, {folder}/other/key, /no/such)")),
        ("begins", format!("{read} and fd.name startswith {folder}/deep/")),
        ("ends", format!("{read} and fd.name endswith .pem")),
        ("named", format!("{read} and fd.filename in (credentials, id_rsa)")),
        ("folder", format!("{read} and fd.directory = {folder}/other")),
        ("glob", format!("{read} and fd.name glob {folder}/d*p/*")),
        ("holds", format!("{read} and fd.name contains zq")),
        ("hidden", format!("{read} and fd.name contains /.ssh/")),
        ("climbs", format!("{read} and fd.nameraw contains ../")),
        ("missed", format!("{opens} and fd.num < 0 and fd.name startswith {folder}/no")),
        ("emptied", format!("{opens} and evt.arg.flags contains O_TRUNC and fd.name endswith log")),
        ("written", format!("{opens} and evt.is_open_write=true and not fd.name endswith log")),
        ("boxed", format!("{read} and container.id != host")),
        ("home", format!("{read} and container.id = host and fd.name = {folder}/home")),
        ("gone", "evt.type = unlink and fs.path.name endswith .tmp".to_owned()),
        ("unwoven", "evt.type = rmdir and evt.failed = true".to_owned()),
        ("socket", "evt.type = connect and fd.type in (ipv4, ipv6)".to_owned()),
        ("sent", "evt.type in (sendto, sendmsg) and fd.l4proto != tcp and fd.rport = 9".to_owned()),
        (
            "copied",
            "evt.type in (dup2, dup3) and evt.rawres in (0, 1, 2) and fd.type=ipv4".to_owned(),
        ),
    ];
    let rule = |(name, condition): (&str, String)| {
        format!(
            "- rule: {name}\n  desc: d\n  priority: INFO\n  output: {folder} {name} %evt.type \
             %fd.name %fd.nameraw %fs.path.name %evt.res\n  \
             condition: {condition} and proc.exepath startswith {folder}/\n"
        )
    };
    conditions.into_iter().map(rule).collect()
}

/// Opens by every kind of name: absolute, relative, through links, with detours.
const ACTS: &str = "cat $D/secret $D/key other/key ./deep/file $D/deep/../secret $D//deep/x \
    $D/link $D/plain my.pem $D/other/credentials $D/.ssh/key $D/xyzq $D/home $D/no/such \
    $D/deep/./file $D/other/ /etc/hostname /no/such; \
    echo > $D/new; echo > $D/a.log; echo >> $D/b.log; rm $D/a.tmp; rmdir $D/none; \
    nc -w 1 127.0.0.1 9; nc -u -w 1 127.0.0.1 9 < $D/plain; cd deep; cat ../secret ../../x";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["other", "deep", ".ssh", "bin"] {
        fs::create_dir(at(name)).unwrap();
    }
    for name in ["secret", "key", "other/key", "deep/file", "plain", "my.pem", "other/credentials"]
    {
        fs::write(at(name), "x").unwrap();
    }
    for name in [".ssh/key", "xyzq", "home", "a.tmp", "a.log", "b.log"] {
        fs::write(at(name), "x").unwrap();
    }
    std::os::unix::fs::symlink(at("secret"), at("link")).unwrap();
    folder
}

#[test]
fn on_the_node_the_same_alerts_come_with_push_down_and_without() {
    let Some(busybox) =
        ["/bin/busybox", "/usr/bin/busybox"].iter().find(|path| fs::exists(path).unwrap_or(false))
    else {
        return skip("no busybox (Debian: apt-get install busybox-static)");
    };
    for step in Step::LADDER {
        let mut seen = [PushDown::Off, PushDown::On].map(|push_down| {
            let folder = folder();
            let name = folder.path().to_str().unwrap().to_owned();
            let shell = folder.path().join("bin/busybox");
            fs::copy(busybox, &shell).unwrap();
            let mut watch = Watch::start_with(&[rules(&name)], Choice::Only(step), push_down)?;
            let mut act = Command::new(&shell);
            act.args(["sh", "-c", ACTS]).env("D", &name).current_dir(&name);
            act.env("PATH", "/nowhere").stdin(Stdio::null());
            act.stdout(Stdio::null()).stderr(Stdio::null());
            // Once before anything is sure, then again.
            let before = watch.seen_of(&mut act, &name);
            watch.settle();
            let dropped = watch.dropped();
            let after = watch.seen_of(&mut act, &name);
            assert_eq!(watch.lost(), 0);
            assert_eq!(watch.dropped() > dropped, push_down == PushDown::On);
            Some([before, after].map(|lines| lines.join("\n").replace(&name, "DIR")))
        });
        let (Some(on), Some(off)) = (seen[1].take(), seen[0].take()) else { continue };
        assert_eq!(on, off, "{step}");
        for rule in ["equal", "among", "begins", "ends", "named", "folder", "glob", "holds"] {
            assert!(on[0].contains(&format!("DIR {rule} ")), "{rule} on {step}: {}", on[0]);
        }
        for rule in ["hidden", "climbs", "missed", "emptied", "written", "home", "unwoven"] {
            assert!(on[0].contains(&format!("DIR {rule} ")), "{rule} on {step}: {}", on[0]);
        }
    }
}

#[test]
fn in_a_container_the_same_alerts_come_with_push_down_and_without() {
    for step in Step::LADDER {
        let seen = [PushDown::Off, PushDown::On].map(|push_down| {
            let mut watch = Watch::start_with(&[RULES.to_owned()], Choice::Only(step), push_down)?;
            let attacked = Box::new("pushed")?;
            let seen = watch.seen_in(&attacked, &["sh", "-c", SCRIPT]);
            assert_eq!(watch.dropped() > 0, push_down == PushDown::On);
            assert_eq!(watch.lost(), 0);
            Some(seen.rules().join(" "))
        });
        assert_eq!(seen[0], seen[1], "{step}");
    }
}
