//! Any bytes are loaded as a rule file, or told about. What is said points into the file and can
//! be shown; rules that come out print as text that means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rule::RuleFile;
use rule::diagnostic::{Colour, render};

fuzz_target!(|bytes: &[u8]| {
    let files = [RuleFile::new("fuzz.yaml", bytes)];
    let (ruleset, diagnostics) = rule::load(&files, source::sources());
    for diagnostic in diagnostics.iter().take(20) {
        assert!(diagnostic.span.start <= diagnostic.span.end);
        assert!(diagnostic.span.start <= bytes.len());
        render(diagnostic, &files, Colour::Off);
    }
    for rule in &ruleset.rules {
        assert_eq!(rule::parse(&rule.condition.to_string()).as_ref(), Ok(&rule.condition));
    }
});
