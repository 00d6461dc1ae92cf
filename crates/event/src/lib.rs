//! Common words for what was seen: a point in [`Time`], the [`Subject`] it happened to, the
//! [`Value`] of one field, and [`Severity`]. Holds no events, no fields and no extractors; those
//! belong to sources.

mod severity;
mod subject;
mod time;
mod value;

pub use severity::Severity;
pub use subject::Subject;
pub use time::{Period, Time, TimeError};
pub use value::Value;
