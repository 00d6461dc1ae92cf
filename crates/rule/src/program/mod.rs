//! All rules of one source as one program: compiled once, judged for each record.
//!
//! Three things keep judging cheap however many rules there are. Equal comparisons of different
//! rules are one predicate, asked at most once a record. Rules are indexed by the source's key
//! fields: for each combination of key values that comes along, what is left of each rule is worked
//! out once ([`index`]), and most combinations leave nothing. Of a key with no end of values, like
//! a path, the literals of all rules are looked for at once ([`sieve`]). Cheap predicates are asked
//! first.

mod index;
mod node;
mod predicate;
mod reading;
mod sieve;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::expr::{Expr, Operand};
use crate::ruleset::Rule;
use crate::source::Source;

use index::Left;
pub use index::Memo;
use node::Node;
use predicate::{Predicate, Table};
pub(crate) use reading::Reading;
use sieve::Sieve;

/// Which of the matching rules are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// Every one.
    #[default]
    All,
    /// Only the first in file order, as Falco does unless told otherwise.
    First,
}

/// The rules of one source, ready to judge.
#[derive(Debug)]
pub struct Program<S: Source> {
    predicates: Vec<Predicate<S::Field>>,
    /// By predicate: the keys that its answer may follow from, a bit each.
    keys: Vec<u32>,
    /// For those keys only.
    levels: Vec<Level>,
    /// Index of the rule in what was compiled, and its condition.
    rules: Vec<(usize, Node)>,
}

/// A level of the index.
#[derive(Debug)]
struct Level {
    /// Which of the source's keys leads down from it.
    key: usize,
    /// What values of an endless one come to.
    sieve: Option<Sieve>,
}

/// What a rule needs of one key field to match at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The field as rules write it.
    pub field: String,
    /// Values under which it can match.
    pub values: Vec<String>,
    /// Whether values that no rule names can match too.
    pub others: bool,
}

/// One comparison of a condition by itself: what it says of a record of somebody's own making.
#[derive(Debug)]
pub struct Comparison<S: Source>(Predicate<S::Field>);

impl<S: Source> Comparison<S> {
    /// Compiles a comparison; nothing when it is none, or cannot be compiled.
    pub fn compile(expr: &Expr) -> Option<Comparison<S>> {
        let mut table = Table::new();
        table.intern::<S>(expr).ok()?;
        table.predicates.pop().map(Comparison)
    }

    /// Asks a record.
    pub fn holds(&self, record: &mut S::Record<'_>) -> bool {
        self.0.holds::<S>(record)
    }
}

