//! Fields of whole events, and pieces of whole streams.
