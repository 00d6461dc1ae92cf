//! Conditions of rules as the kernel's programs could judge them: what is left of each in a
//! situation, and with which paths or ports it can still hold.

use std::collections::{BTreeSet, HashMap};

use rule::expr::{Expr, Operand, Operator, Term};
use rule::source::Source;
use rule::{Comparison, Rule};
use source::envelope::Envelope;
use syscall::record::{Operation, Record};
use syscall::selection::{
    BEGINNING_LEN_MAX, Decided, ENDING_LEN, Needle, Place, Situation, decided, host, nowhere,
    records, results,
};
use syscall::{Event, Syscall, Tables};

/// What can still hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum May {
    /// Nothing.
    Never,
    /// Something with a path or a port that is as one of these.
    Among(BTreeSet<Needle>),
    /// Who knows.
    Anything,
}

/// A condition, `not` pushed down to its comparisons.
#[derive(Debug)]
enum Node {
    /// The comparison of this number is to be so.
    Ask(usize, bool),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// What is to come of a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Holds,
    Fails,
}

/// Where needles are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hay {
    /// In the path that the call names, which is plain.
    Path,
    /// In the ports of both ends.
    Ports,
    /// Nowhere.
    Nothing,
}

/// The conditions of all rules with what is known of their comparisons.
#[derive(Debug)]
pub struct Conditions<'r> {
    comparisons: Vec<Asked<'r>>,
    numbers: HashMap<String, usize>,
    nodes: Vec<Node>,
    nowhere: Tables,
    host: Tables,
}

#[derive(Debug)]
struct Asked<'r> {
    expr: &'r Expr,
    /// With their arguments behind a dot.
    fields: Vec<String>,
    /// Nothing where it cannot be compiled alone.
    compiled: Option<Comparison<Syscall>>,
}

/// What situations say of each comparison, in the order of the situations asked for.
pub type Answers = Vec<Vec<Option<bool>>>;