impl<S: Source> Program<S> {
    /// Compiles rules. One that cannot be compiled is left out and told of.
    pub fn compile(rules: &[&Rule]) -> (Program<S>, Vec<Diagnostic>) {
        let mut table = Table::new();
        let mut compiled = Vec::with_capacity(rules.len());
        let mut diagnostics = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match Node::build(&rule.condition, &mut |expr| table.intern::<S>(expr)) {
                Ok(node) => compiled.push((index, node)),
                Err(message) => diagnostics.push(refusal(rule, message)),
            }
        }
        let predicates = table.predicates;
        for (_, node) in &mut compiled {
            *node = node.fold(&|_| None);
            node.sort(&|number| predicates[number as usize].price());
        }
        let (keys, levels) = levels::<S>(&predicates);
        (Program { predicates, keys, levels, rules: compiled }, diagnostics)
    }

    /// Returns the working memory of one judging thread.
    pub fn memo(&self) -> Memo {
        let all = self.rules.iter().map(|(index, node)| (*index, node.clone())).collect();
        Memo::new(self, all)
    }

    /// Judges one record and tells of each matching rule, in file order, by its index in what was
    /// compiled.
    pub fn judge(
        &self,
        memo: &mut Memo,
        record: &mut S::Record<'_>,
        matching: Matching,
        mut see: impl FnMut(usize),
    ) {
        let (place, answers) = memo.enter(self, record);
        let Left::Rules(rules) = place else { return };
        for (index, node) in rules {
            let mut ask = |number| answers.ask(number, || self.ask(number, record));
            if node.judge(&mut ask) {
                see(*index);
                if matching == Matching::First {
                    return;
                }
            }
        }
    }

    /// Judges one rule alone, without index or memory: the plain meaning of its condition.
    pub fn judge_alone(&self, rule: usize, record: &mut S::Record<'_>) -> bool {
        let found = self.rules.iter().find(|(index, _)| *index == rule);
        found.is_some_and(|(_, node)| node.judge(&mut |number| self.ask(number, record)))
    }

    /// Returns the values of key fields that a rule is indexed under; a key it does not depend on
    /// is left out. For people, not for judging.
    pub fn key_uses(&self, rule: &Rule) -> Vec<KeyUse> {
        let mut table = Table::new();
        let number = &mut |expr: &Expr| table.intern::<S>(expr);
        let Ok(node) = Node::build(&rule.condition, number) else { return Vec::new() };
        let mut uses = Vec::new();
        for (place, _) in S::keys().iter().enumerate() {
            let alone = |predicate: &Predicate<S::Field>| {
                predicate.keys_only && predicate.keys == 1 << place
            };
            let mut literals = BTreeSet::new();
            let mut name = None;
            each_comparison(&rule.condition, &mut |expr| {
                let Ok(number) = table.intern::<S>(expr) else { return };
                if alone(&table.predicates[number as usize]) {
                    name = name.take().or_else(|| Some(left_side(expr)));
                    literals.extend(literals_of(expr));
                }
            });
            let Some(field) = name else { continue };
            let can_hold = |value: &[u8]| {
                node.fold(&|number| {
                    let predicate = &table.predicates[number as usize];
                    alone(predicate).then(|| predicate.would_hold(value)).flatten()
                }) != Node::Never
            };
            let others = can_hold(b"\0some value no rule names");
            let values = literals.into_iter().filter(|text| can_hold(text.as_bytes())).collect();
            uses.push(KeyUse { field, values, others });
        }
        uses
    }

    fn ask(&self, number: u32, record: &mut S::Record<'_>) -> bool {
        self.predicates[number as usize].holds::<S>(record)
    }
}

/// Returns which keys the answer to each predicate may follow from, and a level for each of these.
fn levels<S: Source>(predicates: &[Predicate<S::Field>]) -> (Vec<u32>, Vec<Level>) {
    let of_one = |one: &Predicate<S::Field>| if one.keys_only { one.keys } else { 0 };
    let mut keys: Vec<u32> = predicates.iter().map(of_one).collect();
    let mut levels = Vec::new();
    for (key, field) in S::keys().iter().enumerate() {
        let sieve = if S::is_endless(field) { Sieve::new(predicates, field) } else { None };
        if let Some(sieve) = &sieve {
            sieve.predicates().for_each(|number| keys[number as usize] |= 1 << key);
        }
        if keys.iter().any(|one| one >> key & 1 == 1) {
            levels.push(Level { key, sieve });
        }
    }
    (keys, levels)
}

fn refusal(rule: &Rule, message: String) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(Code::LoadErrCompileCondition, message).within(
        "rule",
        rule.name.clone(),
        rule.line,
    );
    diagnostic.file.clone_from(&rule.file);
    diagnostic.line = rule.line;
    diagnostic
}

fn each_comparison<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Expr)) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter().for_each(|part| each_comparison(part, see));
        }
        Expr::Not(inner) => each_comparison(inner, see),
        Expr::Exists(_) | Expr::Compare { .. } => see(expr),
        Expr::Name(_) => {}
    }
}

fn left_side(expr: &Expr) -> String {
    let mut name = String::new();
    expr.each_field(&mut |field, argument| {
        if name.is_empty() {
            name = argument.map_or(field.to_owned(), |argument| format!("{field}[{argument}]"));
        }
    });
    name
}

fn literals_of(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Compare { right: Operand::Text(text), .. } => vec![text.clone()],
        Expr::Compare { right: Operand::List(texts), .. } => texts.clone(),
        _ => Vec::new(),
    }
}
