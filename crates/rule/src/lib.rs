//! The Falco rule language: read, resolve, compile, judge, format. Pure: it knows no source, reads
//! no clock and no disk. Semantics follow falcosecurity/falco and falcosecurity/libs.

pub mod expr;
pub mod source;