impl<'r> Conditions<'r> {
    /// Takes in the conditions of rules.
    pub fn new(rules: &[&'r Rule]) -> Conditions<'r> {
        let mut all = Conditions {
            comparisons: Vec::new(),
            numbers: HashMap::new(),
            nodes: Vec::new(),
            nowhere: nowhere(),
            host: host(),
        };
        all.nodes = rules.iter().map(|rule| all.node(&rule.condition, Wish::Holds)).collect();
        all
    }

    fn node(&mut self, expr: &'r Expr, wish: Wish) -> Node {
        match (expr, wish) {
            (Expr::Not(inner), Wish::Holds) => self.node(inner, Wish::Fails),
            (Expr::Not(inner), Wish::Fails) => self.node(inner, Wish::Holds),
            (Expr::And(parts), Wish::Holds) | (Expr::Or(parts), Wish::Fails) => {
                Node::All(parts.iter().map(|part| self.node(part, wish)).collect())
            }
            (Expr::Or(parts), Wish::Holds) | (Expr::And(parts), Wish::Fails) => {
                Node::Any(parts.iter().map(|part| self.node(part, wish)).collect())
            }
            _ => Node::Ask(self.number(expr), wish == Wish::Holds),
        }
    }

    fn number(&mut self, expr: &'r Expr) -> usize {
        let text = expr.to_string();
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let mut fields = Vec::new();
        expr.each_field(&mut |name, argument| {
            let found = Syscall::DOC.lookup(name);
            let (name, dotted) = found.map_or(("", None), |(field, dotted)| (field.name, dotted));
            fields.push(match argument.or(dotted) {
                Some(argument) => format!("{name}.{argument}"),
                None => name.to_owned(),
            });
        });
        self.comparisons.push(Asked { expr, fields, compiled: Comparison::compile(expr) });
        let number = self.comparisons.len() - 1;
        self.numbers.insert(text, number);
        number
    }

    /// Asks every comparison of some rules in every situation of an operation.
    pub fn answers(
        &self,
        rules: &[usize],
        operation: Operation,
        situations: &[Situation],
    ) -> Answers {
        let mut answers = vec![Vec::new(); self.comparisons.len()];
        let mut numbers = BTreeSet::new();
        rules.iter().for_each(|rule| {
            self.nodes[*rule].each(&mut |number| {
                numbers.insert(number);
            })
        });
        for number in numbers {
            let asked = &self.comparisons[number];
            let answer = |situation: &Situation| self.ask(asked, operation, *situation);
            answers[number] = situations.iter().map(answer).collect();
        }
        answers
    }

    /// Asks a comparison of every stand-in. Only if all agree is the answer known.
    fn ask(&self, asked: &Asked<'_>, operation: Operation, situation: Situation) -> Option<bool> {
        let compiled = asked.compiled.as_ref().filter(|_| !asked.fields.is_empty())?;
        let texts = literals(asked.expr);
        let mut marks = Vec::new();
        for field in &asked.fields {
            let texts = || texts.as_ref();
            match decided(operation, situation, field) {
                Decided::Wholly => {}
                Decided::ByResult => {
                    let numbers = texts()?.iter().map(|text| text.trim().parse::<i64>());
                    marks.extend(numbers.collect::<Result<Vec<_>, _>>().ok()?);
                }
                Decided::ByError if is_success(asked.expr, texts()?) => {}
                Decided::ByFlags if is_flag(asked.expr, texts()?) => {}
                _ => return None,
            }
        }
        // Who acts in a stand-in is nobody, or on the node somebody that is in no container.
        let tables = match situation.place {
            Place::Anywhere => vec![&self.nowhere],
            Place::Host => vec![&self.nowhere, &self.host],
        };
        let mut answer = None;
        for result in results(situation, &marks) {
            for bytes in records(operation, situation, result) {
                let record = Record::parse(&bytes).ok()?;
                for tables in &tables {
                    let envelope = Envelope { number: 0, first: None, host: "" };
                    let holds = compiled.holds(&mut Event::new(record, tables, envelope));
                    if answer.replace(holds).is_some_and(|before| before != holds) {
                        return None;
                    }
                }
            }
        }
        answer
    }

    /// Says with what a rule can still hold in the situation of this number.
    pub fn may(&self, rule: usize, answers: &Answers, situation: usize, hay: Hay) -> May {
        self.left(&self.nodes[rule], answers, situation, hay)
    }

    fn left(&self, node: &Node, answers: &Answers, situation: usize, hay: Hay) -> May {
        match node {
            Node::Ask(number, holds) => match answers[*number].get(situation).copied().flatten() {
                Some(known) if known == *holds => May::Anything,
                Some(_) => May::Never,
                None if *holds => among(self.comparisons[*number].expr, hay),
                None => May::Anything,
            },
            Node::All(parts) => {
                let mut best = May::Anything;
                for part in parts {
                    match self.left(part, answers, situation, hay) {
                        May::Never => return May::Never,
                        May::Among(set) if set.is_empty() => return May::Never,
                        May::Among(set) => best = closer(best, set),
                        May::Anything => {}
                    }
                }
                best
            }
            Node::Any(parts) => {
                let mut all = May::Never;
                for part in parts {
                    all = all.or(self.left(part, answers, situation, hay));
                    if all == May::Anything {
                        return all;
                    }
                }
                all
            }
        }
    }

    /// Tells whether a rule that can still hold asks for a field in this situation.
    pub fn asks(&self, rule: usize, answers: &Answers, situation: usize, field: &str) -> bool {
        self.still_asks(&self.nodes[rule], answers, situation, field)
    }

    fn still_asks(&self, node: &Node, answers: &Answers, situation: usize, field: &str) -> bool {
        let can = |node| self.left(node, answers, situation, Hay::Path) != May::Never;
        match node {
            Node::Ask(number, _) => {
                let known = answers[*number].get(situation).copied().flatten();
                known.is_none() && self.comparisons[*number].fields.iter().any(|one| one == field)
            }
            Node::All(parts) | Node::Any(parts) => {
                can(node)
                    && parts.iter().any(|part| self.still_asks(part, answers, situation, field))
            }
        }
    }
}

impl Node {
    fn each(&self, see: &mut impl FnMut(usize)) {
        match self {
            Node::Ask(number, _) => see(*number),
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.each(see)),
        }
    }
}

impl May {
    /// Either of two.
    pub fn or(self, other: May) -> May {
        match (self, other) {
            (May::Never, may) | (may, May::Never) => may,
            (May::Among(mut one), May::Among(other)) => {
                one.extend(other);
                May::Among(one)
            }
            _ => May::Anything,
        }
    }
}

/// Of two sets that must both hold, the one that says more.
fn closer(best: May, set: BTreeSet<Needle>) -> May {
    let weight = |needle: &Needle| match needle {
        Needle::Is(bytes) => bytes.len() + BEGINNING_LEN_MAX,
        Needle::Begins(bytes) => bytes.len(),
        Needle::Ends(_) | Needle::Port(_) => ENDING_LEN,
        Needle::InRoot | Needle::Holds(_) => 2,
        Needle::Hidden => 1,
    };
    let least = |set: &BTreeSet<Needle>| set.iter().map(weight).min();
    match best {
        May::Among(other) if least(&other) >= least(&set) => May::Among(other),
        _ => May::Among(set),
    }
}

/// Returns the literals of a comparison with any.
pub fn literals(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Compare { right: Operand::Text(text), .. } => Some(vec![text.clone()]),
        Expr::Compare { right: Operand::List(texts), .. } => Some(texts.clone()),
        _ => None,
    }
}

/// Tells whether a comparison only asks if there was an error.
fn is_success(expr: &Expr, texts: &[String]) -> bool {
    let plain = matches!(
        expr,
        Expr::Compare { operator: Operator::Eq | Operator::Ne | Operator::In, spread: None, .. }
    );
    plain && texts.iter().all(|text| text == "SUCCESS")
}

