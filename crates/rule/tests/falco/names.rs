//! Lists and macros: what a name stands for, and when.

use expect_test::expect;

use crate::{check, rule};

#[test]
fn a_list_stands_alone_or_among_values() {
    let text = "- list: l\n  items: [a, b c, \"'d e'\"]\n".to_owned()
        + &rule("proc.name in (l) or fd.name in (x, l, y) or proc.pname in (l,l)");
    check(
        &text,
        expect![[r#"
            r: proc.name in (a, "b c", "d e") or fd.name in (x, a, "b c", "d e", y) or
                proc.pname in (a, "b c", "d e", a, "b c", "d e")"#]],
    );
}

#[test]
fn a_list_needs_parentheses_unless_it_has_one_value() {
    let text = "- list: one\n  items: [a]\n".to_owned() + &rule("proc.name in one");
    check(&text, expect!["r: proc.name in (a)"]);
    let text = "- list: two\n  items: [a, b]\n".to_owned() + &rule("proc.name in two");
    check(
        &text,
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 2:14: unexpected `,`; a list of values needs
                parentheses around it"#]],
    );
}

#[test]
fn an_empty_list_takes_its_comma_along() {
    let text = "- list: none\n  items: []\n".to_owned()
        + &rule("proc.name in (none) or fd.name in (a, none) or fd.name in (none, b)");
    check(&text, expect!["r: proc.name in () or fd.name in (a) or fd.name in (b)"]);
}

#[test]
fn a_name_is_a_list_only_between_delimiters() {
    let text = "- list: l\n  items: [a]\n".to_owned()
        + &rule("proc.name in (l.x, xl, l-y) or proc.name=l");
    check(&text, expect!["r: proc.name in (l.x, xl, l-y) or proc.name = a"]);
}

#[test]
fn lists_hold_lists_that_were_defined_before() {
    let text = "- list: inner\n  items: [a]\n- list: outer\n  items: [inner, b, after]\n\
                - list: after\n  items: [c]\n"
        .to_owned()
        + &rule("proc.name in (outer)");
    check(&text, expect!["r: proc.name in (a, b, c)"]);
}

#[test]
fn an_inner_list_of_an_inner_list_is_put_in_when_it_comes_later() {
    let text = "- list: a\n  items: [x]\n- list: b\n  items: [a]\n- list: c\n  items: [b]\n"
        .to_owned()
        + &rule("proc.name in (c)");
    check(&text, expect!["r: proc.name in (a)"]);
}

#[test]
fn macros_hold_macros_that_were_defined_before() {
    let text =
        "- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a and fd.name = y\n"
            .to_owned()
            + &rule("b or not a");
    check(&text, expect!["r: (proc.name = x and fd.name = y) or (not proc.name = x)"]);
    let text = "- macro: b\n  condition: a\n- macro: a\n  condition: proc.name = x\n".to_owned()
        + &rule("b");
    check(
        &text,
        expect![[r#"
            LOAD_ERR_VALIDATE 2:14: macro `a` is not defined yet [define it before what
                uses it; files are read in order]
            LOAD_UNUSED_MACRO 3:3: macro `a` is used nowhere"#]],
    );
}

#[test]
fn a_redefined_macro_counts_for_those_before_it_too() {
    let text = "- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a\n\
                - macro: a\n  condition: proc.name = z\n"
        .to_owned()
        + &rule("b");
    check(&text, expect!["r: proc.name = z"]);
}

#[test]
fn a_macro_keeps_its_parentheses() {
    let text = "- macro: m\n  condition: proc.name = x or proc.name = y\n".to_owned()
        + &rule("fd.name = z and m");
    check(&text, expect!["r: fd.name = z and (proc.name = x or proc.name = y)"]);
}

#[test]
fn unknown_macros_are_told_all_at_once() {
    let text = "- macro: spawned_process\n  condition: evt.type = execve\n".to_owned()
        + &rule("spawned_proces and nobody and not (elsewhere or fd.name = a)");
    check(
        &text,
        expect![[r#"
            LOAD_UNUSED_MACRO 1:3: macro `spawned_process` is used nowhere
            LOAD_ERR_VALIDATE 6:5: macro `spawned_proces` is not defined [did you mean
                `spawned_process`?]
            LOAD_ERR_VALIDATE 6:24: macro `nobody` is not defined
            LOAD_ERR_VALIDATE 6:40: macro `elsewhere` is not defined"#]],
    );
}

#[test]
fn a_list_is_no_macro() {
    let text = "- list: names\n  items: [a]\n".to_owned() + &rule("proc.name = x and names");
    check(&text, expect!["LOAD_ERR_VALIDATE 2:11: macro `a` is not defined"]);
}

#[test]
fn a_macro_that_holds_itself_is_refused() {
    let text = "- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a\n\
                - macro: a\n  condition: b\n"
        .to_owned()
        + &rule("a");
    check(&text, expect!["LOAD_ERR_VALIDATE 4:14: macro `a` refers to itself"]);
    check(
        "- macro: a\n  condition: a\n",
        expect![[r#"
        LOAD_UNUSED_MACRO 1:3: macro `a` is used nowhere
        LOAD_ERR_VALIDATE 2:14: macro `a` refers to itself"#]],
    );
}

#[test]
fn a_slip_in_a_macro_is_told_once() {
    let text = "- macro: m\n  condition: proc.nmae = x\n".to_owned()
        + &crate::named("a", "m")
        + &crate::named("b", "m");
    check(
        &text,
        expect![[r#"
            LOAD_ERR_COMPILE_CONDITION 2:14: source `syscall` has no field `proc.nmae`
                [did you mean `proc.name`?]"#]],
    );
}

#[test]
fn an_error_in_a_list_points_into_the_list() {
    let text = "- list: pids\n  items: [1, two]\n".to_owned() + &rule("proc.pid in (pids)");
    check(&text, expect!["LOAD_ERR_COMPILE_CONDITION 2:14: `two` is not a valid number"]);
}

#[test]
fn what_nobody_uses_is_remarked() {
    check(
        "- list: inner\n  items: [a]\n- list: outer\n  items: [inner]\n\
         - macro: m\n  condition: proc.name = a\n",
        expect![[r#"
            LOAD_UNUSED_LIST 3:3: list `outer` is used nowhere
            LOAD_UNUSED_MACRO 5:3: macro `m` is used nowhere"#]],
    );
}
