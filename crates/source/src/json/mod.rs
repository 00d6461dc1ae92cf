//! JSON events: where values are ([`scan`], [`walk`]), what they say ([`text`]), whether the whole
//! is JSON at all ([`check`]), and the fields that reach into any event ([`Field`]).

use std::ops::ControlFlow;

use event::Value;
use rule::source::{FieldError, Presence};

pub mod check;
pub mod fields;
mod letter;
mod marks;
pub mod scan;
pub mod text;
pub mod walk;

/// A field of any event that is JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `json.value[…]`: the keys of a JSON pointer; none is the whole event.
    Value(Vec<String>),
    /// `json.obj`: the whole event, spread over lines.
    Object,
    /// `json.rawtime`: nanoseconds since the epoch as text.
    Time,
}

impl Field {
    /// Reads a field's name and argument; `None` when it is no JSON field.
    pub fn resolve(name: &str, argument: Option<&str>) -> Option<Result<Field, FieldError>> {
        let part = name.strip_prefix("json.").or_else(|| name.strip_prefix("jevt."))?;
        Some(match (part, argument) {
            ("value", Some(pointer)) => Ok(Field::Value(keys(pointer))),
            ("value", None) => {
                Err(FieldError::Argument(format!("`{name}` needs a JSON pointer in brackets")))
            }
            ("obj", None) => Ok(Field::Object),
            ("rawtime", None) => Ok(Field::Time),
            ("obj" | "rawtime", Some(_)) => {
                Err(FieldError::Argument(format!("`{name}` takes nothing in brackets")))
            }
            _ => Err(FieldError::Unknown(name.to_owned())),
        })
    }
}

/// Splits a JSON pointer into keys; the leading slash may be missing.
fn keys(pointer: &str) -> Vec<String> {
    if pointer.is_empty() {
        return Vec::new();
    }
    let path = pointer.strip_prefix('/').unwrap_or(pointer);
    path.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}

/// Shows a JSON value as text to `see`.
#[inline]
pub fn show(value: Option<&[u8]>, see: &mut impl FnMut(Value<'_>) -> ControlFlow<()>) -> Presence {
    match value.and_then(text::text) {
        Some(text) => {
            let _ = see(Value::Text(&text));
            Presence::Present
        }
        None => Presence::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_undoes_its_escapes() {
        assert_eq!(keys("/a~1b/~0c"), ["a/b", "~c"]);
        assert_eq!(keys("a/0"), ["a", "0"]);
        assert_eq!(keys("/"), [""]);
        assert!(keys("").is_empty());
    }
}
