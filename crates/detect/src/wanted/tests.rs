use std::fmt::Write;

use syscall::selection::{Class, Executable, Needle, Outcome, Place, Situation, Verdict, What};

use super::*;

fn wanted(rules: &[(&str, &str)]) -> Wanted {
    let mut text = String::new();
    for (name, condition) in rules {
        writeln!(text, "- rule: {name}\n  desc: d\n  condition: {condition}").unwrap();
        writeln!(text, "  output: o\n  priority: INFO").unwrap();
    }
    let files = [rule::RuleFile::new("test.yaml", text)];
    let (rules, told) = rule::load(&files, source::sources());
    assert!(told.iter().all(|one| !one.is_error()), "{told:?}");
    let active: Vec<&Rule> = rules.active("syscall").collect();
    let (program, told) = Program::compile(&active);
    assert!(told.is_empty());
    Wanted::new(&program, &rules)
}

/// Says what becomes of an operation, situation by situation.
fn verdict(wanted: &Wanted, operation: Operation, situation: Situation) -> String {
    let Some(verdicts) = wanted.selection.verdicts.get(&operation) else { return "send".into() };
    match verdicts[situation.index()] {
        Verdict::Send => "send".into(),
        Verdict::Drop => "drop".into(),
        Verdict::Among(set) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let each = wanted.selection.sets[set].iter().map(|one| match one {
                Needle::Is(bytes) => text(bytes),
                Needle::Begins(bytes) => format!("{}*", text(bytes)),
                Needle::Ends(bytes) => format!("*{}", text(bytes)),
                Needle::Holds(pair) => format!("*{}*", text(pair)),
                Needle::InRoot => "in-root".to_owned(),
                Needle::Hidden => "hidden".to_owned(),
                Needle::Port(port) => format!("port-{port}"),
            });
            each.collect::<Vec<_>>().join(" ")
        }
    }
}

fn open(flags: u32, outcome: Outcome) -> Situation {
    let what = What::Open(flags, Executable::No, outcome);
    Situation { place: Place::Host, what }
}

fn openat(rules: &[(&str, &str)], flags: u32) -> String {
    verdict(&wanted(rules), Operation::Openat, open(flags, Outcome::Great))
}

const READ: &str = "evt.type = openat and evt.is_open_read = true";

#[test]
fn opens_that_no_rule_asks_for_are_dropped_by_their_flags() {
    let rules = [("a", READ)];
    assert_eq!(openat(&rules, 0), "send");
    assert_eq!(openat(&rules, 0o1), "drop");
    assert_eq!(openat(&[("a", "evt.type = openat and evt.is_open_write != true")], 0o1), "drop");
    assert_eq!(openat(&[("a", "evt.type = openat and fd.typechar = d")], 0o200_000), "send");
    assert_eq!(openat(&[("a", "evt.type = openat and fd.typechar = d")], 0), "drop");
    let emptied = [("a", "evt.type = openat and evt.arg.flags contains O_TRUNC")];
    assert_eq!(openat(&emptied, 0o1001), "send");
    assert_eq!(openat(&emptied, 0o1), "drop");
    let other = [("a", "evt.type = openat and evt.arg.flags contains O_APPEND")];
    assert_eq!(openat(&other, 0o1), "send", "a flag that the programs do not look at");
}

#[test]
fn whether_an_open_made_its_file_is_not_foreseen() {
    let made = [("a", "evt.type = openat and evt.is_open_create = true")];
    assert_eq!(openat(&made, 0o101), "send");
    assert_eq!(openat(&made, 0o1), "drop");
    let other = [("a", "evt.type = openat and evt.is_open_create != true")];
    assert_eq!(openat(&other, 0o101), "send");
}

#[test]
fn how_an_open_ended_decides() {
    let is = |condition: &str, outcome| {
        let rules = [("a", condition)];
        verdict(&wanted(&rules), Operation::Openat, open(0, outcome))
    };
    for (condition, failed, done) in [
        ("evt.type = openat and fd.num >= 0", "drop", "send"),
        ("evt.type = openat and fd.num < 0", "send", "drop"),
        ("evt.type = openat and evt.failed = true", "send", "drop"),
        ("evt.type = openat and evt.res = SUCCESS", "drop", "send"),
        ("evt.type = openat and evt.res = ENOENT", "send", "drop"),
        ("evt.type = openat and fd.num = 3", "drop", "send"),
        ("evt.type = openat and evt.rawres > 100000000000000", "drop", "send"),
        ("evt.type = openat and fs.path.name exists", "drop", "send"),
    ] {
        assert_eq!(is(condition, Outcome::Failed), failed, "{condition}");
        assert_eq!(is(condition, Outcome::Great), done, "{condition}");
    }
}

