//! A condition as a tree, after lists and macros have been put in. What the parser gives and the
//! compiler takes.

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All hold. Never empty.
    And(Vec<Expr>),
    /// At least one holds. Never empty.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// `field exists`.
    Exists(Term),
    /// `field op operand`.
    Compare {
        /// Left side.
        left: Term,
        /// Comparison.
        operator: Operator,
        /// Right side.
        right: Operand,
    },
    /// A bare name in a macro or rule: a macro reference, gone after resolution.
    Name(String),
}

/// A field with its argument and the transformers around it, innermost first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// Full field name without argument.
    pub field: String,
    /// What stood in brackets.
    pub argument: Option<String>,
    /// Applied in this order to the field's value.
    pub transformers: Vec<Transformer>,
    /// All fields of a transformer that takes several (`join`); empty for a plain field.
    pub parts: Vec<Part>,
}

/// One operand of a transformer with several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A field, itself possibly transformed.
    Term(Term),
    /// A text literal.
    Text(String),
}

/// Right side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// One literal.
    Text(String),
    /// A list of literals, list references already put in.
    List(Vec<String>),
    /// Another field: `val(fd.name)`.
    Term(Term),
}

/// Comparison operators of the Falco language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the operators")]
pub enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    Icontains,
    Bcontains,
    Startswith,
    Bstartswith,
    Endswith,
    Glob,
    Iglob,
    Regex,
    In,
    Intersects,
    Pmatch,
}

/// Field transformers of the Falco language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the transformers")]
pub enum Transformer {
    Tolower,
    Toupper,
    B64,
    Storage,
    Basename,
    Len,
    Join,
    Concat,
    Getopt,
    Val,
}
