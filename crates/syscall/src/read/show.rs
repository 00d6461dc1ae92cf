//! Handing values on to whoever asked.

use std::net::IpAddr;
use std::ops::ControlFlow;

use event::Value;
use rule::source::Presence;

/// Shows values until there are enough.
pub struct Show<'s> {
    see: &'s mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    any: bool,
    enough: bool,
}

impl<'s> Show<'s> {
    /// Returns what shows values to `see`.
    pub fn new(see: &'s mut dyn FnMut(Value<'_>) -> ControlFlow<()>) -> Self {
        Self { see, any: false, enough: false }
    }

    /// Tells whether there was any value.
    pub fn presence(&self) -> Presence {
        if self.any { Presence::Present } else { Presence::Absent }
    }

    /// Tells whether no more values are wanted.
    pub fn is_enough(&self) -> bool {
        self.enough
    }

    /// Shows a value.
    pub fn value(&mut self, value: Value<'_>) {
        self.any = true;
        if !self.enough {
            self.enough = (self.see)(value).is_break();
        }
    }

    /// Shows a text.
    pub fn text(&mut self, text: impl AsRef<[u8]>) {
        self.value(Value::Text(text.as_ref()));
    }

    /// Shows a text, if there is one.
    pub fn some_text(&mut self, text: Option<impl AsRef<[u8]>>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Shows a signed number.
    pub fn int(&mut self, number: i64) {
        self.value(Value::Int(number));
    }

    /// Shows an unsigned number.
    pub fn uint(&mut self, number: u64) {
        self.value(Value::Uint(number));
    }

    /// Shows a truth value.
    #[expect(clippy::fn_params_excessive_bools, reason = "it is the value itself, no choice")]
    pub fn bool(&mut self, truth: bool) {
        self.value(Value::Bool(truth));
    }

    /// Shows an address.
    pub fn ip(&mut self, address: IpAddr) {
        self.value(Value::Ip(address));
    }

    /// Shows texts as one, with blanks between them.
    pub fn joined<'t>(&mut self, texts: impl Iterator<Item = &'t [u8]>) {
        let mut all = Vec::new();
        for (index, text) in texts.enumerate() {
            if index > 0 {
                all.push(b' ');
            }
            all.extend_from_slice(text);
        }
        self.text(all);
    }
}
