//! Common words for what was seen: a point in [`Time`], the [`Subject`] it happened to, the
//! [`Value`] of one field, the [`Fields`] that are shown, and [`Severity`]. Holds no events, no
//! fields of a source and no extractors; those belong to sources.

mod fields;
mod severity;
mod subject;
mod time;
mod value;

pub use fields::Fields;
pub use severity::Severity;
pub use subject::Subject;
pub use time::{Period, Stamp, Time, TimeError};
pub use value::Value;
