//! Numbers that stand for states in the tables.

use event::Severity;
use finding::{Status, Verdict};

/// Returns the number of a severity: 0 is most severe.
pub fn severity(severity: Severity) -> i64 {
    severity as i64
}

/// Returns the severity of a number.
pub fn to_severity(number: i64) -> Severity {
    let found = usize::try_from(number).ok().and_then(|at| Severity::ALL.get(at));
    found.copied().unwrap_or(Severity::Debug)
}

/// All states, in the order of their numbers.
pub const STATUSES: [Status; 4] =
    [Status::Open, Status::Acknowledged, Status::Accepted, Status::Resolved];

/// Returns the number of a state.
pub fn status(status: Status) -> i64 {
    match status {
        Status::Open => 0,
        Status::Acknowledged => 1,
        Status::Accepted => 2,
        Status::Resolved => 3,
    }
}

/// Returns the state of a number.
pub fn to_status(number: i64) -> Status {
    let found = usize::try_from(number).ok().and_then(|at| STATUSES.get(at));
    found.copied().unwrap_or(Status::Open)
}

/// Returns the number of a verdict.
pub fn verdict(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::TruePositive => 0,
        Verdict::Benign => 1,
        Verdict::FalsePositive => 2,
    }
}

/// Returns the verdict of a number.
pub fn to_verdict(number: i64) -> Verdict {
    match number {
        0 => Verdict::TruePositive,
        1 => Verdict::Benign,
        _ => Verdict::FalsePositive,
    }
}
