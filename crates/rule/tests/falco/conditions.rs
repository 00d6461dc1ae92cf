//! Conditions that rules may have, and what types allow.

use expect_test::expect;

use crate::check_condition as check;

#[test]
fn text_takes_every_operator_but_those_of_bytes() {
    for operator in ["=", "==", "!=", "contains", "icontains", "startswith", "endswith", "glob"] {
        let text = crate::rule(&format!("proc.name {operator} x"));
        let (ruleset, diagnostics) = rule::load(&[rule::RuleFile::new("r", text)], crate::SOURCES);
        assert_eq!(ruleset.rules.len(), 1, "{operator}: {diagnostics:?}");
    }
    check(
        "proc.name bcontains 6161",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `bcontains` cannot compare text"],
    );
    check(
        "proc.name in (a, b) or proc.name pmatch (/a) or proc.name iglob A*",
        expect!["r: proc.name in (a, b) or proc.name pmatch (/a) or proc.name iglob A*"],
    );
}

#[test]
fn numbers_are_ordered_and_not_searched() {
    check(
        "proc.pid > 5 and evt.num <= 0x10 and proc.pid in (1, 2)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:33: `0x10` is not a valid number"],
    );
    check(
        "proc.pid contains 5",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `contains` cannot compare a number"],
    );
    check(
        "proc.pid = many",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:16: `many` is not a valid number"],
    );
}

#[test]
fn truth_values_are_true_or_false() {
    check("evt.is_open_read = true", expect!["r: evt.is_open_read = true"]);
    check(
        "evt.is_open_read = yes",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:24: `yes` is neither `true` nor `false`"],
    );
    check(
        "evt.is_open_read > 0",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `>` cannot compare a truth value"],
    );
}

#[test]
fn addresses_networks_and_ports_are_read_as_such() {
    check(
        "fd.sip = 10.0.0.1 and fd.sip != \"::1\" and fd.net = 10.0.0.0/8",
        expect!["r: fd.sip = 10.0.0.1 and fd.sip != ::1 and fd.net = 10.0.0.0/8"],
    );
    check(
        "fd.sip = 10.0.0",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:14: `10.0.0` is no IPv4 or IPv6 address"],
    );
    check(
        "fd.net in (10.0.0.1)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:16: `10.0.0.1` is no network like `10.0.0.0/8`"],
    );
    check(
        "fd.sport = 443 and fd.sport in (80, https)",
        expect!["r: fd.sport = 443 and fd.sport in (80, https)"],
    );
}

#[test]
fn bytes_are_searched_for_hex() {
    check("evt.buffer bcontains 48656c6c6f", expect!["r: evt.buffer bcontains 48656c6c6f"]);
    check(
        "evt.buffer bstartswith xyz",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:28: `xyz` is not a text of hex digit pairs"],
    );
    check(
        "evt.buffer icontains a",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `icontains` cannot compare bytes"],
    );
}

#[test]
fn lists_are_compared_as_lists() {
    check(
        "proc.args intersects (-a, -b) and proc.args in (-a) and proc.args exists",
        expect!["r: proc.args intersects (-a, -b) and proc.args in (-a) and proc.args exists"],
    );
    check(
        "proc.args contains -a",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `contains` cannot compare a list"],
    );
    check("len(proc.args) > 2", expect!["r: len(proc.args) > 2"]);
}

#[test]
fn text_operators_spread_over_lists_of_literals() {
    check(
        "proc.name startswith anyof (a, b) and fd.name endswith allof (c)",
        expect!["r: proc.name startswith anyof (a, b) and fd.name endswith allof (c)"],
    );
}

