//! One record with all that is known beside it, as rules see it.

use event::{Subject, Time};

use crate::envelope::Envelope;
use crate::read::{Descriptor, Opening, descriptor, opening};
use crate::record::{IO_URING, Record, What};
use crate::table::{Process, Tables, value};

/// A record to be judged.
#[derive(Debug)]
pub struct Event<'e> {
    pub(crate) record: Record<'e>,
    pub(crate) tables: &'e Tables,
    pub(crate) process: Option<&'e Process>,
    pub(crate) envelope: Envelope<'e>,
    /// The descriptor that it is about, looked at once.
    descriptor: Option<Option<Descriptor<'e>>>,
    /// What an open asks for, looked at once.
    opening: Option<Opening>,
}

impl<'e> Event<'e> {
    /// Puts a record beside what is known; [`Tables::before`] must have seen it.
    pub fn new(record: Record<'e>, tables: &'e Tables, envelope: Envelope<'e>) -> Self {
        let process = tables.processes().get(record.pid(), record.start());
        Self { record, tables, process, envelope, descriptor: None, opening: None }
    }

    /// Returns the process that acts.
    pub fn pid(&self) -> u32 {
        self.record.pid()
    }

    /// Returns when it happened.
    pub fn time(&self) -> Time {
        self.tables.time(self.record.time())
    }

    /// Tells what it is about. Parts that are not known are left out.
    pub fn subject(&self) -> Subject {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let process = self.process.map(|process| text(&process.program.name));
        let container = self.process.and_then(|process| self.tables.container(process));
        let about = container.and_then(|container| container.about.as_ref());
        let pod = about.and_then(|about| about.pod.as_ref());
        let told = pod.and_then(|pod| self.tables.pods().get(&pod.uid));
        let names = self.process.and_then(|process| process.names.as_deref());
        let user = names.and_then(|names| names.user(self.record.uid()));
        Subject {
            cluster: None,
            node: Some(self.envelope.host.to_owned()).filter(|host| !host.is_empty()),
            namespace: pod.map(|pod| pod.namespace.clone()),
            workload: told.and_then(|told| told.workload.clone()),
            pod: pod.map(|pod| pod.name.clone()),
            container: container.map(|container| container.id.to_string()),
            image: about.and_then(|about| about.image.clone()),
            process: process.or_else(|| Some(text(self.record.comm()))),
            principal: match user {
                Some(user) => Some(text(&user.name)),
                None => Some(format!("uid {}", self.record.uid())),
            },
        }
    }

    /// Says why not all of it is known for certain.
    pub fn doubt(&self) -> Option<&'static str> {
        if self.record.flags & IO_URING != 0 {
            return Some("asked for through io_uring, whose result is not known");
        }
        match self.process {
            None => Some("the process is not known"),
            Some(process) if !process.is_whole() => {
                Some("the process had ended before it could be looked at")
            }
            Some(process) if self.is_unresolved(process) => {
                Some("the runtime told nothing of the container")
            }
            Some(_) => None,
        }
    }

    fn is_unresolved(&self, process: &Process) -> bool {
        let container = self.tables.container(process);
        container.is_some_and(|found| found.about.is_none() && found.runtime.tells())
    }

    /// Returns what the call returned. What is only asked for counts as done, so that asking by
    /// another way is no way around a rule.
    pub(crate) fn result(&self) -> i64 {
        self.record.result().unwrap_or(0)
    }

    /// Returns the value of a parameter.
    #[inline]
    pub(crate) fn param(&self, name: &str) -> Option<What<'e>> {
        value(&self.record, name)
    }

    /// Returns a parameter that is a number.
    #[inline]
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        match self.param(name)? {
            What::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns what the event asks for if it opens.
    pub(crate) fn opening(&mut self) -> Opening {
        let opening = self.opening.unwrap_or_else(|| opening(self));
        self.opening = Some(opening);
        opening
    }

    /// Returns the descriptor that the event is about; none where it is about none.
    pub(crate) fn descriptor(&mut self) -> Option<&Descriptor<'e>> {
        if self.descriptor.is_none() {
            self.descriptor = Some(descriptor(self));
        }
        self.descriptor.as_ref().and_then(Option::as_ref)
    }
}
