//! Works out which records the rules can do without, operation by operation: where no rule can
//! hold in a situation, its records need not leave the kernel.

use std::collections::{BTreeMap, BTreeSet};

use rule::Rule;
use syscall::record::Operation;
use syscall::selection::{
    Class, NEEDLE_COUNT_MAX, Needle, SET_COUNT_MAX, SITUATION_COUNT, Selection, Situation, Sort,
    Verdict, What,
};

use super::condition::{Answers, Conditions, Hay, May};

/// The rules that can match each operation.
pub type Users<'r> = BTreeMap<Operation, Vec<&'r Rule>>;

/// Says what becomes of the records of each operation.
pub fn select(users: &Users<'_>) -> Selection {
    let rules: Vec<&Rule> = {
        let mut each: BTreeMap<*const Rule, &Rule> = BTreeMap::new();
        users.values().flatten().for_each(|rule| {
            each.insert(*rule, rule);
        });
        each.into_values().collect()
    };
    let conditions = Conditions::new(&rules);
    let mut selection = Selection::default();
    let flows = Flows::new(users);
    for (operation, used) in users {
        let Some(sort) = Sort::of(*operation) else { continue };
        let numbers: Vec<usize> = (0..rules.len())
            .filter(|at| used.iter().any(|rule| std::ptr::eq(*rule, rules[*at])))
            .collect();
        let situations = sort.situations();
        let answers = conditions.answers(&numbers, *operation, &situations);
        let mut verdicts = vec![Verdict::Send; SITUATION_COUNT];
        for (at, situation) in situations.iter().enumerate() {
            let view = View { conditions: &conditions, numbers: &numbers, answers: &answers, at };
            let may = if flows.must_see(*operation, *situation, &view) {
                May::Anything
            } else {
                view.may(sort)
            };
            verdicts[situation.index()] = verdict(may, &mut selection.sets);
        }
        if verdicts.iter().any(|verdict| *verdict != Verdict::Send) {
            selection.verdicts.insert(*operation, verdicts);
        }
    }
    selection
}

/// The rules of one operation in one situation.
struct View<'v> {
    conditions: &'v Conditions<'v>,
    numbers: &'v [usize],
    answers: &'v Answers,
    at: usize,
}

impl View<'_> {
    fn may(&self, sort: Sort) -> May {
        let hay = match sort {
            Sort::Open { .. } | Sort::Path(_) => Hay::Path,
            Sort::Socket(_) => Hay::Ports,
            Sort::Outcome => Hay::Nothing,
        };
        let each =
            self.numbers.iter().map(|rule| self.conditions.may(*rule, self.answers, self.at, hay));
        each.fold(May::Never, May::or)
    }

    fn asks(&self, field: &str) -> bool {
        self.numbers.iter().any(|rule| self.conditions.asks(*rule, self.answers, self.at, field))
    }
}

/// Which bytes sent and received must be told of though no rule asks for them, because they say
/// which end of a connection a process is, and whom a socket last spoke to.
struct Flows {
    /// Receiving may say that a process is the server; then every byte counts.
    receives: bool,
    /// Some rule prints whether the other end is new.
    prints_change: bool,
}

impl Flows {
    fn new(users: &Users<'_>) -> Flows {
        use Operation::{Recvfrom, Recvmmsg, Recvmsg};
        let receives = [Recvfrom, Recvmsg, Recvmmsg].iter().any(|one| users.contains_key(one));
        let mut printed = users.values().flatten().map(|rule| &rule.output);
        let prints_change = printed.any(|output| output.contains("fd.name_changed"));
        Flows { receives, prints_change }
    }

    fn must_see(&self, operation: Operation, situation: Situation, view: &View<'_>) -> bool {
        use Operation::{Connect, Recvfrom, Recvmmsg, Recvmsg, Sendmmsg, Sendmsg, Sendto};
        let What::Socket(Class::Tcp | Class::Udp | Class::Other, _) = situation.what else {
            return false;
        };
        match operation {
            Connect => true,
            Sendto | Sendmsg | Sendmmsg | Recvfrom | Recvmsg | Recvmmsg => {
                self.receives || self.prints_change || view.asks("fd.name_changed")
            }
            _ => false,
        }
    }
}

/// Gives the set a number. When there are too many, all is sent.
fn verdict(may: May, sets: &mut Vec<BTreeSet<Needle>>) -> Verdict {
    let set = match may {
        May::Never => return Verdict::Drop,
        May::Anything => return Verdict::Send,
        May::Among(set) if set.is_empty() => return Verdict::Drop,
        May::Among(set) => set,
    };
    if let Some(number) = sets.iter().position(|known| *known == set) {
        return Verdict::Among(number);
    }
    let held: usize = sets.iter().map(BTreeSet::len).sum();
    if sets.len() >= SET_COUNT_MAX || held + set.len() > NEEDLE_COUNT_MAX {
        return Verdict::Send;
    }
    sets.push(set);
    Verdict::Among(sets.len() - 1)
}
