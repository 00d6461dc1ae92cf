//! Common words for what was seen: a point in [`Time`], the [`Subject`] it happened to, and the
//! [`Value`] of one field. Holds no events, no fields and no extractors; those belong to sources.

mod subject;
mod time;
mod value;

pub use subject::Subject;
pub use time::{Period, Time, TimeError};
pub use value::Value;
