//! What the programs are told to do with each operation, as they read it from their maps.

use syscall::record::{Call, From, Kind, Param};
use syscall::selection::Sort;

/// Steps of one plan.
pub(crate) const STEP_COUNT_MAX: usize = 12;
/// Length of a plan in its map.
pub(crate) const PLAN_LEN: usize = STEPS_AT + 4 * STEP_COUNT_MAX;
/// Where its steps begin, behind what the situation follows from.
pub(crate) const STEPS_AT: usize = 16;

/// A plan as it stands in its map.
pub(crate) type Plan = [u8; PLAN_LEN];

/// The plan of an operation that nobody wants.
pub(crate) const NO_PLAN: Plan = [0; PLAN_LEN];

/// Makes the plan of a call; `sort` is what its situation follows from, if that matters.
pub(crate) fn plan(call: &Call, sort: Option<Sort>) -> Plan {
    let mut plan = NO_PLAN;
    let steps = &call.params[..call.params.len().min(STEP_COUNT_MAX)];
    plan[..2].copy_from_slice(&(steps.len() as u16).to_le_bytes());
    plan[2] = told_by_scheduler(call).into();
    match sort {
        None => {}
        Some(Sort::Outcome) => plan[4] = 1,
        Some(Sort::Path(path)) => (plan[4], plan[8]) = (1, path + 1),
        Some(Sort::Open { flags, mode, path }) => {
            plan[4] = 2;
            (plan[6], plan[7], plan[8]) = (flags, mode, path + 1);
        }
        Some(Sort::Socket(descriptor)) => (plan[4], plan[5]) = (3, descriptor),
    }
    for (place, param) in plan[STEPS_AT..].chunks_exact_mut(4).zip(steps) {
        place.copy_from_slice(&step(param));
    }
    plan
}

/// Whether the scheduler's tracepoints tell of it, and the call itself only when it failed.
pub(crate) fn told_by_scheduler(call: &Call) -> bool {
    matches!(call.params.first(), Some(Param { from: From::Kernel(Kind::Process), .. }))
}

/// The numbers of `enum how` in `bpf/slot.h`.
fn step(param: &Param) -> [u8; 4] {
    let (how, place, extra) = match param.from {
        From::Word(place) => (1, place, 0),
        From::Int(place) => (2, place, 0),
        From::Constant(value) => (3, 0, value),
        From::NumberAt(place, offset) => (4, place, offset),
        From::Text(place) => (5, place, 0),
        From::Path(base, place) => (6, place, u16::from(base)),
        From::File(place) => (7, place, 0),
        From::Address(place, len) => (8, place, u16::from(len)),
        From::Bytes(place, count) => (9, place, u16::from(count)),
        From::Block(place, len) => (10, place, len),
        From::Message(place) => (11, place, 0),
        From::Messages(place) => (14, place, 0),
        From::AddressAt(place, len) => (12, place, u16::from(len)),
        From::Kernel(kind) => (13, 0, kind as u16),
    };
    let [low, high] = extra.to_le_bytes();
    [how, place, low, high]
}
