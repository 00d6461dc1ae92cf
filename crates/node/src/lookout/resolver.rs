//! Finds out the addresses of the host names that rules compare with, on a thread of its own: the
//! reader never waits for an answer. Without such a name there is no thread and no question.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use syscall::table::Domains;

/// Names that are asked for; those beyond count as not found.
const NAME_COUNT_MAX: usize = 1024;
/// Answers that may wait for the reader.
const ANSWER_COUNT_MAX: usize = 64;
/// How long after all were asked for they are asked for again.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// What is asked for, and what was not found. Dropping it ends the asking.
#[derive(Debug)]
pub struct Resolver {
    answers: Receiver<Answer>,
    unresolved: u64,
    _running: Sender<()>,
}

/// What was found of a name.
#[derive(Debug)]
struct Answer {
    name: String,
    addresses: Vec<IpAddr>,
}

impl Resolver {
    /// Begins to ask, where there is a name to ask for.
    pub fn start(names: &BTreeSet<String>) -> Option<Resolver> {
        if names.is_empty() {
            return None;
        }
        let (sender, answers) = sync_channel(ANSWER_COUNT_MAX);
        let (running, stop) = channel();
        let asked: Vec<String> = names.iter().take(NAME_COUNT_MAX).cloned().collect();
        let mut unresolved = (names.len() - asked.len()) as u64;
        let thread = thread::Builder::new().name("resolve".to_owned());
        if let Err(error) = thread.spawn(move || ask(&asked, &sender, &stop)) {
            tracing::error!(%error, "host names that rules compare with are not looked up");
            unresolved = names.len() as u64;
        }
        Some(Resolver { answers, unresolved, _running: running })
    }

    /// Takes in what was found meanwhile. A name that is not found now keeps what it stood for.
    pub fn take(&mut self, domains: &mut Domains) {
        for answer in self.answers.try_iter() {
            if answer.addresses.is_empty() {
                self.unresolved += 1;
            } else {
                domains.set(&answer.name, &answer.addresses);
            }
        }
    }

    /// Returns how often a name was not found.
    pub fn unresolved(&self) -> u64 {
        self.unresolved
    }
}

fn ask(names: &[String], answers: &SyncSender<Answer>, stop: &Receiver<()>) {
    loop {
        for name in names {
            let found = (name.as_str(), 0).to_socket_addrs();
            let addresses = found.map(|all| all.map(|one| one.ip()).collect()).unwrap_or_default();
            if answers.send(Answer { name: name.clone(), addresses }).is_err() {
                return;
            }
        }
        if stop.recv_timeout(AGAIN) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use super::*;

    #[test]
    fn names_are_found_without_waiting_and_what_is_not_found_is_counted() {
        assert!(Resolver::start(&BTreeSet::new()).is_none());
        let names = ["localhost".to_owned(), "no such name".to_owned()];
        let mut resolver = Resolver::start(&names.into()).expect("there are names");
        let mut domains = Domains::default();
        let end = Instant::now() + Duration::from_secs(60);
        while resolver.unresolved() == 0 {
            assert!(Instant::now() < end, "no answer");
            resolver.take(&mut domains);
            thread::yield_now();
        }
        assert_eq!(domains.names(Ipv4Addr::LOCALHOST.into()), ["localhost".into()]);
    }

    #[test]
    fn more_names_than_are_asked_for_count_as_not_found() {
        let names = (0..NAME_COUNT_MAX + 3).map(|number| format!("127.0.0.{number} no name"));
        let resolver = Resolver::start(&names.collect()).expect("there are names");
        assert_eq!(resolver.unresolved(), 3);
    }
}
