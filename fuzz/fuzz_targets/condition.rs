//! Any text is read as a condition, or refused; what is read prints as text of the same meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(expr) = rule::parse(text) {
        let printed = expr.to_string();
        assert_eq!(rule::parse(&printed).as_ref(), Ok(&expr), "`{printed}` reads differently");
    }
});
