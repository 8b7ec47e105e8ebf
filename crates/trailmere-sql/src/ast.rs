//! What a statement says: the syntax tree of Trino's SELECT.
//!
//! Equality disregards positions and the case of names, because `GROUP BY lower(A)` and `SELECT LOWER(a)` say the same.

mod pattern;
mod query;
mod relation;
mod routine;

pub use pattern::{AfterMatch, MatchRecognize, PatternBody, PatternNode, RowsPerMatch};
pub use query::{Cte, GroupBy, GroupingElement, Limit, Query, QueryBody, Select, SelectItem, SetOp, SortItem};
pub use relation::{JoinCondition, JoinKind, Relation, RelationKind, TableArgument, TableFunction};
pub use routine::{InlineFunction, RoutineStatement, Variables};

use crate::error::Position;
use crate::types::Type;

/// A place in the text that equality disregards.
#[derive(Debug, Clone, Copy, Default)]
pub struct At(pub Position);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl From<At> for Option<Position> {
    fn from(at: At) -> Self {
        (at.0.line > 0).then_some(at.0)
    }
}

/// A name as typed; compared without regard to case, as Trino does also with quoted names.
#[derive(Debug, Clone)]
pub struct Ident {
    /// Spelling, without quotes.
    pub value: String,
    /// Whether it was in quotes; only names of windows tell.
    pub quoted: bool,
    /// Where.
    pub at: At,
}

impl Ident {
    /// A name without quotes.
    pub fn new(value: impl Into<String>, at: At) -> Ident {
        Ident { value: value.into(), quoted: false, at }
    }

    /// Whether two names are the same where case counts in quotes: without quotes a name is upper case.
    pub fn is_exactly(&self, other: &Ident) -> bool {
        let canonical = |i: &Ident| if i.quoted { i.value.clone() } else { i.value.to_uppercase() };
        canonical(self) == canonical(other)
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        same_name(&self.value, &other.value)
    }
}

/// Whether two names are the same name.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// SELECT, WITH, VALUES, TABLE.
    Query(Query),
    /// EXPLAIN (TYPE VALIDATE): whether the statement is valid.
    Validate(Box<Statement>),
    /// EXPLAIN [ANALYZE] [VERBOSE].
    Explain {
        /// Run it and show what happened.
        analyze: bool,
        /// More detail.
        verbose: bool,
        /// Of what.
        statement: Box<Statement>,
    },
    /// SHOW TABLES [LIKE pattern].
    ShowTables(Option<String>),
    /// SHOW FUNCTIONS [LIKE pattern].
    ShowFunctions(Option<String>),
    /// SHOW COLUMNS FROM, DESCRIBE.
    Describe(TableName),
}

/// A table as written: dotted parts, or one bare identifier such as a UUID or an ARN.
#[derive(Debug, Clone, PartialEq)]
pub struct TableName {
    /// The parts.
    pub parts: Vec<Ident>,
    /// Where.
    pub at: At,
}

impl TableName {
    /// The name as one text.
    pub fn text(&self) -> String {
        self.parts.iter().map(|p| p.value.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// A window: OVER (…) or WINDOW w AS (…).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowSpec {
    /// The window that it extends.
    pub base: Option<Ident>,
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<SortItem>,
    /// MEASURES of the pattern.
    pub measures: Vec<(Expr, Ident)>,
    /// The frame.
    pub frame: Option<Frame>,
    /// A pattern within the frame.
    pub pattern: Option<PatternBody>,
}

/// A window frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// ROWS, RANGE, GROUPS.
    pub unit: FrameUnit,
    /// From.
    pub start: FrameBound,
    /// To; CURRENT ROW where left out.
    pub end: FrameBound,
    /// Where.
    pub at: At,
}

/// What a frame counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUnit {
    /// ROWS
    Rows,
    /// RANGE
    Range,
    /// GROUPS
    Groups,
}

/// An end of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// n PRECEDING
    Preceding(Expr),
    /// CURRENT ROW
    CurrentRow,
    /// n FOLLOWING
    Following(Expr),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What.
    pub kind: Box<ExprKind>,
    /// Where it begins, or where its operator stands.
    pub at: At,
}

/// `+ - * / %`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulus,
}

