//! Rules on what really happens: a sensor watches this machine while containers act, and the
//! alerts must say who did it. Needs root, a kernel that loads the programs, runc and a static
//! busybox; what is missing is said, and the test passed over.

mod abi;
mod container;
mod push_down;
mod watch;

use sensor::{Choice, Step};

use container::Box;
use watch::{PushDown, Watch, skip};

/// Rules of the form that published ones have, in our own words.
const RULES: &str = r#"
- macro: inside
  condition: (container.id != host)
- macro: started
  condition: (evt.type in (execve, execveat) and evt.failed = false)
- rule: Secret read
  desc: A file of secrets is opened.
  condition: >
    evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.typechar = 'f' and
    fd.num >= 0 and inside and fd.name = /etc/shadow
  output: >
    read %fd.name by %proc.cmdline parent=%proc.pname line=%proc.aname[2] user=%user.name
    uid=%user.uid path=%fd.path container=%container.id name=%container.name
    type=%container.type tty=%proc.tty exe=%proc.exepath
  priority: WARNING
- rule: Secret linked
  desc: A link to a file of secrets is made.
  condition: evt.type in (symlink, symlinkat) and inside and evt.arg.target = /etc/shadow
  output: link %evt.arg.linkpath to %evt.arg.target by %proc.name
  priority: WARNING
- rule: Program written
  desc: A file is made where programs lie.
  condition: >
    evt.type in (open, openat, creat) and evt.is_open_write = true and inside and
    fd.directory = /bin
  output: wrote %fd.name flags=%evt.arg.flags by %proc.cmdline
  priority: ERROR
- rule: Dropped program run
  desc: A program that is not in the image runs.
  condition: started and inside and proc.is_exe_upper_layer = true
  output: ran %proc.exepath as %proc.cmdline vpid=%proc.vpid cwd=%proc.cwd
  priority: CRITICAL
- rule: Key searched
  desc: A search for keys is begun.
  condition: started and inside and proc.name = find and proc.args contains id_rsa
  output: search by %proc.cmdline parent=%proc.pcmdline
  priority: WARNING
- rule: Connected
  desc: A connection is asked for.
  condition: >
    evt.type = connect and inside and fd.typechar = 4 and fd.sip != "0.0.0.0" and
    (evt.rawres >= 0 or evt.res in (EINPROGRESS, ECONNREFUSED, ENETUNREACH))
  output: connect %fd.name server=%fd.sip port=%fd.sport proto=%fd.l4proto res=%evt.res
  priority: NOTICE
- rule: Mode changed
  desc: A program that anybody runs as its owner is made.
  condition: evt.type in (chmod, fchmod, fchmodat) and inside and evt.arg.mode contains S_ISUID
  output: chmod %evt.arg.mode %fs.path.name by %user.name
  priority: NOTICE
- rule: Any other open
  desc: Never meant to be quiet; shows that all rules judge.
  enabled: false
  condition: evt.type = openat
  output: any
  priority: DEBUG
"#;

/// By full names: busybox's shell does by itself what it knows. It stays for a while, because runc
/// forgets a container the moment it ends.
const SCRIPT: &str = "/bin/cat /etc/shadow > /dev/null; /bin/ln -s /etc/shadow /tmp/x; \
     echo > /bin/evil; /bin/cp /bin/busybox /tmp/true; /tmp/true; /bin/find /tmp -name id_rsa; \
     /bin/nc -w 1 127.0.0.1 9; /bin/chmod 4755 /bin/evil; \
     sleep 0.5";

/// The steps differ in cost, never in alerts.
#[test]
fn attacks_in_a_container_are_told_with_who_did_them() {
    Step::LADDER.into_iter().for_each(attacks_are_told_on);
}

fn attacks_are_told_on(step: Step) {
    let Some(mut watch) = Watch::start(RULES, Choice::Only(step)) else { return };
    let Some(attacked) = Box::new("attacked") else { return };
    let seen = watch.seen_in(&attacked, &["sh", "-c", SCRIPT]);
    let expected = [
        "Connected",
        "Dropped program run",
        "Key searched",
        "Mode changed",
        "Program written",
        "Secret linked",
        "Secret read",
    ];
    assert_eq!(seen.rules(), expected, "{}", seen.text());
    let read = seen.one("Secret read");
    let id = &attacked.id()[..12];
    let text = format!(
        "read /etc/shadow by cat /etc/shadow parent=sh line=runc user=web uid=33 \
         path=/etc/shadow container={id} name={} type=runc tty=0 exe=/bin/busybox",
        attacked.id()
    );
    assert!(read["output"].as_str().unwrap().ends_with(&text), "{}", read["output"]);
    assert_eq!(read["subject"]["container"], attacked.id());
    assert_eq!(read["subject"]["process"], "cat");
    assert_eq!(read["subject"]["principal"], "web");
    let told = |rule: &str, text: &str| {
        let output = seen.one(rule)["output"].as_str().unwrap().to_owned();
        assert!(output.contains(text), "{rule}: {output}");
    };
    told("Secret linked", "link /tmp/x to /etc/shadow by ln");
    told("Program written", "wrote /bin/evil flags=");
    told("Program written", "O_CREAT");
    told("Dropped program run", "ran /tmp/true as true");
    told("Key searched", "search by find /tmp -name id_rsa parent=sh -c ");
    told("Connected", "->127.0.0.1:9 server=127.0.0.1 port=9 proto=tcp");
    told("Mode changed", "/bin/evil by web");
    assert_eq!(watch.lost(), 0);
}

#[test]
fn a_quiet_container_raises_nothing() {
    let Some(mut watch) = Watch::start(RULES, Choice::Auto) else { return };
    let Some(quiet) = Box::new("quiet") else { return };
    let script = "cat /etc/passwd > /dev/null; sleep 0.2; ls / > /dev/null";
    let seen = watch.seen_in(&quiet, &["sh", "-c", script]);
    assert_eq!(seen.text(), "");
}

/// The rules that are published for Falco, where a folder with them is named.
#[test]
fn published_rules_fire_in_a_container_and_not_in_a_quiet_one() {
    let Some(folder) = std::env::var_os("SOCKEYE_FALCO_RULES") else {
        return skip("SOCKEYE_FALCO_RULES names no folder with Falco's published rules");
    };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| (path.to_string_lossy().contains('-'), path.clone()));
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
    let texts: Vec<String> = texts.collect();
    let Some(mut watch) = Watch::start_with(&texts, Choice::Auto, PushDown::On) else { return };
    let Some(attacked) = Box::new("published") else { return };
    let seen = watch.seen_in(&attacked, &["sh", "-c", SCRIPT]);
    for rule in [
        "Create Symlink Over Sensitive Files",
        "Drop and execute new binary in container",
        "Read sensitive file untrusted",
        "Search Private Keys or Passwords",
        "Set Setuid or Setgid bit",
        "Write below binary dir",
    ] {
        let alert = seen.one(rule);
        assert_eq!(alert["subject"]["container"], attacked.id(), "{rule}");
        assert_eq!(alert["subject"]["principal"], "web", "{rule}");
    }
    let Some(quiet) = Box::new("calm") else { return };
    let seen = watch.seen_in(&quiet, &["sleep", "0.3"]);
    // Busybox gives up what it never had, whatever it is asked to do.
    let rules: Vec<&str> =
        seen.rules().into_iter().filter(|rule| *rule != "Non sudo setuid").collect();
    assert_eq!(rules, Vec::<&str>::new(), "{}", seen.text());
    assert_eq!(watch.lost(), 0);
}
