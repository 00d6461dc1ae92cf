//! Fields of whole events, and pieces of whole streams.

use std::ops::ControlFlow;

use rule::source::{Argument, Source};

use super::*;
use crate::envelope::Envelope;

/// A pod with containers of every kind, as an event of its creation.
const POD: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a1",
"stage":"ResponseComplete","requestURI":"/api/v1/namespaces/prod/pods?dryRun=All&x=%41+b",
"verb":"create","user":{"username":"jane","groups":["dev","system:authenticated"]},
"impersonatedUser":{"username":"root"},"userAgent":"kubectl\/1.34","sourceIPs":["10.0.0.1"],
"objectRef":{"resource":"pods","namespace":"prod","name":"web"},
"responseStatus":{"metadata":{},"code":201},
"requestObject":{"spec":{"hostNetwork":true,"runAsUser":7,
 "containers":[
  {"name":"a","image":"reg/app:1@sha256:00","command":["sh","-c"],"args":["x","y z"],
   "securityContext":{"privileged":true,"runAsUser":0,"capabilities":{"add":["SYS_ADMIN"]}},
   "ports":[{"hostPort":80,"containerPort":8080},{"containerPort":9}]},
  {"name":"b","image":"busybox","runAsUser":5}],
 "initContainers":[{"name":"i","image":"init","securityContext":{"privileged":null}}],
 "volumes":[{"name":"v","hostPath":{"path":"/etc/kubernetes"}},{"name":"w","emptyDir":{}}],
 "securityContext":{"supplementalGroups":[1,2]}}},
"responseObject":{"metadata":{"name":"web"}},
"stageTimestamp":"2026-11-22T04:05:06.5Z",
"annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"\u0052BAC"}}"#;

fn values(event: &str, field: &str) -> Vec<String> {
    let (name, argument) = match field.split_once('[') {
        Some((name, rest)) => (name, rest.strip_suffix(']')),
        None => (field, None),
    };
    let field = K8sAudit::resolve(name, argument).unwrap();
    let mut record = Record::new(event.as_bytes(), Envelope { host: "h", ..Envelope::default() });
    let mut values = Vec::new();
    let presence = K8sAudit::each(&mut record, &field, |value| {
        values.push(match value {
            Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        });
        ControlFlow::Continue(())
    });
    assert_eq!(presence == Presence::Present, !values.is_empty(), "{name}");
    values
}

fn of_pod(field: &str) -> Vec<String> {
    values(POD, field)
}

#[test]
fn paths_are_followed_and_escapes_undone() {
    assert_eq!(of_pod("ka.auditid"), ["a1"]);
    assert_eq!(of_pod("ka.user.groups"), ["dev", "system:authenticated"]);
    assert_eq!(of_pod("ka.impuser.name"), ["root"]);
    assert_eq!(of_pod("ka.useragent"), ["kubectl/1.34"]);
    assert_eq!(of_pod("ka.response.code"), ["201"]);
    assert_eq!(of_pod("ka.auth.reason"), ["RBAC"]);
    assert_eq!(of_pod("ka.req.pod.host_network"), ["true"]);
    assert_eq!(of_pod("ka.req.pod.host_pid"), [""; 0]);
    assert_eq!(of_pod("ka.req.pod.supplemental_groups"), ["1", "2"]);
    assert_eq!(of_pod("ka.target.pod.name"), ["web"]);
    assert_eq!(of_pod("ka.uri.param[x]"), ["A b"]);
}

#[test]
fn how_an_event_begins_makes_no_difference() {
    let spread = POD.replacen("{\"kind\"", "{ \"kind\"", 1);
    for field in DOC.fields.iter().copied().flatten().map(|field| field.name) {
        if K8sAudit::resolve(field, None).is_ok() && field.starts_with("ka.") {
            assert_eq!(values(&spread, field), of_pod(field), "{field}");
        }
    }
    for cut in 0..POD.len() {
        let (known, spread) = (&POD[..cut], &spread[..cut + usize::from(cut > 0)]);
        assert_eq!(values(known, "ka.verb"), values(spread, "ka.verb"), "{known}");
        assert_eq!(
            values(known, "json.value[/apiVersion]"),
            values(spread, "json.value[/apiVersion]")
        );
    }
}

