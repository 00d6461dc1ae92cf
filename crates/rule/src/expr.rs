//! A condition as a tree, after lists and macros have been put in. What the parser gives and the
//! compiler takes. Printing one ([`std::fmt::Display`]) gives text that parses to the same tree.

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
        /// `startswith oneof (…)`: how a text operator is spread over a list. Always `None` for
        /// `in`, `intersects`, `pmatch` and the ordering operators, which never take one.
        spread: Option<Spread>,
        /// Right side. A list for `in`, `intersects`, `pmatch` and wherever `spread` stands,
        /// or a term; else one literal or a term.
        right: Operand,
    },
    /// A bare name in a macro or rule: a macro reference, gone after resolution.
    Name(String),
}

/// What a comparison reads: a field, or transformers around fields and literals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// `ka.user.name`, `proc.aname[2]`.
    Field {
        /// Full field name without argument.
        name: String,
        /// What stood in brackets, quotes and escapes undone.
        argument: Option<String>,
    },
    /// `tolower(proc.name)`, `join(",", proc.args)`, `getopt(proc.args, "c:")[c]`.
    Transform {
        /// What is done.
        transformer: Transformer,
        /// To what, in order. Never empty.
        operands: Vec<Part>,
        /// What stood in brackets behind it (`getopt` only).
        argument: Option<String>,
    },
}

/// One operand of a transformer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A field, itself possibly transformed.
    Term(Term),
    /// A text or number literal.
    Text(String),
    /// A list of fields and literals; lists do not nest.
    List(Vec<Part>),
}

/// Right side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// One literal.
    Text(String),
    /// A list of literals, list references already put in. May be empty.
    List(Vec<String>),
    /// Another field, `val(fd.name)`, or a transformed one, `tolower(proc.pname)`.
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

/// How a text operator is spread over a list of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spread {
    /// `oneof`: exactly one of the literals compares true.
    OneOf,
    /// `anyof`: at least one does.
    AnyOf,
    /// `allof`: each does.
    AllOf,
}

/// Field transformers of the Falco language. `val(field)` is no transformer here: it only marks a
/// field on the right side, which [`Operand::Term`] says already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the transformers")]
pub enum Transformer {
    Tolower,
    Toupper,
    B64,
    Basename,
    Len,
    Join,
    Concat,
    Getopt,
}

impl Operator {
    /// All operators that compare two sides, in the order they are documented in.
    pub const ALL: [Operator; 18] = [
        Operator::Eq,
        Operator::Ne,
        Operator::Lt,
        Operator::Le,
        Operator::Gt,
        Operator::Ge,
        Operator::Contains,
        Operator::Icontains,
        Operator::Bcontains,
        Operator::Startswith,
        Operator::Bstartswith,
        Operator::Endswith,
        Operator::Glob,
        Operator::Iglob,
        Operator::Regex,
        Operator::In,
        Operator::Intersects,
        Operator::Pmatch,
    ];

    /// Returns the operator as it is written in a condition.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Eq => "=",
            Operator::Ne => "!=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
            Operator::Contains => "contains",
            Operator::Icontains => "icontains",
            Operator::Bcontains => "bcontains",
            Operator::Startswith => "startswith",
            Operator::Bstartswith => "bstartswith",
            Operator::Endswith => "endswith",
            Operator::Glob => "glob",
            Operator::Iglob => "iglob",
            Operator::Regex => "regex",
            Operator::In => "in",
            Operator::Intersects => "intersects",
            Operator::Pmatch => "pmatch",
        }
    }

    /// Finds an operator by its written form; `==` is `=`.
    pub fn from_name(name: &str) -> Option<Operator> {
        if name == "==" {
            return Some(Operator::Eq);
        }
        Operator::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// Tells whether the right side is a list even without a [`Spread`].
    pub fn takes_list(self) -> bool {
        matches!(self, Operator::In | Operator::Intersects | Operator::Pmatch)
    }

    /// Tells whether `oneof`, `anyof` and `allof` may follow.
    pub fn takes_spread(self) -> bool {
        !self.takes_list()
            && !matches!(self, Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge)
    }
}

impl Spread {
    /// All spreads.
    pub const ALL: [Spread; 3] = [Spread::OneOf, Spread::AnyOf, Spread::AllOf];

    /// Returns the word as it is written in a condition.
    pub fn name(self) -> &'static str {
        match self {
            Spread::OneOf => "oneof",
            Spread::AnyOf => "anyof",
            Spread::AllOf => "allof",
        }
    }
}

impl Transformer {
    /// All transformers.
    pub const ALL: [Transformer; 8] = [
        Transformer::Tolower,
        Transformer::Toupper,
        Transformer::B64,
        Transformer::Basename,
        Transformer::Len,
        Transformer::Join,
        Transformer::Concat,
        Transformer::Getopt,
    ];

    /// Returns the transformer as it is written in a condition.
    pub fn name(self) -> &'static str {
        match self {
            Transformer::Tolower => "tolower",
            Transformer::Toupper => "toupper",
            Transformer::B64 => "b64",
            Transformer::Basename => "basename",
            Transformer::Len => "len",
            Transformer::Join => "join",
            Transformer::Concat => "concat",
            Transformer::Getopt => "getopt",
        }
    }
}

impl Term {
    /// Returns a plain field without argument.
    pub fn field(name: impl Into<String>) -> Term {
        Term::Field { name: name.into(), argument: None }
    }

    /// Shows every field in the term, inner ones included, to `see`.
    pub fn each_field<'t>(&'t self, see: &mut dyn FnMut(&'t str, Option<&'t str>)) {
        match self {
            Term::Field { name, argument } => see(name, argument.as_deref()),
            Term::Transform { operands, .. } => {
                operands.iter().for_each(|part| part.each_field(see));
            }
        }
    }
}

impl Part {
    fn each_field<'t>(&'t self, see: &mut dyn FnMut(&'t str, Option<&'t str>)) {
        match self {
            Part::Term(term) => term.each_field(see),
            Part::Text(_) => {}
            Part::List(parts) => parts.iter().for_each(|part| part.each_field(see)),
        }
    }
}

impl Expr {
    /// Shows every field in the condition to `see`, left to right.
    pub fn each_field<'t>(&'t self, see: &mut dyn FnMut(&'t str, Option<&'t str>)) {
        match self {
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().for_each(|part| part.each_field(see));
            }
            Expr::Not(inner) => inner.each_field(see),
            Expr::Exists(term) => term.each_field(see),
            Expr::Compare { left, right, .. } => {
                left.each_field(see);
                if let Operand::Term(term) = right {
                    term.each_field(see);
                }
            }
            Expr::Name(_) => {}
        }
    }
}
