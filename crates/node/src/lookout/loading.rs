//! What this process does while it loads the kernel programs. The programs see it like all else;
//! no rule judges it, and it is counted. Known by pid, start and time, never by a name.

use syscall::Tables;
use syscall::record::Record;
use syscall::table::is_same_start;

/// The newest loading, ended or not.
#[derive(Debug)]
pub struct Loading {
    /// This process, where its pid is the one that the machine counts by.
    process: Option<(u32, u64)>,
    from: u64,
    until: u64,
    count: u64,
}

impl Loading {
    /// Returns the loading of the first programs, which ended at `until`.
    pub fn ended(tables: &Tables, until: u64) -> Loading {
        let pid = std::process::id();
        let start = tables.processes().by_pid(pid).map(|process| process.facts.start);
        Loading { process: start.map(|start| (pid, start)), from: 0, until, count: 0 }
    }

    /// Begins another one.
    pub fn begin(&mut self, now: u64) {
        (self.from, self.until) = (now, u64::MAX);
    }

    /// Ends it.
    pub fn end(&mut self, now: u64) {
        self.until = now;
    }

    /// Tells whether a record is of it, and counts it then.
    pub fn is_of(&mut self, record: &Record<'_>) -> bool {
        let own = |(pid, start)| record.pid() == pid && is_same_start(record.start(), start);
        let is_of =
            (self.from..self.until).contains(&record.time()) && self.process.is_some_and(own);
        self.count += u64::from(is_of);
        is_of
    }

    /// Returns how many records were of it.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use event::Time;
    use syscall::record::{Head, Operation, Writer};
    use syscall::{Environment, Home};

    use super::*;

    #[test]
    fn only_this_process_and_only_while_it_loads() {
        let mut tables = Tables::new(Home::default(), Time(0), Environment::Left);
        tables.scan();
        let pid = std::process::id();
        let start = tables.processes().by_pid(pid).expect("this process").facts.start;
        let mut loading = Loading::ended(&tables, 1_000);
        let is_of = |loading: &mut Loading, pid: u32, start: u64, time: u64| {
            let head = Head { pid, tid: pid, start, time, ..Head::default() };
            let bytes = Writer::new(Operation::Bpf, &head).number(5).finish();
            loading.is_of(&Record::parse(&bytes).expect("a record"))
        };
        assert!(is_of(&mut loading, pid, start, 999));
        assert!(!is_of(&mut loading, pid, start, 1_000), "it has ended");
        assert!(!is_of(&mut loading, pid + 1, start, 999), "another process");
        let before = start - syscall::table::TICK;
        assert!(!is_of(&mut loading, pid, before, 999), "one that had its pid before");
        loading.begin(2_000);
        assert!(!is_of(&mut loading, pid, start, 1_500), "between two loadings");
        assert!(is_of(&mut loading, pid, start, 2_000));
        loading.end(3_000);
        assert!(!is_of(&mut loading, pid, start, 3_000));
        assert_eq!(loading.count(), 2);
    }
}
