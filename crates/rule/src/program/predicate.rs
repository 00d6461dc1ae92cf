//! One comparison of a condition, ready to be asked. Equal comparisons of different rules are one
//! predicate, so that each is asked once an event.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::ControlFlow;

use super::reading::Reading;
use crate::expr::{Expr, Operand, Operator, Spread, Term};
use crate::operator::{Datum, Signs, Test, allowed};
use crate::source::{Cost, Kind, Source};

/// One comparison.
#[derive(Debug)]
pub struct Predicate<F> {
    left: Reading<F>,
    right: Right<F>,
    cost: Cost,
    /// Bit `k` is set when it reads the source's `k`th key and that is not endless.
    pub keys: u32,
    /// Whether it reads nothing but such keys.
    pub keys_only: bool,
}

#[derive(Debug)]
enum Right<F> {
    Test(Test),
    /// Another field, read from the same record.
    Reading(Operator, Option<Spread>, Reading<F>),
}

impl<F: Eq + Hash + 'static> Predicate<F> {
    fn new<S: Source<Field = F>>(left: Reading<F>, right: Right<F>) -> Predicate<F> {
        let mut fields = HashSet::new();
        left.fields(&mut fields);
        let mut cost = left.cost::<S>();
        if let Right::Reading(_, _, reading) = &right {
            reading.fields(&mut fields);
            cost = cost.max(reading.cost::<S>());
        }
        let place =
            |field: &&F| S::keys().iter().position(|key| key == *field && !S::is_endless(key));
        let keys = fields.iter().filter_map(place).fold(0, |bits, place| bits | 1 << place);
        let keys_only = !fields.is_empty() && fields.iter().all(|field| place(field).is_some());
        Predicate { left, right, cost, keys, keys_only }
    }

    /// Returns how dear it is to ask.
    pub fn price(&self) -> u64 {
        1 << (4 * self.cost as u64)
    }

    /// Asks the record.
    #[inline]
    pub fn holds<S: Source<Field = F>>(&self, record: &mut S::Record<'_>) -> bool {
        match (&self.right, self.left.plain()) {
            (Right::Test(test), Some(field)) => {
                let mut answer = test.begin();
                S::each(record, field, |value| answer.see(value));
                answer.end()
            }
            (Right::Test(test), None) => {
                self.left.collect::<S>(record).is_some_and(|values| ask(test, &values))
            }
            (Right::Reading(operator, spread, right), _) => {
                let Some(left) = self.left.collect::<S>(record) else { return false };
                let Some(values) = right.collect::<S>(record) else { return false };
                Test::of_data(*operator, *spread, self.left.shape, values)
                    .is_ok_and(|test| ask(&test, &left))
            }
        }
    }

    /// Returns the literals by which the answer is known, if it reads this field and no other.
    pub fn signs(&self, field: &F) -> Option<Signs<'_>> {
        match (&self.right, self.left.plain()) {
            (Right::Test(test), Some(read)) if read == field => test.signs(),
            _ => None,
        }
    }

    /// Answers for a value that the only field it reads, plainly, would have.
    pub fn would_hold(&self, value: &[u8]) -> Option<bool> {
        match (&self.right, self.left.plain()) {
            (Right::Test(test), Some(_)) => Some(test.holds(match self.left.shape.kind {
                Kind::Bool => event::Value::Bool(value == b"true"),
                _ => event::Value::Text(value),
            })),
            _ => None,
        }
    }
}

fn ask(test: &Test, values: &[Datum]) -> bool {
    let mut answer = test.begin();
    for value in values {
        if value.with(|value| answer.see(value)) == ControlFlow::Break(()) {
            break;
        }
    }
    answer.end()
}

/// What stands behind a term; nothing where it need only exist.
type Comparison = (Operator, Option<Spread>, Operand);

/// Predicates in order of first mention, each once.
pub struct Table<F> {
    pub predicates: Vec<Predicate<F>>,
    known: HashMap<(Term, Option<Comparison>), u32>,
}

impl<F: Eq + Hash + 'static> Table<F> {
    /// Returns an empty table.
    pub fn new() -> Table<F> {
        Table { predicates: Vec::new(), known: HashMap::new() }
    }

    /// Returns the number of a comparison, adding it if it is new.
    pub fn intern<S: Source<Field = F>>(&mut self, expr: &Expr) -> Result<u32, String> {
        let key = match expr {
            Expr::Exists(term) => (term.clone(), None),
            Expr::Compare { left, operator, spread, right } => {
                (left.clone(), Some((*operator, *spread, right.clone())))
            }
            _ => return Err("not a comparison".to_owned()),
        };
        if let Some(number) = self.known.get(&key) {
            return Ok(*number);
        }
        let predicate = compile::<S>(&key.0, key.1.as_ref())?;
        let number = u32::try_from(self.predicates.len()).map_err(|_| "too many comparisons")?;
        self.predicates.push(predicate);
        self.known.insert(key, number);
        Ok(number)
    }
}

fn compile<S: Source>(
    term: &Term,
    comparison: Option<&Comparison>,
) -> Result<Predicate<S::Field>, String> {
    let left = Reading::compile::<S>(term)?;
    let Some((operator, spread, operand)) = comparison else {
        return Ok(Predicate::new::<S>(left, Right::Test(Test::exists())));
    };
    let test =
        |literals: &[String]| Test::new(*operator, *spread, left.shape, literals).map(Right::Test);
    let right = match operand {
        Operand::Text(text) => test(std::slice::from_ref(text))?,
        Operand::List(texts) => test(texts)?,
        Operand::Term(term) => {
            allowed(*operator, left.shape)?;
            let right = Reading::compile::<S>(term)?;
            if matches!(operator, Operator::Pmatch | Operator::Regex) {
                return Err(format!("`{}` takes no field on the right", operator.name()));
            }
            if right.shape != left.shape {
                return Err("the fields on both sides are of different types".to_owned());
            }
            Right::Reading(*operator, *spread, right)
        }
    };
    Ok(Predicate::new::<S>(left, right))
}
