//! The Falco rule language: read, resolve, compile, judge, format. Pure: it knows no source, reads
//! no clock and no disk. Semantics follow falcosecurity/falco and falcosecurity/libs.

pub mod diagnostic;
pub mod expr;
mod load;
pub mod output;
mod ruleset;
pub mod source;

pub use diagnostic::Diagnostic;
pub use load::load;
pub use ruleset::{Rule, RuleFile, Ruleset};