#[test]
fn paths_are_looked_for_only_where_that_says_all() {
    for (condition, looks) in [
        ("fd.name = /etc/shadow", "/etc/shadow"),
        ("fd.name in (/a/b, /c/d, relative)", "/a/b /c/d"),
        ("fd.name startswith /etc/ssh", "/etc/ssh*"),
        ("fd.name startswith /", "send"),
        ("fd.name startswith relative", "drop"),
        ("fd.name pmatch (/var/*/x, /srv)", "/srv* /var*"),
        ("fd.name glob '/home/*/.ssh/*'", "/home/*"),
        ("fd.name glob '*/x'", "send"),
        ("fd.name endswith /.kube/config", "*nfig"),
        ("fd.name endswith rc", "send"),
        ("fd.name contains ../", "drop"),
        ("fd.name contains /.config/", "hidden"),
        ("fd.name contains liblzma", "*zm*"),
        ("fd.name contains sta", "send"),
        ("fd.name icontains zqzq", "send"),
        ("fd.name regex '/etc/.*'", "send"),
        ("fd.name != /etc/shadow", "send"),
        ("not fd.name startswith /etc", "send"),
        ("fd.directory = /etc", "/etc*"),
        ("fd.directory = /", "in-root"),
        ("fd.filename = id_rsa", "*_rsa"),
        ("fd.path = /etc/shadow", "send"),
        ("tolower(fd.name) = /etc/shadow", "send"),
        ("fd.name = /a/b and proc.name = x", "/a/b"),
        ("fd.name startswith /a and fd.name = /a/b", "/a/b"),
        ("(fd.name = /a/b or proc.name = x)", "send"),
        ("(fd.name = /a/b or fd.name endswith .key)", "/a/b *.key"),
        ("not (fd.name != /a/b or proc.name = x)", "send"),
        ("container.id != host", "drop"),
        ("(container.id != host or fd.name = /a/b)", "/a/b"),
        ("k8s.ns.name exists", "drop"),
    ] {
        assert_eq!(openat(&[("a", &format!("{READ} and {condition}"))], 0), looks, "{condition}");
    }
    let two = [
        ("a", "evt.type = openat and fd.name = /a/b"),
        ("b", "evt.type = openat and evt.is_open_write=true"),
    ];
    assert_eq!((openat(&two, 0), openat(&two, 1)), ("/a/b".to_owned(), "send".to_owned()));
}

#[test]
fn sockets_are_told_apart_by_kind_and_port() {
    let is = |rules: &[(&str, &str)], operation, class| {
        let what = What::Socket(class, Outcome::Great);
        verdict(&wanted(rules), operation, Situation { place: Place::Anywhere, what })
    };
    let sends = [("a", "evt.type = sendto and fd.l4proto != tcp and fd.type in (ipv4, ipv6)")];
    assert_eq!(is(&sends, Operation::Sendto, Class::Tcp), "drop");
    assert_eq!(is(&sends, Operation::Sendto, Class::Udp), "send");
    assert_eq!(is(&sends, Operation::Sendto, Class::Unix), "drop");
    let ports = [("a", "evt.type = sendto and fd.sport in (53, 853)")];
    assert_eq!(is(&ports, Operation::Sendto, Class::Tcp), "port-53 port-853");
    assert_eq!(is(&ports, Operation::Sendto, Class::NoSocket), "drop");
    let dup = [("a", "evt.type = dup2 and evt.rawres in (0, 1, 2) and fd.type in (ipv4, ipv6)")];
    assert_eq!(is(&dup, Operation::Dup2, Class::Tcp), "drop", "a great number");
    let connect = [("a", "evt.type = connect and fd.sport = 53")];
    assert_eq!(is(&connect, Operation::Connect, Class::Tcp), "send", "it says who is the client");
    assert_eq!(is(&connect, Operation::Connect, Class::Unix), "drop");
    let changed = [("a", "evt.type = sendto and fd.sport = 53 and fd.name_changed = true")];
    assert_eq!(is(&changed, Operation::Sendto, Class::Udp), "send", "what was before counts");
    let both = [sends[0], ("b", "evt.type = recvfrom and fd.sport = 53")];
    assert_eq!(
        is(&both, Operation::Sendto, Class::Tcp),
        "send",
        "receiving says who is the server"
    );
}

#[test]
fn what_keeps_the_tables_right_is_never_dropped() {
    let rules = [("a", "evt.type in (setsid, chdir, capset, accept) and evt.failed = true")];
    let wanted = wanted(&rules);
    assert_eq!(wanted.selection.verdicts.len(), 0);
}

#[test]
fn what_activity_is_derived_from_is_sent() {
    let mut wanted = wanted(&[("a", "evt.type = openat and fd.name = /a/b")]);
    let openat =
        |wanted: &Wanted, flags| verdict(wanted, Operation::Openat, open(flags, Outcome::Great));
    assert_eq!((openat(&wanted, 0), openat(&wanted, 1)), ("/a/b".to_owned(), "/a/b".to_owned()));
    wanted.need_activity();
    assert_eq!((openat(&wanted, 0), openat(&wanted, 1)), ("/a/b".to_owned(), "send".to_owned()));
    assert!(wanted.operations.contains(&Operation::Unlink));
}

#[test]
fn only_names_that_addresses_are_compared_with_are_asked_for() {
    let rules = [
        ("a", "evt.type = connect and fd.sip.name in (pool.example, web.example)"),
        ("b", "evt.type = connect and not (fd.cip.name = client.example or fd.sport = 80)"),
        ("c", "evt.type = connect and proc.name = not-a-host"),
    ];
    let names: Vec<String> = wanted(&rules).domains.into_iter().collect();
    assert_eq!(names, ["client.example", "pool.example", "web.example"]);
    assert!(wanted(&rules[2..]).domains.is_empty());
}

#[test]
fn sockets_that_may_have_a_named_end_are_sent() {
    for field in ["fd.cip.name", "fd.sip.name", "fd.lip.name", "fd.rip.name"] {
        let rule = format!("evt.type = sendto and {field} = pool.example");
        let wanted = wanted(&[("a", &rule)]);
        let of = |class| {
            let what = What::Socket(class, Outcome::Great);
            verdict(&wanted, Operation::Sendto, Situation { place: Place::Host, what })
        };
        assert_eq!(of(Class::Tcp), "send", "{field}");
        assert_eq!(of(Class::Unix), "drop", "{field}");
    }
}
