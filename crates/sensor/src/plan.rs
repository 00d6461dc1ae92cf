//! What the programs are told to do with each operation, as they read it from their maps.

use syscall::record::{Call, From, Kind, Operation, Param};

/// Steps of one plan.
pub(crate) const STEP_COUNT_MAX: usize = 12;
/// Length of a plan in its map.
pub(crate) const PLAN_LEN: usize = STEPS_AT + 4 * STEP_COUNT_MAX;
/// Where its steps begin, after mask, argument, count and outcome.
const STEPS_AT: usize = 16;

/// A plan as it stands in its map.
pub(crate) type Plan = [u8; PLAN_LEN];

/// The plan of an operation that nobody wants.
pub(crate) const NO_PLAN: Plan = [0; PLAN_LEN];

/// Which events of an operation a program sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// All.
    #[default]
    Any,
    /// Those that failed.
    Failed,
    /// Those that did what was asked.
    Done,
}

/// What a program may drop without asking: events of an operation that no rule can match. Only
/// sound for values that the program cannot change between use and reading: arguments in
/// registers and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// Operation that it is about.
    pub operation: Operation,
    /// Which outcomes to send.
    pub outcome: Outcome,
    /// With `Some((argument, mask))`: send only if `argument & mask` is not zero.
    pub mask: Option<(u8, u64)>,
}

/// Makes the plan of a call.
pub(crate) fn plan(call: &Call, filter: Option<&Filter>) -> Plan {
    let mut plan = NO_PLAN;
    let steps = &call.params[..call.params.len().min(STEP_COUNT_MAX)];
    let outcome = match filter.map(|filter| filter.outcome) {
        _ if told_by_scheduler(call) => 1,
        None | Some(Outcome::Any) => 0,
        Some(Outcome::Failed) => 1,
        Some(Outcome::Done) => 2,
    };
    if let Some((argument, mask)) = filter.and_then(|filter| filter.mask) {
        plan[..8].copy_from_slice(&mask.to_le_bytes());
        plan[8] = argument;
    }
    plan[12..14].copy_from_slice(&(steps.len() as u16).to_le_bytes());
    plan[14..16].copy_from_slice(&u16::to_le_bytes(outcome));
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
