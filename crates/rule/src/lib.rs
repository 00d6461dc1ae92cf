//! The Falco rule language: read, resolve, compile, judge, format. Pure: it knows no source, reads
//! no clock and no disk. Semantics follow falcosecurity/falco and falcosecurity/libs.

pub mod diagnostic;
pub mod expr;
mod format;
mod load;
pub mod operator;
pub mod output;
pub mod parse;
mod program;
mod ruleset;
pub mod source;
pub mod transform;
mod yaml;

pub use diagnostic::Diagnostic;
pub use format::Template;
pub use load::load;
pub use parse::parse;
pub use program::{Comparison, KeyUse, Matching, Memo, Program};
pub use ruleset::{Rule, RuleFile, Ruleset};
