//! Comparisons: which operator goes with which kind of field, how a literal is read, and what
//! holds.
//!
//! One [`Test`] is one right side, ready to be asked about values. Meanings follow libs'
//! `filter_compare.cpp` and `sinsp_filtercheck.cpp`: a list field holds `in` when *every* value is
//! among the literals and `intersects` when *any* is; text is compared by bytes.

pub mod glob;
mod literal;
mod path;
mod pattern;
mod sign;
mod text;

use std::ops::ControlFlow;

use event::Value;

pub use literal::Datum;
pub(crate) use sign::{Meaning, Place, Signs};

use crate::expr::{Operator, Spread};
use crate::source::Kind;
use crate::transform::Shape;
use literal::unhex;
use text::TextTest;

/// A right side, asked about each value of the left one.
#[derive(Debug)]
pub struct Test {
    gather: Gather,
    one: One,
}

/// How the answers for several values of a list become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gather {
    Any,
    All,
}

/// The test of one value.
#[derive(Debug)]
enum One {
    Always,
    Never,
    Text(TextTest),
    /// Ordered or equal to one datum.
    Compare(Operator, Datum),
    Among(Vec<Datum>),
    Spread(Spread, Vec<One>),
}

/// Tells whether `operator` may stand behind a value of this shape, as Falco has it.
pub fn allowed(operator: Operator, shape: Shape) -> Result<(), String> {
    use Operator::*;
    let Shape { kind, list } = shape;
    let fits = if list {
        if matches!(kind, Kind::Int | Kind::Float | Kind::Bytes | Kind::Port) {
            return Err(format!("a list of {} cannot be compared", kind_name(kind)));
        }
        matches!(operator, In | Intersects)
    } else {
        match kind {
            Kind::Text => !matches!(operator, Bcontains | Bstartswith),
            Kind::Bytes => matches!(
                operator,
                Eq | Ne
                    | Contains
                    | In
                    | Startswith
                    | Endswith
                    | Intersects
                    | Bcontains
                    | Bstartswith
            ),
            Kind::Bool | Kind::Ip | Kind::Net => matches!(operator, Eq | Ne | In | Intersects),
            Kind::Int | Kind::Uint | Kind::Float | Kind::Port | Kind::Time | Kind::Duration => {
                matches!(operator, Eq | Ne | Lt | Le | Gt | Ge | In | Intersects)
            }
        }
    };
    if fits {
        return Ok(());
    }
    let of = if list { "a list" } else { kind_name(kind) };
    Err(format!("`{}` cannot compare {of}", operator.name()))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Bytes => "bytes",
        Kind::Int | Kind::Uint | Kind::Float => "a number",
        Kind::Bool => "a truth value",
        Kind::Ip => "an address",
        Kind::Net => "a network",
        Kind::Port => "a port",
        Kind::Time => "a time",
        Kind::Duration => "a duration",
    }
}

impl Test {
    /// Returns the test of `exists`: any value will do.
    pub fn exists() -> Test {
        Test { gather: Gather::Any, one: One::Always }
    }

