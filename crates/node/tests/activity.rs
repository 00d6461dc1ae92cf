//! What this machine does is told without any rule that matches it. Needs root and a kernel that
//! loads the programs; what is missing is said, and the test passed over.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use control::evidence::{Activity, Entry, Exit, Held, Item, Line, Phase, What};
use detect::Detector;
use node::{Orders, Ready, Refused, Rules, Setting, Sink, Telling, Watch};
use rule::RuleFile;
use sensor::{Choice, RING_LEN_DEFAULT};

/// Longest time until what was done is told.
const WAIT: Duration = Duration::from_secs(60);
/// A rule that nothing here matches.
const RULE: &str = "
- rule: Nothing of this
  desc: Never matches.
  condition: evt.type = reboot
  output: any
  priority: DEBUG
";

/// Keeps what it is handed.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Activity>>>);

impl Sink for Kept {
    fn hand_over(&mut self, entries: &[Ready]) -> Result<(), Refused> {
        for entry in entries {
            let line: Line = serde_json::from_slice(&entry.line).unwrap();
            if let Entry::Activity(activity) = line.entry {
                self.0.lock().unwrap().push(activity);
            }
        }
        Ok(())
    }
}

impl Kept {
    /// Returns what was told of commands that name the mark, and of the session they were in.
    fn told(&self, mark: &str) -> Vec<(Activity, Item)> {
        let kept = self.0.lock().unwrap();
        let items = kept.iter().flat_map(|one| one.items.iter().map(move |item| (one, item)));
        let says = |item: &Item| match &item.what {
            What::Command(command) => command.args.iter().any(|arg| arg.contains(mark)),
            What::Write(write) => write.path.contains(mark),
            _ => false,
        };
        let found = items.filter(|(_, item)| says(item));
        found.map(|(activity, item)| (activity.clone(), item.clone())).collect()
    }
}

fn watch(kept: &Kept) -> Option<Watch> {
    let (rules, told) = rule::load(&[RuleFile::new("rule.yaml", RULE)], source::sources());
    assert!(told.iter().all(|one| !one.is_error()), "{told:?}");
    let (detector, _) = Detector::new(&rules, |_| Arc::from([]));
    let orders = Orders {
        node: "here".to_owned(),
        step: Choice::Auto,
        ring_len: RING_LEN_DEFAULT,
        matching: detect::Matching::All,
        activity: Telling::Told,
        push_down: node::PushDown::On,
        cluster: None,
    };
    let setting = Setting { orders, version: "0", watched_until: None, canaries: None };
    let rules = Rules { detector, hash: "aa".to_owned(), off: BTreeSet::new() };
    match Watch::start(&setting, rules, Box::new(kept.clone())) {
        Ok(watch) => Some(watch),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            None
        }
    }
}

#[test]
fn what_a_shell_does_is_told_with_its_secrets_masked() {
    let kept = Kept::default();
    let Some(watch) = watch(&kept) else { return };
    let mark = format!("mark-{}", std::process::id());
    let script = format!(
        "/bin/echo {mark} --password=hunter2\n/bin/sh -c 'exit 3' {mark}\n\
         /bin/touch /etc/{mark}\n/bin/rm /etc/{mark}\n"
    );
    let mut shell = Command::new("/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sh runs");
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    // The entry is told when it is complete: after ten seconds, or when the watch ends.
    let end = Instant::now() + WAIT;
    while kept.told(&mark).is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    watch.stop();
    let told = kept.told(&mark);
    let commands: Vec<(String, Option<Exit>)> = told
        .iter()
        .filter_map(|(_, item)| match &item.what {
            What::Command(command) => Some((command.args.join(" "), command.exit)),
            _ => None,
        })
        .collect();
    let code = |code| Some(Exit::Code(code));
    assert_eq!(
        commands,
        [
            (format!("/bin/echo {mark} --password=***"), code(0)),
            (format!("/bin/sh -c exit 3 {mark}"), code(3)),
            (format!("/bin/touch /etc/{mark}"), code(0)),
            (format!("/bin/rm /etc/{mark}"), code(0)),
        ]
    );
    let changes: Vec<&str> = told
        .iter()
        .filter_map(|(_, item)| match &item.what {
            What::Write(write) => Some(write.act.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(changes, ["written", "removed"]);
    let after = told.iter().filter_map(|(_, item)| match &item.what {
        What::Write(write) => write.content.as_ref().map(|content| &content.after),
        _ => None,
    });
    assert_eq!(after.collect::<Vec<_>>(), [&Held::Absent, &Held::Absent]);
    // The shell read its commands from a pipe: a session without a terminal.
    let (activity, item) = &told[0];
    let session = activity.actor(item).unwrap().session.expect("it belongs to a session");
    assert_eq!(session.pid, shell.id());
    let kept = kept.0.lock().unwrap();
    let items = kept.iter().flat_map(|one| &one.items);
    let phases: Vec<Phase> = items
        .filter(|item| item.pid == shell.id())
        .filter_map(|item| match &item.what {
            What::Session(session) => Some(session.phase),
            _ => None,
        })
        .collect();
    assert_eq!(phases, [Phase::Began, Phase::Ended]);
}
