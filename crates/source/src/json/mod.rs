//! JSON pointers into any event that is JSON.

pub mod fields;
