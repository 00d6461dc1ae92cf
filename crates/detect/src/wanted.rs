//! What rules need to be told of system calls: a sensor watches nothing else.

mod condition;
mod domain;
mod select;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rule::source::Source;
use rule::{Program, Rule, Ruleset};
use syscall::record::Operation;
use syscall::selection::{Selection, Sort, Verdict};
use syscall::{Environment, Syscall};

use select::{Users, select};

/// Types of events that rules may name and that no call makes.
const NO_CALLS: [&str; 6] =
    ["container", "drop", "switch", "signaldeliver", "page_fault", "asyncevent"];

/// What rules need to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Operations that a rule can match, and those that tell which processes there are.
    pub operations: BTreeSet<Operation>,
    /// Whether any rule asks for environments.
    pub environment: Environment,
    /// Records of these operations that no rule can match: they need not be sent.
    pub selection: Selection,
    /// Rules that can match any operation, so that all are wanted.
    pub broad: Vec<String>,
    /// Host names that rules compare addresses with.
    pub domains: BTreeSet<String>,
    /// Calls that rules name and no sensor tells of, each with its rules.
    pub untold: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    /// Works out what the active rules need.
    pub fn new(program: &Program<Syscall>, rules: &Ruleset) -> Wanted {
        use Operation::{Chdir, Clone, Clone3, Execve, Execveat, Fchdir, Fork, Procexit, Vfork};
        let mut wanted = Wanted::default();
        let mut users = Users::new();
        let mut any = false;
        for rule in rules.active(Syscall::DOC.name) {
            any = true;
            wanted.add(program, rule, &mut users);
            domain::collect(&rule.condition, &mut wanted.domains);
            if asks(rule, &["proc.env", "proc.aenv"]) {
                wanted.environment = Environment::Kept;
            }
            if asks(rule, &["proc.cwd"]) {
                wanted.operations.extend([Chdir, Fchdir]);
            }
        }
        if any {
            let lineage = [Execve, Execveat, Clone, Clone3, Fork, Vfork, Procexit];
            wanted.operations.extend(lineage);
        }
        wanted.selection = select(&users);
        wanted
    }

    /// Asks for what activity is derived from.
    pub fn need_activity(&mut self) {
        for operation in crate::Activities::operations() {
            self.operations.insert(operation);
            let Some(sort) = Sort::of(operation) else { continue };
            let Some(verdicts) = self.selection.verdicts.get_mut(&operation) else { continue };
            for situation in sort.situations() {
                if !crate::Activities::ignores(situation.what) {
                    verdicts[situation.index()] = Verdict::Send;
                }
            }
        }
    }

    fn add<'r>(&mut self, program: &Program<Syscall>, rule: &'r Rule, users: &mut Users<'r>) {
        let uses = program.key_uses(rule);
        let types = uses.into_iter().find(|used| used.field == "evt.type");
        let Some(types) = types.filter(|types| !types.others) else {
            self.broad.push(rule.name.clone());
            self.operations.extend(Operation::all());
            Operation::all().for_each(|one| users.entry(one).or_default().push(rule));
            return;
        };
        for name in types.values {
            match Operation::from_name(&name) {
                Some(operation) => {
                    self.operations.insert(operation);
                    users.entry(operation).or_default().push(rule);
                }
                None if NO_CALLS.contains(&name.as_str()) => {}
                None => self.untold.entry(name).or_default().push(rule.name.clone()),
            }
        }
    }
}

/// Tells whether a rule's condition or output names one of these fields.
fn asks(rule: &Rule, fields: &[&str]) -> bool {
    let mut asks = fields.iter().any(|field| rule.output.contains(field));
    rule.condition.each_field(&mut |name, _| asks |= fields.contains(&name));
    asks
}