#[test]
fn containers_are_read_one_by_one() {
    assert_eq!(of_pod("ka.req.pod.containers.name"), ["a", "b"]);
    assert_eq!(of_pod("ka.req.pod.containers.name[1]"), ["b"]);
    assert_eq!(of_pod("ka.req.pod.containers.name[2]"), [""; 0]);
    assert_eq!(of_pod("ka.req.pod.containers.image.repository"), ["reg/app", "busybox"]);
    assert_eq!(of_pod("ka.req.container.image"), ["reg/app:1@sha256:00"]);
    assert_eq!(of_pod("ka.req.pod.containers.command"), ["sh -c"]);
    assert_eq!(of_pod("ka.req.pod.containers.args"), ["x y z"]);
    assert_eq!(of_pod("ka.req.pod.containers.host_port"), ["80", "9"]);
    assert_eq!(of_pod("ka.req.pod.containers.privileged"), ["true"]);
    assert_eq!(of_pod("ka.req.pod.initContainers.privileged"), ["null"]);
    assert_eq!(of_pod("ka.req.pod.ephemeralContainers.image"), [""; 0]);
    assert_eq!(of_pod("ka.req.pod.containers.add_capabilities"), [r#"["SYS_ADMIN"]"#]);
    assert_eq!(of_pod("ka.req.pod.containers.eff_run_as_user"), ["7", "5"]);
    assert_eq!(of_pod("ka.req.pod.containers.eff_run_as_group"), ["0", "0"]);
    assert_eq!(of_pod("ka.req.container.privileged"), ["true"]);
}

#[test]
fn volumes_are_read_by_path_and_type() {
    assert_eq!(of_pod("ka.req.pod.volumes.hostpath"), ["/etc/kubernetes"]);
    assert_eq!(of_pod("ka.req.volume.hostpath[/etc*]"), ["true"]);
    assert_eq!(of_pod("ka.req.volume.hostpath[/etc]"), ["false"]);
    assert_eq!(of_pod("ka.req.pod.volumes.volume_type"), ["hostPath", "emptyDir"]);
    assert_eq!(of_pod("ka.req.pod.volumes.volume_type[1]"), ["emptyDir"]);
}

#[test]
fn pointers_reach_any_member() {
    assert_eq!(of_pod("jevt.value[/stage]"), ["ResponseComplete"]);
    assert_eq!(of_pod("json.value[/requestObject/spec/containers/1/name]"), ["b"]);
    assert_eq!(of_pod("json.value[/apiVersion]"), ["audit.k8s.io/v1"]);
    assert_eq!(of_pod("json.value[/annotations/authorization.k8s.io~1decision]"), ["allow"]);
    assert_eq!(
        of_pod("json.value[/requestObject/spec/volumes/1]"),
        [r#"{"name":"w","emptyDir":{}}"#]
    );
    assert_eq!(of_pod("json.value[/none]"), [""; 0]);
    assert_eq!(of_pod("json.rawtime"), ["1795320306500000000"]);
    assert_eq!(of_pod("evt.time"), ["04:05:06.500000000"]);
}

#[test]
fn bindings_and_roles() {
    let event = r#"{"auditID":"b","requestObject":{"roleRef":{"name":"admin"},"subjects":[
        {"kind":"User","name":"u"},{"kind":"Group","name":"g"},{"kind":"User"},
        {"kind":"ServiceAccount","name":"s","namespace":"n"},
        {"kind":"ServiceAccount","name":"t"}],
        "rules":[{"verbs":["get","*"]},{"resources":["pods"]},{"verbs":"list"}]}}"#;
    assert_eq!(values(event, "ka.req.binding.role"), ["admin"]);
    assert_eq!(values(event, "ka.req.binding.subjects.user_names"), ["u"]);
    assert_eq!(values(event, "ka.req.binding.subjects.group_names"), ["g"]);
    assert_eq!(values(event, "ka.req.binding.subjects.serviceaccount_names"), ["s", "t"]);
    assert_eq!(values(event, "ka.req.binding.subjects.serviceaccount_ns_names"), ["n:s"]);
    assert_eq!(values(event, "ka.req.role.rules.verbs"), ["get", "*"]);
    assert_eq!(values(event, "ka.req.role.rules.resources[1]"), ["pods"]);
    assert_eq!(values(event, "ka.req.role.rules").len(), 3);
}