/// `= <> < <= > >=`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// An expression's kinds.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// NULL
    Null,
    /// TRUE, FALSE
    Boolean(bool),
    /// Digits as written.
    Number(String),
    /// `'…'`
    String(String),
    /// `X'…'`
    Binary(String),
    /// `DATE '…'`, and so for any type.
    Typed(String, String),
    /// `INTERVAL '…' DAY TO SECOND`
    Interval {
        /// The text.
        value: String,
        /// INTERVAL -'…'
        negative: bool,
        /// First field.
        from: String,
        /// Last field.
        to: Option<String>,
    },
    /// `$name`
    Parameter(String),
    /// A column, a lambda's parameter.
    Name(Ident),
    /// `a.b`
    Field(Expr, Ident),
    /// `a[i]`
    Subscript(Expr, Expr),
    /// `-a`
    Negate(Expr),
    /// `+a`
    Plus(Expr),
    /// Arithmetic.
    Arithmetic(Arithmetic, Expr, Expr),
    /// `a || b`
    Concat(Expr, Expr),
    /// A comparison.
    Compare(Comparison, Expr, Expr),
    /// `a < ALL (query)`: true for ALL, false for ANY and SOME.
    Quantified(Comparison, bool, Expr, Query),
    /// AND of all.
    And(Vec<Expr>),
    /// OR of all.
    Or(Vec<Expr>),
    /// NOT
    Not(Expr),
    /// IS NULL
    IsNull(Expr),
    /// IS DISTINCT FROM
    Distinct(Expr, Expr),
    /// BETWEEN
    Between(Expr, Expr, Expr),
    /// IN (list)
    InList(Expr, Vec<Expr>),
    /// IN (query)
    InQuery(Expr, Query),
    /// LIKE … ESCAPE
    Like(Expr, Expr, Option<Expr>),
    /// EXISTS (query)
    Exists(Query),
    /// UNIQUE (query)
    Unique(Query),
    /// (query)
    Scalar(Query),
    /// CASE
    Case(Option<Expr>, Vec<(Expr, Expr)>, Option<Expr>),
    /// CAST; true for TRY_CAST
    Cast(Expr, Type, bool),
    /// ROW(…), (a, b)
    Row(Vec<(Option<Ident>, Expr)>),
    /// ARRAY[…]
    Array(Vec<Expr>),
    /// A call.
    Call(Call),
    /// x -> …
    Lambda(Vec<Ident>, Expr),
    /// EXTRACT(field FROM x)
    Extract(String, Expr),
    /// AT TIME ZONE
    AtTimeZone(Expr, Expr),
    /// CURRENT_DATE, CURRENT_TIMESTAMP(p)…, lower case.
    Current(String, Option<u8>),
    /// GROUPING(a, b)
    Grouping(Vec<Expr>),
    /// RUNNING f(…), FINAL f(…): true for FINAL.
    Semantics(bool, Expr),
    /// A measure of a window with a pattern: `m OVER w`.
    Measure(Ident, Over),
}

/// A function call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its name.
    pub name: Ident,
    /// Arguments.
    pub args: Vec<Expr>,
    /// `f(*)`
    pub star: bool,
    /// `f(DISTINCT …)`
    pub distinct: bool,
    /// `f(… ORDER BY …)`, WITHIN GROUP.
    pub order_by: Vec<SortItem>,
    /// FILTER (WHERE …)
    pub filter: Option<Expr>,
    /// IGNORE NULLS, RESPECT NULLS.
    pub ignore_nulls: Option<bool>,
    /// OVER
    pub over: Option<Over>,
}

/// OVER w, OVER (…).
#[allow(clippy::large_enum_variant, reason = "a call has at most one, and nearly all are specifications")]
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// A named window.
    Named(Ident),
    /// A window.
    Spec(WindowSpec),
}

impl Expr {
    /// An expression at a place.
    pub fn new(kind: ExprKind, at: At) -> Expr {
        Expr { kind: Box::new(kind), at }
    }

    /// A call of `name` with plain arguments.
    pub fn call(name: &str, args: Vec<Expr>, at: At) -> Expr {
        let name = Ident::new(name, at);
        let call = Call {
            name,
            args,
            star: false,
            distinct: false,
            order_by: vec![],
            filter: None,
            ignore_nulls: None,
            over: None,
        };
        Expr::new(ExprKind::Call(call), at)
    }
}
