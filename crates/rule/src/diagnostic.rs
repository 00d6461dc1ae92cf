//! What loading has to say about a file: one problem or remark, with its place and a way out.
//! Codes are Falco's, so that what people know and search for stays true.

mod render;

use serde::Serialize;

pub use render::{Colour, render};

use crate::ruleset::RuleFile;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The item cannot be used.
    Error,
    /// It can, but probably not as meant.
    Warning,
}

/// What kind of problem it is; names and meanings are Falco's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[allow(missing_docs, reason = "meanings stand in `Code::meaning`")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    LoadErrFileRead,
    LoadErrYamlParse,
    LoadErrYamlValidate,
    LoadErrCompileCondition,
    LoadErrCompileOutput,
    LoadErrValidate,
    LoadUnknownSource,
    LoadUnsafeNaCheck,
    LoadNoEvttype,
    LoadUnknownFilter,
    LoadUnusedMacro,
    LoadUnusedList,
    LoadUnknownItem,
    LoadDeprecatedItem,
    LoadAppendNoValues,
    LoadExceptionNameNotUnique,
    LoadInvalidMacroName,
    LoadInvalidListName,
    LoadCompileCondition,
    LoadUnknownKey,
}

impl Code {
    /// All codes, errors first.
    pub const ALL: [Code; 20] = [
        Code::LoadErrFileRead,
        Code::LoadErrYamlParse,
        Code::LoadErrYamlValidate,
        Code::LoadErrCompileCondition,
        Code::LoadErrCompileOutput,
        Code::LoadErrValidate,
        Code::LoadUnknownSource,
        Code::LoadUnsafeNaCheck,
        Code::LoadNoEvttype,
        Code::LoadUnknownFilter,
        Code::LoadUnusedMacro,
        Code::LoadUnusedList,
        Code::LoadUnknownItem,
        Code::LoadDeprecatedItem,
        Code::LoadAppendNoValues,
        Code::LoadExceptionNameNotUnique,
        Code::LoadInvalidMacroName,
        Code::LoadInvalidListName,
        Code::LoadCompileCondition,
        Code::LoadUnknownKey,
    ];

    /// Returns the name, `LOAD_ERR_VALIDATE`.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Returns what the code stands for, in a few words.
    pub fn meaning(self) -> &'static str {
        self.row().1
    }

    /// Returns how bad it is: the `LOAD_ERR_…` are errors, the rest warnings.
    pub fn level(self) -> Level {
        if self <= Code::LoadErrValidate { Level::Error } else { Level::Warning }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Code::LoadErrFileRead => ("LOAD_ERR_FILE_READ", "file cannot be read"),
            Code::LoadErrYamlParse => ("LOAD_ERR_YAML_PARSE", "text is no YAML"),
            Code::LoadErrYamlValidate => ("LOAD_ERR_YAML_VALIDATE", "YAML has a wrong structure"),
            Code::LoadErrCompileCondition => ("LOAD_ERR_COMPILE_CONDITION", "condition is wrong"),
            Code::LoadErrCompileOutput => ("LOAD_ERR_COMPILE_OUTPUT", "output is wrong"),
            Code::LoadErrValidate => ("LOAD_ERR_VALIDATE", "item contradicts itself or another"),
            Code::LoadUnknownSource => ("LOAD_UNKNOWN_SOURCE", "source of events is not known"),
            Code::LoadUnsafeNaCheck => ("LOAD_UNSAFE_NA_CHECK", "comparison with <NA>"),
            Code::LoadNoEvttype => ("LOAD_NO_EVTTYPE", "condition names no event type"),
            Code::LoadUnknownFilter => ("LOAD_UNKNOWN_FILTER", "field is not known"),
            Code::LoadUnusedMacro => ("LOAD_UNUSED_MACRO", "macro is not used"),
            Code::LoadUnusedList => ("LOAD_UNUSED_LIST", "list is not used"),
            Code::LoadUnknownItem => ("LOAD_UNKNOWN_ITEM", "item is of no known kind"),
            Code::LoadDeprecatedItem => ("LOAD_DEPRECATED_ITEM", "form is deprecated"),
            Code::LoadAppendNoValues => ("LOAD_APPEND_NO_VALUES", "exception adds no values"),
            Code::LoadExceptionNameNotUnique => {
                ("LOAD_EXCEPTION_NAME_NOT_UNIQUE", "exception is defined twice")
            }
            Code::LoadInvalidMacroName => ("LOAD_INVALID_MACRO_NAME", "macro cannot be named so"),
            Code::LoadInvalidListName => ("LOAD_INVALID_LIST_NAME", "list cannot be named so"),
            Code::LoadCompileCondition => ("LOAD_COMPILE_CONDITION", "condition looks wrong"),
            Code::LoadUnknownKey => ("LOAD_UNKNOWN_KEY", "key is not known"),
        }
    }
}

/// A stretch of a file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// First byte behind.
    pub end: usize,
}

/// An item around the problem, outermost first: `rule "x"`, `condition`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Context {
    /// Kind of item in plain words.
    pub kind: &'static str,
    /// Its name, if it has one.
    pub name: String,
    /// Line it begins on, from 1; 0 when unknown.
    pub line: u32,
}

/// One problem or remark.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Diagnostic {
    /// What kind of problem.
    pub code: Code,
    /// How bad it is.
    pub severity: Level,
    /// File, as in [`RuleFile::path`]; empty when it belongs to none.
    pub file: String,
    /// Line from 1; 0 when it belongs to no place.
    pub line: u32,
    /// Column from 1, in characters; 0 when it belongs to no place.
    pub column: u32,
    /// Bytes concerned.
    pub span: Span,
    /// Items around it, outermost first.
    pub context: Vec<Context>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Returns a diagnostic that belongs to no place yet; level follows from the code.
    pub fn new(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.level(),
            file: String::new(),
            line: 0,
            column: 0,
            span: Span::default(),
            context: Vec::new(),
            message: message.into(),
            hint: None,
        }
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds an item around the others, outermost last.
    #[must_use]
    pub fn within(mut self, kind: &'static str, name: impl Into<String>, line: u32) -> Diagnostic {
        self.context.insert(0, Context { kind, name: name.into(), line });
        self
    }

    /// Sets the place, at most the end of the file; line and column are counted from its text.
    #[must_use]
    pub fn at(mut self, file: &RuleFile, span: Span) -> Diagnostic {
        self.file.clone_from(&file.path);
        let start = span.start.min(file.text.len());
        self.span = Span { start, end: span.end.clamp(start, file.text.len()) };
        (self.line, self.column) = place(&file.text, start);
        self
    }

    /// Tells whether the item cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Level::Error
    }
}

/// Counts line and column (both from 1, columns in characters) of a byte offset.
fn place(text: &[u8], offset: usize) -> (u32, u32) {
    let before = &text[..offset.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    // Continuation bytes of UTF-8 are no characters of their own.
    let column = before[start..].iter().filter(|byte| (**byte & 0xC0) != 0x80).count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