#[test]
fn what_is_missing_null_doubled_or_hidden() {
    assert_eq!(values(r#"{"verb":"get"}"#, "ka.verb"), [""; 0], "no auditID blanks every ka field");
    assert_eq!(values(r#"{"verb":"get"}"#, "json.value[/verb]"), ["get"]);
    assert_eq!(values(r#"{"auditID":"a","verb":null}"#, "ka.verb"), ["null"]);
    assert_eq!(values(r#"{"auditID":"a","verb":"x","verb":"y"}"#, "ka.verb"), ["x"]);
    assert_eq!(values(r#"{"auditID":"a","v\u0065rb":"g\u0065t"}"#, "ka.verb"), ["get"]);
    let hidden = r#"{"auditID":"a","objectRef":{"res\u006furce":"sec\u0072ets"}}"#;
    assert_eq!(values(hidden, "ka.target.resource"), ["secrets"]);
    assert_eq!(values(r#"{"auditID":"a","user":{"groups":"x"}}"#, "ka.user.groups"), [""; 0]);
    let unnamed = r#"{"auditID":"a","requestObject":{"spec":{"containers":[{"image":"x"},{}]}}}"#;
    assert_eq!(values(unnamed, "ka.req.pod.containers.image"), [""; 0]);
    assert_eq!(values(r#"{"auditID":"a","annotations":{}"#, "ka.useragent"), [""; 0]);
}

#[test]
fn every_field_of_the_tables_can_be_read() {
    for doc in DOC.fields.iter().flat_map(|table| table.iter()) {
        let argument = match doc.argument {
            Argument::None => None,
            Argument::Index | Argument::IndexRequired => Some("0"),
            _ => Some("key"),
        };
        let field = K8sAudit::resolve(doc.name, argument);
        assert!(field.is_ok(), "{}: {field:?}", doc.name);
        let mut record = Record::new(POD.as_bytes(), Envelope::default());
        K8sAudit::each(&mut record, &field.unwrap(), |_| ControlFlow::Continue(()));
    }
    assert!(K8sAudit::resolve("ka.nothing", None).is_err());
    assert!(K8sAudit::resolve("ka.verb", Some("0")).is_err());
    assert!(K8sAudit::resolve("ka.req.pod.containers.image", Some("01")).is_err());
}

#[test]
fn an_event_tells_its_id_time_and_subject() {
    let mut record = Record::new(POD.as_bytes(), Envelope::default());
    let known = validate(&mut record).unwrap();
    assert_eq!(known.id, "a1/ResponseComplete");
    assert_eq!(known.time.to_string(), "2026-11-22T04:05:06.5Z");
    let subject = subject(&mut record);
    assert_eq!(subject.workload.as_deref(), Some("pods/web"));
    assert_eq!(subject.namespace.as_deref(), Some("prod"));
    assert_eq!(subject.pod.as_deref(), Some("web"));
    assert_eq!(subject.principal.as_deref(), Some("jane"));
    assert_eq!(subject.image, None, "there are two");
}

/// Splits a text in two ways, whole and byte by byte; both give the same pieces.
fn pieces(layout: Layout, text: &[u8]) -> Vec<String> {
    let run = |size: usize| {
        let mut splitter = Splitter::new(layout);
        let mut pieces = Vec::new();
        let mut see = |piece: Piece<'_>| {
            pieces.push(match piece {
                Piece::Event(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Piece::Rejected(reject) => format!("! {}", reject.reason),
            });
        };
        for part in text.chunks(size) {
            splitter.feed(part, &mut see);
        }
        splitter.finish(&mut see);
        pieces
    };
    let whole = run(text.len().max(1));
    assert_eq!(run(1), whole, "byte by byte");
    assert_eq!(run(7), whole, "in sevens");
    whole
}

fn lines(text: &str) -> Vec<String> {
    pieces(Layout::Lines, text.as_bytes())
}

fn body(text: &str) -> Vec<String> {
    pieces(Layout::Body, text.as_bytes())
}

const A: &str = r#"{"kind":"Event","auditID":"a"}"#;
const B: &str = r#"{"kind":"Event","auditID":"b"}"#;

#[test]
fn lines_bring_events_lists_and_arrays() {
    assert_eq!(lines(&format!("{A}\r\n  {B}\n\n\u{feff}{A}")), [A, B, A]);
    let list = format!(r#"{{"kind":"EventList","items":[{A}, {{"auditID":"c"}}]}}"#);
    assert_eq!(lines(&list), [A, r#"{"auditID":"c"}"#]);
    assert_eq!(lines(&format!("[{A},[{B}]]\n{A}\n")), [A, B, A]);
    assert_eq!(lines(""), [""; 0]);
}

#[test]
fn a_bad_line_stands_alone() {
    let early = "! JSON ends before its last bracket is closed";
    let text = format!("{A}\nnot, {{json}}\n{}\n{B}\n{}", &A[..20], &A[..10]);
    assert_eq!(lines(&text), [A, "! text is not JSON", early, B, early]);
    let other = "! `kind` is neither `Event` nor `EventList`";
    assert_eq!(lines(&format!("{{\"kind\":\"Pod\"}}\n{{}}\n{A}")), [other, other, A]);
}

#[test]
fn an_event_may_be_spread_over_lines() {
    let spread = A.replace(',', ",\n  ").replace('{', "{\n  ").replace('}', "\n}");
    assert_eq!(lines(&format!("{spread}\n{B}\n")), [spread.as_str(), B]);
    let array = format!("[\n{spread},\n{B}\n]\n{A}\n");
    assert_eq!(lines(&array), [spread.as_str(), B, A]);
    let cut = format!("{{\n  \"kind\":\"Event\",\n{B}\n");
    assert_eq!(lines(&cut), ["! JSON ends before its last bracket is closed", B]);
}

#[test]
fn bodies_bring_the_same_and_keep_neighbours_alive() {
    assert_eq!(body(A), [A]);
    let list = format!(
        r#"{{"kind":"EventList","apiVersion":"x","metadata":{{}},"items":[{A},7,{B}],"more":1}}"#
    );
    assert_eq!(body(&list), [A, "! an element is not an object", B]);
    assert_eq!(body(&format!("[{A},null,{B}]")), [A, "! an element is not an object", B]);
    let late = format!(r#"{{"items":[{A}],"kind":"EventList"}}"#);
    assert_eq!(body(&late), [A]);
    let hidden = format!(r#"{{"k\u0069nd":"EventL\u0069st","it\u0065ms":[{A}]}}"#);
    assert_eq!(body(&hidden), [A]);
    assert_eq!(body("hello"), ["! text is not JSON"]);
    assert_eq!(body(&A[..9]), ["! JSON ends before its last bracket is closed"]);
}

#[test]
fn a_list_cut_short_gives_its_whole_items() {
    let early = "! JSON ends before its last bracket is closed";
    let list = format!(r#"{{"kind":"EventList","items":[{A},{B},{A}]}}"#);
    let third = list.len() - A.len() - 2;
    for read in [body, lines] {
        assert_eq!(read(&list[..third + 9]), [A, B, early], "within an item");
        assert_eq!(read(&list[..third]), [A, B, early], "between two");
        assert_eq!(read(&list[..list.len() - 2]), [A, B, A, early], "behind the last");
        assert_eq!(read(&list[..list.len() - 1]), [A, B, A], "behind its items");
        assert_eq!(read(&list[..20]), [early], "before them");
        assert_eq!(read(&format!("[{A},{B}")), [A, B, early], "an array");
        assert_eq!(read(&format!("[{A},{}", &B[..9])), [A, early], "within an array's");
    }
    let open = format!(r#"{{"kind":"EventList","items":[{A},{{"a":{{}}"#);
    assert_eq!(lines(&open), [A, early], "a line that happens to end in a brace");
    let torn = format!(r#"{{"kind":"EventList","items":[{A};{B}]}}"#);
    assert_eq!(lines(&torn), [A, "! text is not JSON"], "what came is not refused again");
    let late = format!(r#"{{"items":[{A},{B}],"kind":"Event"#);
    assert_eq!(body(&late), [early], "nothing says that it is a list");
    let next = format!("{}\n{B}\n", &list[..third + 9]);
    assert_eq!(lines(&next), [A, B, early, B], "the next line stands for itself");
}

#[test]
fn a_large_list_is_streamed_and_a_large_event_refused() {
    let filler = format!(r#"{{"kind":"Event","pad":"{}"}}"#, "x".repeat(1 << 20));
    let mut splitter = Splitter::new(Layout::Body);
    let (mut events, mut held) = (0, 0);
    splitter.feed(br#"{"kind":"EventList","items":["#, |_| {});
    for _ in 0..20 {
        for part in [filler.as_bytes(), b","].concat().chunks(100_000) {
            splitter.feed(part, |piece| events += usize::from(matches!(piece, Piece::Event(_))));
            held = held.max(splitter.held());
        }
    }
    splitter.feed(A.as_bytes(), |piece| events += usize::from(matches!(piece, Piece::Event(_))));
    splitter.feed(b"]}", |_| panic!("nothing is left"));
    assert_eq!(events, 21);
    assert!(held < 2 << 20, "one event at most is held: {held}");

    let mut splitter = Splitter::new(Layout::Lines);
    let mut seen = Vec::new();
    let mut see = |piece: Piece<'_>| match piece {
        Piece::Event(bytes) => seen.push((bytes.len() as u64, None)),
        Piece::Rejected(reject) => seen.push((reject.bytes, Some(reject.reason))),
    };
    let long = format!(r#"{{"kind":"Event","pad":"{}"}}"#, "x".repeat(30 << 20));
    let mut held = 0;
    for part in format!("{A}\n{long}\n{B}\n").as_bytes().chunks(1 << 20) {
        splitter.feed(part, &mut see);
        held = held.max(splitter.held());
    }
    splitter.finish(&mut see);
    let expected = [
        (A.len() as u64, None),
        (long.len() as u64, Some(Reason::TooLong)),
        (B.len() as u64, None),
    ];
    assert_eq!(seen, expected);
    assert!(held <= EVENT_BYTES_MAX, "{held}");
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn any_cut_gives_the_same_pieces(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    A, B, "{", "}", "[", "]", ",", "\"", "\\", "\n", "\n", " ", "x", "7",
                    r#"{"kind":"EventList","items":["#, r#"{"kind":"Event""#, "]}",
                ]),
                0..24,
            ),
        ) {
            let text = parts.concat();
            pieces(Layout::Lines, text.as_bytes());
            pieces(Layout::Body, text.as_bytes());
        }

        #[test]
        fn events_between_garbage_lines_all_come(
            parts in prop::collection::vec((any::<bool>(), "[^\n]{0,30}"), 0..12),
        ) {
            let text: String = parts
                .iter()
                .map(|(event, garbage)| if *event { A.to_owned() } else { garbage.replace('{', "") })
                .map(|line| line + "\n")
                .collect();
            let events = parts.iter().filter(|(event, _)| *event).count();
            let found = pieces(Layout::Lines, text.as_bytes());
            prop_assert!(found.iter().filter(|piece| *piece == A).count() >= events.min(1));
            // A bracket left open on one line may take at most what stands before the next event.
            prop_assert_eq!(found.iter().filter(|piece| *piece == A).count(), events);
        }
    }
}