    /// Reads the literals of a comparison with a left side of this shape.
    pub fn new(
        operator: Operator,
        spread: Option<Spread>,
        shape: Shape,
        literals: &[String],
    ) -> Result<Test, String> {
        allowed(operator, shape)?;
        let data = literals
            .iter()
            .map(|text| match operator {
                Operator::Bcontains | Operator::Bstartswith => unhex(text).map(Datum::Text),
                _ => Datum::parse(text, shape.kind),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Test::of_data(operator, spread, shape, data)
    }

    /// Returns the test against values read from another field.
    pub(crate) fn of_data(
        operator: Operator,
        spread: Option<Spread>,
        shape: Shape,
        data: Vec<Datum>,
    ) -> Result<Test, String> {
        let list = shape.list;
        // A connection has two ends, and one that must differ must do so at both.
        let ends = matches!(shape.kind, Kind::Ip | Kind::Net | Kind::Port);
        let gather = match operator {
            Operator::In if list => Gather::All,
            Operator::Ne if ends => Gather::All,
            _ => Gather::Any,
        };
        let spread = spread.filter(|_| !list && !operator.takes_list());
        let one = match spread {
            Some(spread) => {
                let each = data.into_iter().map(|datum| One::new(operator, vec![datum]));
                One::Spread(spread, each.collect::<Result<_, _>>()?)
            }
            None => One::new(operator, data)?,
        };
        Ok(Test { gather, one })
    }

    /// Starts an answer.
    #[inline]
    pub fn begin(&self) -> Answer<'_> {
        Answer { test: self, holds: None }
    }

    /// Tells whether the test holds for a single value.
    pub fn holds(&self, value: Value<'_>) -> bool {
        self.one.holds(value)
    }

    /// Returns the literals by which the answer for a single text is known, where there are such.
    pub(crate) fn signs(&self) -> Option<Signs<'_>> {
        match &self.one {
            One::Always => {
                Some(Signs { place: Place::Whole, literals: vec![], meaning: Meaning::Fails })
            }
            One::Text(test) => test.signs(),
            _ => None,
        }
    }
}

/// An answer under way, while values are seen one at a time.
pub struct Answer<'t> {
    test: &'t Test,
    holds: Option<bool>,
}

impl Answer<'_> {
    /// Takes one more value; says stop once the answer is settled.
    #[inline]
    pub fn see(&mut self, value: Value<'_>) -> ControlFlow<()> {
        let holds = self.test.one.holds(value);
        self.holds = Some(holds);
        let settled = match self.test.gather {
            Gather::Any => holds,
            Gather::All => !holds,
        };
        if settled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Returns the answer; without any value nothing holds.
    #[inline]
    pub fn end(self) -> bool {
        self.holds.unwrap_or(false)
    }
}

impl One {
    fn new(operator: Operator, data: Vec<Datum>) -> Result<One, String> {
        match operator {
            Operator::Intersects | Operator::In | Operator::Pmatch if data.is_empty() => {
                return Ok(One::Never);
            }
            _ => {}
        }
        if data.iter().all(|datum| matches!(datum, Datum::Text(_))) {
            let texts = data.into_iter().filter_map(|datum| match datum {
                Datum::Text(text) => Some(text),
                _ => None,
            });
            return TextTest::new(operator, texts.collect()).map(One::Text);
        }
        if operator.takes_list() {
            return Ok(One::Among(data));
        }
        match data.into_iter().next() {
            Some(datum) => Ok(One::Compare(operator, datum)),
            None => Ok(One::Never),
        }
    }

    fn holds(&self, value: Value<'_>) -> bool {
        match self {
            One::Always => true,
            One::Never => false,
            One::Text(test) => match value {
                Value::Text(text) => test.holds(text),
                _ => false,
            },
            One::Compare(operator, datum) => compare(*operator, value, datum),
            One::Among(data) => data.iter().any(|datum| compare(Operator::Eq, value, datum)),
            One::Spread(spread, tests) => {
                let mut holding = tests.iter().filter(|test| test.holds(value));
                match spread {
                    _ if tests.is_empty() => false,
                    Spread::AnyOf => holding.next().is_some(),
                    Spread::OneOf => holding.next().is_some() && holding.next().is_none(),
                    Spread::AllOf => holding.count() == tests.len(),
                }
            }
        }
    }
}

