//! Exceptions: their forms, and the condition they make.

use expect_test::expect;

use crate::{check, rule};

fn with(exceptions: &str) -> String {
    rule("evt.type = open") + "  exceptions:\n" + exceptions
}

#[test]
fn several_fields_are_compared_tuple_by_tuple() {
    check(
        &with(
            "    - name: e\n      fields: [proc.name, fd.name]\n      comps: [=, startswith]\n\
             \x20     values:\n        - [a, /x]\n        - [b, \"/y z\"]\n",
        ),
        expect![[r#"
            r: evt.type = open and (not ((proc.name = a and fd.name startswith /x) or
                (proc.name = b and fd.name startswith "/y z")))"#]],
    );
}

#[test]
fn without_comps_fields_are_compared_for_equality() {
    check(
        &with("    - name: e\n      fields: [proc.name, fd.name]\n      values: [[a, b]]\n"),
        expect!["r: evt.type = open and (not (proc.name = a and fd.name = b))"],
    );
}

#[test]
fn a_tuple_may_hold_lists() {
    check(
        &with(
            "    - name: e\n      fields: [proc.name, fd.name]\n      comps: [in, pmatch]\n      \
             values:\n        - [[a, b c], /x]\n        - ['(d, e)', [/y, /z]]\n",
        ),
        expect![[r#"
            r: evt.type = open and (not ((proc.name in (a, "b c") and fd.name pmatch
                (/x)) or (proc.name in (d, e) and fd.name pmatch (/y, /z))))"#]],
    );
}

#[test]
fn a_single_field_makes_one_list() {
    check(
        &with("    - name: e\n      fields: proc.name\n      values: [a, b c]\n"),
        expect![[r#"r: evt.type = open and (not proc.name in (a, "b c"))"#]],
    );
    check(
        &with("    - name: e\n      fields: fd.name\n      comps: pmatch\n      values: [/a]\n"),
        expect!["r: evt.type = open and (not fd.name pmatch (/a))"],
    );
    check(
        &with(
            "    - name: e\n      fields: fd.name\n      comps: ' startswith anyof '\n      \
             values: [/a]\n",
        ),
        expect!["r: evt.type = open and (not fd.name startswith anyof (/a))"],
    );
}

#[test]
fn exceptions_may_be_prepared_without_values() {
    check(
        &with("    - name: e\n      fields: [proc.name]\n    - name: f\n      fields: fd.name\n"),
        expect!["r: evt.type = open"],
    );
    check(&(rule("evt.type = open") + "  exceptions:\n"), expect!["r: evt.type = open"]);
}

#[test]
fn exceptions_name_lists() {
    let text = String::from("- list: shells\n  items: [sh, bash]\n")
        + &with("    - name: e\n      fields: proc.name\n      values: [shells]\n");
    check(&text, expect!["r: evt.type = open and (not proc.name in (sh, bash))"]);
}

#[test]
fn transformers_may_stand_for_fields() {
    check(
        &with("    - name: e\n      fields: ['tolower(proc.name)']\n      values: [[a]]\n"),
        expect!["r: evt.type = open and (not tolower(proc.name) = a)"],
    );
}

#[test]
fn wrong_forms_are_refused() {
    check(
        &with("    - fields: [proc.name]\n"),
        expect!["LOAD_ERR_YAML_VALIDATE 9:7: `name` is missing"],
    );
    check(&with("    - name: e\n"), expect!["LOAD_ERR_YAML_VALIDATE 9:7: `fields` is missing"]);
    check(
        &with("    - name: e\n      fields: []\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: an exception needs `fields`"],
    );
    check(
        &with("    - text\n"),
        expect!["LOAD_ERR_YAML_VALIDATE 9:7: an exception is a mapping with a `name`"],
    );
    check(
        &with("    - name: e\n      fields: [proc.nam]\n"),
        expect![[r#"
            LOAD_ERR_VALIDATE 10:16: `proc.nam` is no field of source `syscall` [did you
                mean `proc.name`?]"#]],
    );
    check(
        &with("    - name: e\n      fields: [proc.name]\n      comps: [is]\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: `is` is no operator"],
    );
    check(
        &with("    - name: e\n      fields: [proc.name]\n      comps: [=, =]\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: `fields` and `comps` must be equally long"],
    );
    check(
        &with("    - name: e\n      fields: proc.name\n      comps: [in]\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: `comps` must be one value, as `fields` is"],
    );
    check(
        &with("    - name: e\n      fields: proc.name\n      comps: '='\n"),
        expect![[r#"
            LOAD_ERR_VALIDATE 9:7: with a single field, `comps` is `in`, `pmatch`,
                `intersects` or an operator with `oneof`, `anyof` or `allof`"#]],
    );
    check(
        &with("    - name: e\n      fields: proc.name\n      values: [[a]]\n"),
        expect![[r#"
            LOAD_ERR_VALIDATE 9:7: with a single field, each of `values` is one value,
                not a list"#]],
    );
    check(
        &with("    - name: e\n      fields: [proc.name, fd.name]\n      values: [[a]]\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: each of `values` must be as long as `fields`"],
    );
    check(
        &with("    - name: e\n      fields: [proc.name]\n      values: [a]\n"),
        expect!["LOAD_ERR_VALIDATE 9:7: each of `values` must be a list, one value a field"],
    );
    check(
        &with("    - name: e\n      fields: [proc.name]\n      values: a\n"),
        expect!["LOAD_ERR_YAML_VALIDATE 11:15: `values` must be a sequence"],
    );
}

#[test]
fn an_error_in_a_value_points_at_it() {
    check(
        &with("    - name: e\n      fields: [proc.pid]\n      values: [[12],\n        [x]]\n"),
        expect!["LOAD_ERR_COMPILE_CONDITION 12:10: `x` is not a valid number"],
    );
}

#[test]
fn values_are_added_to_exceptions_by_name() {
    let base = with("    - name: e\n      fields: [proc.name]\n      values: [[a]]\n");
    let add = |exceptions: &str| {
        format!("{base}- rule: r\n  exceptions:\n{exceptions}  override: {{exceptions: append}}\n")
    };
    check(
        &add("    - name: e\n      values: [[b]]\n"),
        expect!["r: evt.type = open and (not (proc.name = a or proc.name = b))"],
    );
    check(
        &add("    - name: f\n      fields: fd.name\n      values: [b]\n"),
        expect!["r: evt.type = open and (not proc.name = a) and (not fd.name in (b))"],
    );
    check(
        &add("    - name: f\n      values: [b]\n"),
        expect![[r#"
        r: evt.type = open and (not proc.name = a)
        LOAD_ERR_VALIDATE 14:7: a new exception needs `fields`"#]],
    );
    check(
        &add("    - name: f\n      fields: fd.name\n"),
        expect![[r#"
        r: evt.type = open and (not proc.name = a)
        LOAD_APPEND_NO_VALUES 14:7: no `values`: this adds nothing
        LOAD_ERR_VALIDATE 14:7: a new exception needs `values`"#]],
    );
    check(
        &add("    - name: e\n      fields: [fd.name]\n      values: [[b]]\n"),
        expect![[r#"
            r: evt.type = open and (not proc.name = a)
            LOAD_ERR_VALIDATE 14:7: `fields` of an exception cannot be added to, only
                `values`"#]],
    );
    check(
        &add("    - name: e\n      comps: ['=']\n      values: [[b]]\n"),
        expect![[r#"
            r: evt.type = open and (not proc.name = a)
            LOAD_ERR_VALIDATE 14:7: `comps` of an exception cannot be added to, only
                `values`"#]],
    );
    check(
        &add("    - name: e\n"),
        expect![[r#"
        r: evt.type = open and (not proc.name = a)
        LOAD_APPEND_NO_VALUES 14:7: no `values`: this adds nothing"#]],
    );
}

#[test]
fn exceptions_are_replaced_as_a_whole() {
    let base = with("    - name: e\n      fields: [proc.name]\n      values: [[a]]\n");
    let text = base
        + "- rule: r\n  exceptions:\n    - name: f\n      fields: fd.name\n      values: [b]\n  \
           override: {exceptions: replace}\n";
    check(&text, expect!["r: evt.type = open and (not fd.name in (b))"]);
}

#[test]
fn two_exceptions_of_one_name_are_remarked() {
    check(
        &with(
            "    - name: e\n      fields: proc.name\n      values: [a]\n    - name: e\n      \
             fields: fd.name\n      values: [b]\n",
        ),
        expect![[r#"
            r: evt.type = open and (not proc.name in (a)) and (not fd.name in (b))
            LOAD_EXCEPTION_NAME_NOT_UNIQUE 12:7: a rule's exceptions must have different
                names"#]],
    );
}
