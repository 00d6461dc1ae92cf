//! One module a subcommand: its arguments, and what it does with them.

pub mod completion;
pub mod controls;
pub mod detect;
pub mod report;
pub mod rules;
pub mod serve;
pub mod verify;
