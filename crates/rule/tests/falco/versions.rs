//! Versions that files ask for.

use expect_test::expect;

use crate::{check, rule};

#[test]
fn the_engine_is_falcos_of_today() {
    for version in ["0", "26", "63", "0.31.0", "0.63.0", "\"0.26.0\"", "0.26.0-rc1"] {
        let text = format!("- required_engine_version: {version}\n");
        assert_eq!(crate::shown(&[::rule::RuleFile::new("f", text)]), "", "{version}");
    }
    check(
        "- required_engine_version: 64\n",
        expect!["LOAD_ERR_VALIDATE 1:3: engine version 0.64.0 is required, this is 0.63.0"],
    );
    check(
        "- required_engine_version: 0.63.1\n",
        expect!["LOAD_ERR_VALIDATE 1:3: engine version 0.63.1 is required, this is 0.63.0"],
    );
    check(
        "- required_engine_version: 1.0.0\n",
        expect!["LOAD_ERR_VALIDATE 1:3: engine version 1.0.0 is required, this is 0.63.0"],
    );
    check(
        "- required_engine_version: new\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:3: engine version must be a number, or
                `major.minor.patch`"#]],
    );
    check(
        "- required_engine_version: 0.26\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 1:3: engine version must be a number, or
                `major.minor.patch`"#]],
    );
}

#[test]
fn plugins_must_be_new_enough() {
    check(
        "- required_plugin_versions:\n    - name: k8saudit\n      version: 0.7.0\n    \
         - name: json\n      version: 0.7.3\n",
        expect![[""]],
    );
    check(
        "- required_plugin_versions:\n    - name: k8saudit\n      version: 0.99.0\n",
        expect![[r#"
            LOAD_ERR_VALIDATE 2:7: plugin `k8saudit` 0.99.0 or later is required, this
                is `k8saudit` 0.16.0"#]],
    );
    check(
        "- required_plugin_versions:\n    - {name: k8saudit, version: 1.0.0}\n",
        expect![[r#"
            LOAD_ERR_VALIDATE 2:8: plugin `k8saudit` 1.0.0 or later is required, this is
                `k8saudit` 0.16.0"#]],
    );
}

#[test]
fn one_of_several_plugins_will_do() {
    check(
        "- required_plugin_versions:\n    - name: k8saudit-eks\n      version: 0.4.0\n      \
         alternatives:\n        - {name: k8saudit, version: 0.7.0}\n",
        expect![[""]],
    );
    check(
        "- required_plugin_versions:\n    - name: k8saudit\n      version: 0.4.0\n      \
         alternatives:\n        - {name: k8saudit, version: 0.7.0}\n",
        expect!["LOAD_ERR_VALIDATE 2:7: plugin `k8saudit` is named twice"],
    );
}

#[test]
fn an_unknown_plugin_is_a_remark() {
    check(
        "- required_plugin_versions:\n    - {name: krsi, version: 0.1.0}\n",
        expect![[r#"
            LOAD_UNKNOWN_SOURCE 2:8: plugin `krsi` 0.1.0 or later is not known here
                [rules of its source, and rules that use its fields, are not judged]"#]],
    );
}

#[test]
fn wrong_forms_are_refused() {
    check(
        "- required_plugin_versions: krsi\n",
        expect!["LOAD_ERR_YAML_VALIDATE 1:29: `required_plugin_versions` must be a sequence"],
    );
    check(
        "- required_plugin_versions:\n    - krsi\n",
        expect![[r#"
            LOAD_ERR_YAML_VALIDATE 2:7: a plugin requirement has a `name` and a
                `version`"#]],
    );
    check(
        "- required_plugin_versions:\n    - {name: krsi}\n",
        expect!["LOAD_ERR_YAML_VALIDATE 2:8: `version` is missing"],
    );
    check(
        "- required_plugin_versions:\n    - {name: krsi, version: new}\n",
        expect!["LOAD_ERR_VALIDATE 2:8: `new` is no version of plugin `krsi`: use `1.2.3`"],
    );
}

#[test]
fn a_file_for_an_old_engine_keeps_loading() {
    let text = rule("proc.args contains a") + &crate::named("s", "proc.name = a");
    check(
        &format!("- required_engine_version: 2\n{text}"),
        expect![[r#"
            s: proc.name = a
            LOAD_COMPILE_CONDITION 5:5: `contains` cannot compare a list; the rule is
                skipped [compare lists with `in`, `intersects` or `exists`]"#]],
    );
    check(
        &text,
        expect![[r#"
        s: proc.name = a
        LOAD_ERR_COMPILE_CONDITION 4:5: `contains` cannot compare a list"#]],
    );
}