/// Compares a value with a datum of the same kind; different kinds are merely unequal.
fn compare(operator: Operator, value: Value<'_>, datum: &Datum) -> bool {
    let order = match (value, datum) {
        (Value::Int(left), Datum::Number(right)) => i128::from(left).cmp(right),
        (Value::Uint(left), Datum::Number(right)) => i128::from(left).cmp(right),
        (Value::Float(left), Datum::Float(right)) => match left.partial_cmp(right) {
            Some(order) => order,
            None => return operator == Operator::Ne,
        },
        (Value::Bool(left), Datum::Bool(right)) => left.cmp(right),
        (Value::Ip(left), Datum::Ip(right)) => left.cmp(right),
        (Value::Ip(left), Datum::Net(right)) => {
            return right.contains(&left) != (operator == Operator::Ne);
        }
        _ => return operator == Operator::Ne,
    };
    match operator {
        Operator::Ne => order.is_ne(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        _ => order.is_eq(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Shape = Shape { kind: Kind::Text, list: true };

    fn one(kind: Kind) -> Shape {
        Shape { kind, list: false }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn list(operator: Operator, literals: &[&str], values: &[&str]) -> bool {
        let test = Test::new(operator, None, LIST, &texts(literals)).unwrap();
        let mut answer = test.begin();
        for value in values {
            if answer.see(Value::Text(value.as_bytes())).is_break() {
                break;
            }
        }
        answer.end()
    }

    #[test]
    fn in_needs_every_value_and_intersects_any() {
        assert!(list(Operator::In, &["a", "b"], &["a", "b", "a"]));
        assert!(!list(Operator::In, &["a", "b"], &["a", "c"]));
        assert!(list(Operator::Intersects, &["a"], &["c", "a"]));
        assert!(!list(Operator::Intersects, &["a"], &["c"]));
        assert!(!list(Operator::In, &["a"], &[]));
        assert!(!list(Operator::In, &[], &["a"]));
    }

    #[test]
    fn a_spread_counts_how_many_literals_hold() {
        let test = |spread, word: &str| {
            let literals = texts(&["ab", "b"]);
            let test =
                Test::new(Operator::Endswith, Some(spread), one(Kind::Text), &literals).unwrap();
            test.holds(Value::Text(word.as_bytes()))
        };
        assert!(test(Spread::AnyOf, "ab") && test(Spread::AllOf, "ab"));
        assert!(!test(Spread::OneOf, "ab") && test(Spread::OneOf, "cb"));
        assert!(!test(Spread::AnyOf, "c"));
    }

    #[test]
    fn numbers_compare_across_signs_and_addresses_with_networks() {
        let test = |operator, kind, literal: &str, value: Value<'_>| {
            Test::new(operator, None, one(kind), &texts(&[literal])).unwrap().holds(value)
        };
        assert!(test(Operator::Gt, Kind::Int, "-1", Value::Uint(u64::MAX)));
        let address = Value::Ip("10.2.3.4".parse().unwrap());
        assert!(test(Operator::Eq, Kind::Net, "10.0.0.0/8", address));
        assert!(test(Operator::Ne, Kind::Net, "fd00::/8", address));
    }

    #[test]
    fn what_must_differ_does_so_at_both_ends() {
        let holds = |operator, kind, literal: &str, values: &[Value<'_>]| {
            let test = Test::new(operator, None, one(kind), &texts(&[literal])).unwrap();
            let mut answer = test.begin();
            let _ = values.iter().try_for_each(|value| answer.see(*value));
            answer.end()
        };
        let ends = [Value::Uint(40_000), Value::Uint(22)];
        assert!(holds(Operator::Eq, Kind::Port, "22", &ends));
        assert!(!holds(Operator::Ne, Kind::Port, "22", &ends));
        assert!(holds(Operator::Ne, Kind::Port, "23", &ends));
        let address = |text: &str| Value::Ip(text.parse().unwrap());
        let ends = [address("10.0.0.1"), address("127.0.0.1")];
        assert!(!holds(Operator::Ne, Kind::Net, "127.0.0.0/8", &ends));
        let names = [Value::Text(b"sh"), Value::Text(b"sshd")];
        assert!(holds(Operator::Ne, Kind::Text, "sh", &names), "any ancestor will do");
    }

    #[test]
    fn an_operator_that_does_not_fit_is_refused() {
        let refused = Test::new(Operator::Contains, None, one(Kind::Uint), &texts(&["1"]));
        assert_eq!(refused.unwrap_err(), "`contains` cannot compare a number");
    }
}