/// Tells whether a comparison looks for a name among others: with more names it holds the more.
fn is_flag(expr: &Expr, texts: &[String]) -> bool {
    let plain = matches!(expr, Expr::Compare { operator: Operator::Contains, spread: None, .. });
    let name = |text: &String| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    plain && texts.iter().all(name)
}

/// Says with what a comparison can hold.
fn among(expr: &Expr, hay: Hay) -> May {
    let Expr::Compare { left: Term::Field { name, argument: None }, operator, .. } = expr else {
        return May::Anything;
    };
    let Some(texts) = literals(expr) else { return May::Anything };
    let found = texts.iter().map(|text| match hay {
        Hay::Path => of_path(name, *operator, text),
        Hay::Ports => of_port(name, *operator, text),
        Hay::Nothing => None,
    });
    match found.collect::<Option<Vec<_>>>() {
        Some(needles) => May::Among(needles.into_iter().flatten().collect()),
        None => May::Anything,
    }
}

/// Returns the needle of a port; nothing where one literal more can hold with anything.
fn of_port(name: &str, operator: Operator, text: &str) -> Option<Option<Needle>> {
    let equal = matches!(operator, Operator::Eq | Operator::In);
    let port = matches!(name, "fd.port" | "fd.cport" | "fd.sport" | "fd.lport" | "fd.rport");
    (equal && port).then(|| text.parse().ok().map(|port| Some(Needle::Port(port))))?
}

/// Returns the needle with which a comparison of a plain path can hold: nothing where it can hold
/// with any path, nothing within where it cannot hold.
fn of_path(name: &str, operator: Operator, text: &str) -> Option<Option<Needle>> {
    use Operator::{Contains, Endswith, Eq, Glob, In, Pmatch, Startswith};
    let whole = matches!(name, "fd.name" | "fs.path.name" | "fd.nameraw" | "fs.path.nameraw");
    match (name, operator) {
        _ if whole && is_never_plain(operator, text) => Some(None),
        (_, Eq | In) if whole => Some(is(text)),
        (_, Startswith) if whole => begins(text),
        (_, Glob) if whole => begins(text.split(['*', '?', '[', '\\']).next()?),
        (_, Pmatch) if whole => begins(&before_pattern(text)),
        (_, Endswith) if whole => ends(text),
        (_, Contains) if whole && text.contains("/.") => Some(Some(Needle::Hidden)),
        (_, Contains) if whole => holds(text),
        ("fd.directory", Eq | In) if text == "/" => Some(Some(Needle::InRoot)),
        ("fd.directory", Eq | In | Startswith) => begins(text),
        ("fd.directory", Pmatch) => begins(&before_pattern(text)),
        ("fd.filename", Eq | In) => ends(&format!("/{text}")),
        ("fd.filename", Endswith) => ends(text),
        _ => None,
    }
}

/// Tells whether what a comparison looks for is in no plain path.
fn is_never_plain(operator: Operator, text: &str) -> bool {
    match operator {
        Operator::Contains => text.contains("..") || text.contains("//"),
        Operator::Glob => text.contains("..") && !text.contains(['[', '\\']),
        _ => false,
    }
}

fn is(text: &str) -> Option<Needle> {
    if text.len() > BEGINNING_LEN_MAX {
        return begins(text).flatten();
    }
    text.starts_with('/').then(|| Needle::Is(text.as_bytes().to_vec()))
}

fn begins(text: &str) -> Option<Option<Needle>> {
    let bytes = &text.as_bytes()[..text.len().min(BEGINNING_LEN_MAX)];
    match bytes {
        b"" | b"/" => None,
        [b'/', ..] => Some(Some(Needle::Begins(bytes.to_vec()))),
        // No absolute path begins so.
        _ => Some(None),
    }
}

fn ends(text: &str) -> Option<Option<Needle>> {
    text.as_bytes().last_chunk().map(|last| Some(Needle::Ends(*last)))
}

/// Returns the rarest pair of bytes in a text; nothing where every pair is common in paths.
fn holds(text: &str) -> Option<Option<Needle>> {
    const COMMON: &[u8] = b"/etaoinsrlc.ud-pmh0123456789bgy";
    let weight = |byte: u8| COMMON.iter().position(|one| *one == byte).unwrap_or(COMMON.len());
    let pairs = text.as_bytes().windows(2).map(|pair| [pair[0], pair[1]]);
    let rarest = pairs.max_by_key(|[first, second]| weight(*first) + weight(*second))?;
    let rare = rarest.iter().any(|byte| weight(*byte) == COMMON.len());
    rare.then_some(Some(Needle::Holds(rarest)))
}

/// Returns the components of a search path before the first that is a pattern.
fn before_pattern(text: &str) -> String {
    let parts = text.split('/').filter(|part| !part.is_empty());
    let plain = parts.take_while(|part| !part.contains(['*', '?', '[']));
    plain.map(|part| format!("/{part}")).collect()
}