#[test]
fn regular_expressions_must_be_right() {
    check("proc.name regex 'a[0-9]+b'", expect![[r#"r: proc.name regex "a[0-9]+b""#]]);
    check(
        "proc.name regex 'a('",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:21: `a(` is no regular expression: unclosed
                group"#]],
    );
    check(
        "proc.name regex '^plain$'",
        expect![[r#"
            r: proc.name regex "^plain$"
            LOAD_COMPILE_CONDITION 4:21: `^plain$` needs no regular expression [`=`,
                `contains`, `startswith` or `endswith` do the same at less cost]"#]],
    );
}

#[test]
fn fields_are_compared_with_fields_of_their_type() {
    check("proc.name = val(proc.pname)", expect!["r: proc.name = val(proc.pname)"]);
    check("proc.name = tolower(proc.pname)", expect!["r: proc.name = tolower(proc.pname)"]);
    check(
        "proc.name = val(proc.pid)",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:17: the fields on both sides are of different
                types"#]],
    );
    check(
        "proc.name regex val(proc.pname)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:21: `regex` takes no field on the right"],
    );
    check(
        "proc.name = proc.pname",
        expect![[r#"
            r: proc.name = proc.pname
            LOAD_COMPILE_CONDITION 4:17: `proc.pname` is text here, though there is a
                field of that name [a field on the right is written `val(field)`, without
                quotes]"#]],
    );
    check(
        "proc.name = 'val(proc.pname)'",
        expect![[r#"
            r: proc.name = "val(proc.pname)"
            LOAD_COMPILE_CONDITION 4:17: `val(proc.pname)` is text here, though it looks
                like a transformer [a transformer on the right is written without quotes]"#]],
    );
}

#[test]
fn transformers_take_what_they_can() {
    check(
        "toupper(proc.name) = X and basename(fd.name) = x",
        expect!["r: toupper(proc.name) = X and basename(fd.name) = x"],
    );
    check(
        "toupper(proc.pid) = X",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `toupper` cannot take a value of this type"],
    );
    check(
        "concat(proc.name, \"-\", fd.name) = x",
        expect![[r#"r: concat(proc.name, "-", fd.name) = x"#]],
    );
    check("join(\",\", proc.args) = x", expect![[r#"r: join(",", proc.args) = x"#]]);
    check(
        "join(proc.args) = x",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `join` takes a separator and a list"],
    );
    check("getopt(proc.args, \"ab:\")[b] = x", expect![[r#"r: getopt(proc.args, "ab:")[b] = x"#]]);
    check(
        "getopt(proc.args, \"ab:\")[bb] = x",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: `getopt(…)[…]` selects one option
                character"#]],
    );
}

#[test]
fn an_error_points_into_the_folded_text() {
    check(
        "proc.name = a and\n    fd.name =\n    or fd.name = b = c",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 6:8: expected `and`, `or` or the end of the
                condition"#]],
    );
}

#[test]
fn comparing_with_not_available_is_remarked() {
    let text = "- rule: r\n  desc: d\n  condition: ka.verb = <NA> or ka.user.name in (a, <NA>)\n  \
                output: o\n  priority: error\n  source: k8s_audit\n";
    crate::check(
        text,
        expect![[r#"
            r: ka.verb = "<NA>" or ka.user.name in (a, "<NA>")
            LOAD_UNSAFE_NA_CHECK 3:24: an absent field never equals `<NA>` [ask with
                `exists` instead]
            LOAD_UNSAFE_NA_CHECK 3:48: an absent field never equals `<NA>` [ask with
                `exists` instead]"#]],
    );
    check("proc.name = <NA>", expect![[r#"r: proc.name = "<NA>""#]]);
}

#[test]
fn a_condition_that_names_no_event_type_is_remarked() {
    let text = |condition: &str| {
        format!("- rule: r\n  desc: d\n  condition: {condition}\n  output: o\n  priority: error\n")
    };
    crate::check(
        &text("proc.name = a"),
        expect![[r#"
            r: proc.name = a
            LOAD_NO_EVTTYPE 1:3: the condition restricts the type of event hardly or not
                at all [name the types it is about: `evt.type in (open, openat)`]"#]],
    );
    crate::check(
        &text("evt.type = open and proc.name = a"),
        expect!["r: evt.type = open and proc.name = a"],
    );
    crate::check(
        &text("not evt.type in (open, close)"),
        expect![[r#"
            r: not evt.type in (open, close)
            LOAD_NO_EVTTYPE 1:3: the condition restricts the type of event hardly or not
                at all [name the types it is about: `evt.type in (open, openat)`]"#]],
    );
    crate::check(
        &text("not (evt.type != open or proc.name = a)"),
        expect!["r: not (evt.type != open or proc.name = a)"],
    );
    crate::check(&text("evt.num = 0"), expect!["r: evt.num = 0"]);
}
