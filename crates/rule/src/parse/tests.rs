use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::expr::{Part, Transformer};

/// Shows what a condition is read as, or where and why it is refused.
fn check(text: &str, expected: Expect) {
    let shown = match parse(text) {
        Ok(expr) => {
            let printed = expr.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&expr), "`{printed}` reads differently");
            printed
        }
        Err(error) => format!("{}: {error}", error.offset),
    };
    expected.assert_eq(
        &shown.replace(" contains icontains", "\ncontains icontains").replace(" iglob", "\niglob"),
    );
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    check("a or b and not c", expect!["a or (b and (not c))"]);
    check("(a or b) and c", expect!["(a or b) and c"]);
    check("not a and b", expect!["(not a) and b"]);
    check("not(a) and not not b", expect!["(not a) and b"]);
    check("not not not a", expect!["not a"]);
}

#[test]
fn parentheses_may_follow_a_word_at_once() {
    check("a and(b or c)", expect!["a and (b or c)"]);
    check("a or(b)", expect!["a or b"]);
    check("a orb", expect!["4: expected a blank or `(` after `or`"]);
}

#[test]
fn operators_that_are_words_need_a_blank() {
    check("x.y contains z", expect!["x.y contains z"]);
    check(
        "x.y containsz",
        expect![[r#"
            4: expected an operator: exists = != < <= > >=
            contains icontains bcontains startswith bstartswith endswith glob
            iglob regex in intersects pmatch"#]],
    );
    check("x.y=z", expect!["x.y = z"]);
    check("x.y == z", expect!["x.y = z"]);
    check("x.y in(a,b)", expect!["x.y in (a, b)"]);
    check("x.y exists", expect!["x.y exists"]);
}

#[test]
fn words_mean_what_their_place_says() {
    check("x.y = and and in.or in (in, or, not)", expect!["x.y = and and in.or in (in, or, not)"]);
    check("x.y = oneof", expect![[r#"x.y = "oneof""#]]);
    check("x.y = oneof and a", expect![[r#"x.y = "oneof" and a"#]]);
}

#[test]
fn text_operators_spread_over_lists() {
    check("x.y startswith oneof (a, b)", expect!["x.y startswith oneof (a, b)"]);
    check("x.y = allof (a)", expect!["x.y = allof (a)"]);
    check("x.y contains anyof z", expect!["x.y contains anyof (z)"]);
    check("x.y < anyof (1)", expect!["6: expected a number, `val(field)` or a transformer"]);
}

#[test]
fn quotes_and_escapes_are_undone() {
    check(r#"x.y = "a \"b\" \\ \t""#, expect![[r#"x.y = "a \"b\" \x5c \t""#]]);
    check(r"x.y = 'it\'s'", expect![[r#"x.y = "it's""#]]);
    check(r"x.y = 'a\ b'", expect![[r#"x.y = "a\x5cb""#]]);
    check(r"x.y = '\x41\x62'", expect!["x.y = Ab"]);
    check(r"x.y = '\q'", expect![r"6: unknown escape `\q`"]);
    check(r"x.y = '\x4'", expect![r"6: `\x` needs two hexadecimal digits"]);
    check(r#"x.y = '\"'"#, expect![[r#"6: unknown escape `\"`"#]]);
    check("x.y = 'open", expect!["6: this `'` is not closed"]);
}

#[test]
fn lists_may_be_empty_and_hold_anything() {
    check("x.y in ()", expect!["x.y in ()"]);
    check("x.y in (\"a b\", 'c,d', e)", expect![[r#"x.y in ("a b", "c,d", e)"#]]);
    check("x.y in names", expect!["x.y in (names)"]);
    check("x.y in (a b)", expect!["10: expected `,` or `)` in the list"]);
    check("x.y in (a,)", expect!["10: expected a value"]);
    check("x.y in", expect!["6: expected a list in parentheses or the name of one"]);
    check(
        "x.y = (a)",
        expect!["6: expected one value; a list needs `in`, `intersects` or `pmatch`"],
    );
}

#[test]
fn orderings_take_numbers_only() {
    check("x.y >= 0x1F", expect!["x.y >= 0x1F"]);
    check("x.y < -1.5e+3", expect!["x.y < -1.5e+3"]);
    check("x.y > z", expect!["6: expected a number, `val(field)` or a transformer"]);
}

#[test]
fn arguments_stand_in_brackets() {
    check("a.b[1] = x", expect!["a.b[1] = x"]);
    check("a.b[/c/0/d~1e] = x", expect!["a.b[/c/0/d~1e] = x"]);
    check("a.b[\"with blank\"] exists", expect![[r#"a.b["with blank"] exists"#]]);
    check("a.b[] = x", expect!["4: expected an argument in the brackets"]);
    check("a.b[c = x", expect!["5: expected `]`"]);
}

#[test]
fn transformers_nest() {
    check("tolower(a.b) = x", expect!["tolower(a.b) = x"]);
    check("toupper(b64( a.b[1] )) = x", expect!["toupper(b64(a.b[1])) = x"]);
    check(r#"join(",", (a.b, "c", 5)) = x"#, expect![[r#"join(",", (a.b, "c", "5")) = x"#]]);
    check(r#"getopt(a.b, "c:")[c] = x"#, expect![[r#"getopt(a.b, "c:")[c] = x"#]]);
    check("len(concat(a.b, basename(c.d))) > 3", expect!["len(concat(a.b, basename(c.d))) > 3"]);
    check(
        "tolower(name) = x",
        expect!["8: expected a field, a transformer, a quoted text or a number"],
    );
    check("tolower(a.b = x", expect!["12: expected `,` or `)` in `tolower(`"]);
}

#[test]
fn a_field_on_the_right_needs_val() {
    check("a.b = val(c.d[0])", expect!["a.b = val(c.d[0])"]);
    check("a.b = tolower(c.d)", expect!["a.b = tolower(c.d)"]);
    check("a.b in val(c.d)", expect!["a.b in val(c.d)"]);
    check("a.b = val(x)", expect!["10: expected a field within `val(…)`"]);
    check("a.b = val(c.d)[1]", expect!["14: `val(…)` takes no argument; the field inside may"]);
    check("val(a.b) = x", expect!["3: expected `and`, `or` or the end of the condition"]);
}

#[test]
fn what_is_left_over_is_refused() {
    check("", expect!["0: condition is empty"]);
    check("   ", expect!["3: expected a field, a macro or `(`"]);
    check("a b", expect!["2: expected `and`, `or` or the end of the condition"]);
    check("(a", expect!["2: a `(` is not closed: expected `)`"]);
    check("a)", expect!["1: this `)` closes nothing"]);
    check("a.b = c, d", expect!["7: unexpected `,`; a list of values needs parentheses around it"]);
}

#[test]
fn nesting_is_capped() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(190)).is_ok());
    assert!(parse(&nested(210)).unwrap_err().message.contains("too deeply"));
    assert!(parse(&nested(1_000_000)).unwrap_err().message.contains("too deeply"));
    assert!(parse(&"tolower(".repeat(1_000_000)).unwrap_err().message.contains("too deeply"));
    let long = vec!["a"; 100_000].join(" or ");
    assert!(parse(&long).is_ok(), "length is no depth");
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,4}"
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9/.*-]{1,6}",
        "[ -~]{0,8}",
        "[a'\"\\\\ (),=\t\n\u{8}\u{c}\r\u{e9}\u{1f600}]{0,6}",
        Just("oneof".to_owned()),
        Just("val".to_owned()),
    ]
}

fn field() -> impl Strategy<Value = Term> {
    ("[a-z]{1,3}\\.[a-z]{1,3}", proptest::option::of(literal().prop_filter("", |a| !a.is_empty())))
        .prop_map(|(name, argument)| Term::Field { name, argument })
}

fn any_term() -> impl Strategy<Value = Term> {
    field().boxed().prop_recursive(3, 12, 3, |inner| {
        let part = prop_oneof![inner.prop_map(Part::Term), literal().prop_map(Part::Text)];
        let parts = proptest::collection::vec(part.clone(), 0..3).prop_map(Part::List);
        let operands = proptest::collection::vec(prop_oneof![4 => part, 1 => parts], 1..3);
        let which = proptest::sample::select(Transformer::ALL.to_vec());
        (which, operands, proptest::option::of("[a-z]")).prop_map(
            |(transformer, operands, argument)| Term::Transform { transformer, operands, argument },
        )
    })
}

fn comparison() -> impl Strategy<Value = Expr> {
    let texts = proptest::collection::vec(literal(), 0..4);
    let operator = proptest::sample::select(Operator::ALL.to_vec());
    let spread = proptest::option::of(proptest::sample::select(Spread::ALL.to_vec()));
    (any_term(), operator, spread, texts, literal(), any::<i64>(), any_term(), any::<bool>())
        .prop_map(|(left, operator, spread, texts, text, number, term, is_term)| {
            let spread = spread.filter(|_| operator.takes_spread());
            let right = if spread.is_some() || (operator.takes_list() && !is_term) {
                Operand::List(texts)
            } else if is_term {
                Operand::Term(term)
            } else if operator.takes_spread() {
                Operand::Text(text)
            } else {
                Operand::Text(number.to_string())
            };
            Expr::Compare { left, operator, spread, right }
        })
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let word = |name: &String| !matches!(name.as_str(), "not" | "and" | "or");
    let leaf = prop_oneof![
        name().prop_filter("a word of the grammar", word).prop_map(Expr::Name),
        any_term().prop_map(Expr::Exists),
        comparison(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|expr| Expr::Not(Box::new(expr))),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_condition_reads_as_the_same(expr in any_expr()) {
        prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_mix_of_tokens_is_read_without_panic(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "a.b", "name", "(", ")", "[", "]", ",", "'", "\"", "\\", "=", "!=", "<=", " ",
                "in", "contains ", "oneof ", "val(", "tolower(", "concat(", "not ", "not(", "and",
                " or ", "exists", "5", "0x", "\u{e9}",
            ]),
            0..16,
        ),
    ) {
        if let Ok(expr) = parse(&tokens.concat()) {
            prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
        }
    }
}
