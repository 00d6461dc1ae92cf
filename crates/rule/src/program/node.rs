//! A condition over numbered predicates, and what is left of it once some answers are known.

use crate::expr::Expr;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Always,
    Never,
    Ask(u32),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl Node {
    /// Numbers each comparison of a condition.
    pub fn build(
        expr: &Expr,
        number: &mut impl FnMut(&Expr) -> Result<u32, String>,
    ) -> Result<Node, String> {
        let all = |parts: &[Expr], number: &mut _| {
            parts.iter().map(|part| Node::build(part, number)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match expr {
            Expr::And(parts) => Node::And(all(parts, number)?),
            Expr::Or(parts) => Node::Or(all(parts, number)?),
            Expr::Not(inner) => Node::Not(Box::new(Node::build(inner, number)?)),
            Expr::Exists(_) | Expr::Compare { .. } => Node::Ask(number(expr)?),
            Expr::Name(name) => return Err(format!("`{name}` was not resolved")),
        })
    }

    /// Returns what is left when some answers are known. `Always` and `Never` only ever stand
    /// alone.
    pub fn fold(&self, known: &impl Fn(u32) -> Option<bool>) -> Node {
        match self {
            Node::Always | Node::Never => self.clone(),
            Node::Ask(number) => match known(*number) {
                Some(true) => Node::Always,
                Some(false) => Node::Never,
                None => Node::Ask(*number),
            },
            Node::Not(inner) => match inner.fold(known) {
                Node::Always => Node::Never,
                Node::Never => Node::Always,
                Node::Not(inner) => *inner,
                other => Node::Not(Box::new(other)),
            },
            Node::And(parts) => join(parts, known, &Node::Never, &Node::Always, Node::And),
            Node::Or(parts) => join(parts, known, &Node::Always, &Node::Never, Node::Or),
        }
    }

    /// Sorts the parts of each `and` and `or`, cheap ones first; returns how dear the whole is.
    pub fn sort(&mut self, cost: &impl Fn(u32) -> u64) -> u64 {
        match self {
            Node::Always | Node::Never => 0,
            Node::Ask(number) => cost(*number),
            Node::Not(inner) => inner.sort(cost),
            Node::And(parts) | Node::Or(parts) => {
                let mut priced: Vec<(u64, Node)> =
                    parts.drain(..).map(|mut part| (part.sort(cost), part)).collect();
                priced.sort_by_key(|(price, _)| *price);
                let total = priced.iter().map(|(price, _)| price).sum();
                parts.extend(priced.into_iter().map(|(_, part)| part));
                total
            }
        }
    }

    /// Judges, asking only what is needed.
    pub fn judge(&self, ask: &mut impl FnMut(u32) -> bool) -> bool {
        match self {
            Node::Always => true,
            Node::Never => false,
            Node::Ask(number) => ask(*number),
            Node::Not(inner) => !inner.judge(ask),
            Node::And(parts) => parts.iter().all(|part| part.judge(ask)),
            Node::Or(parts) => parts.iter().any(|part| part.judge(ask)),
        }
    }

    /// Shows every predicate to `see`.
    pub fn each(&self, see: &mut impl FnMut(u32)) {
        match self {
            Node::Always | Node::Never => {}
            Node::Ask(number) => see(*number),
            Node::Not(inner) => inner.each(see),
            Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| part.each(see)),
        }
    }
}

/// Folds the parts of an `and` or `or`: `settled` decides alone, `neutral` falls away.
fn join(
    parts: &[Node],
    known: &impl Fn(u32) -> Option<bool>,
    settled: &Node,
    neutral: &Node,
    whole: fn(Vec<Node>) -> Node,
) -> Node {
    let mut left = Vec::with_capacity(parts.len());
    for part in parts {
        let part = part.fold(known);
        if part == *settled {
            return part;
        }
        if part != *neutral {
            left.push(part);
        }
    }
    match left.len() {
        0 => neutral.clone(),
        1 => left.swap_remove(0),
        _ => whole(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_fall_away() {
        let node = Node::And(vec![
            Node::Ask(0),
            Node::Or(vec![Node::Ask(1), Node::Not(Box::new(Node::Ask(2)))]),
        ]);
        assert_eq!(node.fold(&|n| (n == 0).then_some(false)), Node::Never);
        assert_eq!(node.fold(&|n| (n == 2).then_some(false)), Node::Ask(0));
        assert_eq!(
            node.fold(&|n| (n != 1).then_some(true)),
            Node::Ask(1),
            "not true falls out of the or"
        );
    }

    #[test]
    fn cheap_parts_come_first() {
        let mut node = Node::And(vec![Node::Ask(9), Node::Or(vec![Node::Ask(4), Node::Ask(1)])]);
        assert_eq!(node.sort(&u64::from), 14);
        assert_eq!(node, Node::And(vec![Node::Or(vec![Node::Ask(1), Node::Ask(4)]), Node::Ask(9)]));
    }
}
