//! The only place of this crate that reads the clock.

use event::Time;
use rustix::time::{ClockId, clock_gettime};

/// Returns the time of day.
pub fn now() -> Time {
    Time(of(ClockId::Realtime))
}

/// Returns the time of day at which the machine's own clock was zero, the one that records have.
pub fn epoch() -> Time {
    Time(of(ClockId::Realtime) - of(ClockId::Boottime))
}

/// Returns the time on the clock that records have.
pub fn since_start() -> u64 {
    u64::try_from(of(ClockId::Boottime)).unwrap_or(0)
}

fn of(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec * Time::SECOND + time.tv_nsec
}
