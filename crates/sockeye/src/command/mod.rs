//! One module a subcommand: its arguments, and what it does with them.

pub mod agent;
pub mod completion;
pub mod controls;
pub mod detect;
pub mod nodes;
pub mod report;
pub mod rules;
pub mod serve;
pub mod verify;
