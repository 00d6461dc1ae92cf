//! Fields: which there are, and what stands in their brackets.

use expect_test::expect;

use crate::{check, check_condition, rule};

#[test]
fn an_unknown_field_is_an_error_with_a_hint() {
    check_condition(
        "proc.nmae = a",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: source `syscall` has no field `proc.nmae`
                [did you mean `proc.name`?]"#]],
    );
    check_condition(
        "nothing.like.it exists",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: source `syscall` has no field
                `nothing.like.it`"#]],
    );
    check_condition(
        "ka.verb = get",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: source `syscall` has no field `ka.verb`
                [`ka.verb` is a field of source `k8s_audit`]"#]],
    );
}

#[test]
fn a_field_of_an_unknown_plugin_is_a_remark() {
    let text = rule("krsi.name = a and kafka.topic = b") + &crate::named("s", "proc.name = a");
    check(
        &text,
        expect![[r#"
            r: krsi.name = a and kafka.topic = b
            s: proc.name = a
            LOAD_UNKNOWN_FILTER 4:5: field `krsi.name` is of a plugin, or a version of
                one, that is not known here; the rule is not judged
            LOAD_UNKNOWN_FILTER 4:23: field `kafka.topic` is of a plugin, or a version
                of one, that is not known here; the rule is not judged"#]],
    );
    let (ruleset, _) = ::rule::load(&[::rule::RuleFile::new("f", text)], crate::SOURCES);
    assert_eq!(ruleset.rules[0].unknown_fields, ["kafka.topic", "krsi.name"]);
    assert_eq!(ruleset.active("syscall").count(), 1, "it is listed but not judged");
}

#[test]
fn a_newer_field_of_a_known_plugin_is_a_remark_too() {
    check_condition(
        "container.newest = a",
        expect![[r#"
        r: container.newest = a
        LOAD_UNKNOWN_FILTER 4:5: field `container.newest` is of a plugin, or a
            version of one, that is not known here; the rule is not judged"#]],
    );
    check_condition(
        "container.idd = a",
        expect![[r#"
        LOAD_ERR_COMPILE_CONDITION 4:5: source `syscall` has no field
            `container.idd` [did you mean `container.id`?]"#]],
    );
}

#[test]
fn a_rule_may_ask_to_be_skipped() {
    let text = rule("proc.nobody = a") + "  skip-if-unknown-filter: true\n";
    check(
        &text,
        expect![[r#"
            LOAD_UNKNOWN_FILTER 4:5: unknown field `proc.nobody`; the rule is skipped,
                as it asks"#]],
    );
    let text = rule("proc.name = ") + "  skip-if-unknown-filter: true\n";
    check(
        &text,
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:16: expected a value, `val(field)` or a
                transformer"#]],
    );
}

#[test]
fn brackets_hold_what_the_field_takes() {
    check_condition(
        "proc.aname = a and proc.aname[2] = b and proc.env[HOME] = c",
        expect!["r: proc.aname = a and proc.aname[2] = b and proc.env[HOME] = c"],
    );
    check_condition(
        "proc.name[1] = a",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `proc.name` takes nothing in brackets"],
    );
    check_condition(
        "proc.aname[x] = a",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: `proc.aname` takes a number in brackets, not
                `x`"#]],
    );
    check_condition(
        "proc.aname[02] = a",
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 4:5: `proc.aname` takes a number in brackets, not
                `02`"#]],
    );
    check_condition(
        "evt.arg = a",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `evt.arg` needs an argument in brackets"],
    );
    check_condition(
        "evt.arg[0] = a and evt.arg.flags = b",
        expect!["r: evt.arg[0] = a and evt.arg.flags = b"],
    );
}

#[test]
fn deprecated_fields_are_remarked() {
    let text = rule("evt.dir = <").replace("output: o", "output: o %evt.dir");
    check(
        &text,
        expect![[r#"
            r: evt.dir = "<"
            LOAD_DEPRECATED_ITEM 4:5: field `evt.dir` is deprecated [only exit events
                are seen: `evt.dir = <` always holds and can be left out]
            LOAD_DEPRECATED_ITEM 5:11: field `evt.dir` is deprecated [only exit events
                are seen: `evt.dir = <` always holds and can be left out]"#]],
    );
}

#[test]
fn a_field_with_a_closed_set_of_values_takes_no_other() {
    check_condition("evt.type in (open, close)", expect!["r: evt.type in (open, close)"]);
    check_condition(
        "evt.type = oepn and proc.name = a",
        expect![[r#"
        LOAD_ERR_COMPILE_CONDITION 4:16: `evt.type` is never `oepn` [did you mean
            `open`?]"#]],
    );
    check_condition(
        "evt.type in (open, nothing_like_it)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:24: `evt.type` is never `nothing_like_it`"],
    );
    check_condition(
        "evt.type startswith exec",
        expect![[r#"
        LOAD_ERR_COMPILE_CONDITION 4:25: `evt.type` is never `exec` [name the values
            meant: `evt.type in (…)`]"#]],
    );
    check_condition(
        "toupper(evt.type) = OPEN",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:25: `evt.type` is never `OPEN`"],
    );
    check_condition(
        "len(evt.type) = 4 and evt.type exists",
        expect!["r: len(evt.type) = 4 and evt.type exists"],
    );
}

#[test]
fn a_rule_that_asks_for_it_is_skipped_for_a_wrong_value_too() {
    check(
        &(rule("evt.type = oepn") + "  skip-if-unknown-filter: true\n"),
        expect![[r#"
            LOAD_UNKNOWN_FILTER 4:16: `evt.type` is never `oepn`; the rule is skipped,
                as it asks [did you mean `open`?]"#]],
    );
}

#[test]
fn a_field_for_conditions_cannot_be_printed_compared_or_changed() {
    check_condition(
        "fd.net = 10.0.0.0/8 and fd.ip = 10.1.1.1",
        expect!["r: fd.net = 10.0.0.0/8 and fd.ip = 10.1.1.1"],
    );
    check(
        &rule("proc.name = a").replace("output: o", "output: '%fd.ip'"),
        expect![[r#"
        LOAD_ERR_COMPILE_OUTPUT 5:12: `fd.ip` stands in conditions only; it has
            nothing to print"#]],
    );
    check_condition(
        "fd.ip = val(fd.sip)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:13: `fd.ip` is compared with literals only"],
    );
    check_condition(
        "fd.sip = val(fd.ip)",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:14: `fd.ip` is compared with literals only"],
    );
    check_condition(
        "tolower(proc.aname[1]) = a or proc.aname = a",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:5: `proc.aname` takes no transformer"],
    );
    check_condition(
        "proc.name = val(proc.aname[2])",
        expect!["LOAD_ERR_COMPILE_CONDITION 4:17: `proc.aname` is compared with literals only"],
    );
    check(
        &rule("proc.name = a").replace("output: o", "output: '%proc.aname[1]'"),
        expect!["r: proc.name = a"],
    );
}

#[test]
fn asking_for_a_field_that_is_meant_to_be_printed_is_a_remark() {
    check_condition(
        "evt.outputtime contains 12",
        expect![[r#"
        r: evt.outputtime contains 12
        LOAD_COMPILE_CONDITION 4:5: field `evt.outputtime` is meant to be printed
            [how it looks is a setting; ask for the field it is made from]"#]],
    );
}
