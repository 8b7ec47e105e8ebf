//! What stands after FROM.

use super::{At, Expr, Ident, MatchRecognize, Query, TableName};

/// Something after FROM.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// What.
    pub kind: Box<RelationKind>,
    /// Where.
    pub at: At,
}

/// What stands after FROM.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationKind {
    /// A table or a common table expression.
    Table(TableName),
    /// A query in parentheses.
    Subquery(Query),
    /// LATERAL (query).
    Lateral(Query),
    /// UNNEST(…) [WITH ORDINALITY].
    Unnest(Vec<Expr>, bool),
    /// TABLE(function(…)).
    Function(TableFunction),
    /// With alias and column names.
    Aliased(Relation, Ident, Vec<Ident>),
    /// TABLESAMPLE BERNOULLI|SYSTEM (percentage).
    Sample(Relation, Expr),
    /// MATCH_RECOGNIZE.
    Match(Relation, MatchRecognize),
    /// A join.
    Join(JoinKind, Relation, Relation, JoinCondition),
}

/// How two relations are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// CROSS JOIN or a comma.
    Cross,
    /// INNER
    Inner,
    /// LEFT
    Left,
    /// RIGHT
    Right,
    /// FULL
    Full,
}

/// On what.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinCondition {
    /// CROSS JOIN.
    None,
    /// ON
    On(Expr),
    /// USING
    Using(Vec<Ident>),
    /// NATURAL
    Natural,
}

/// A call of a table function.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFunction {
    /// Its name.
    pub name: Ident,
    /// Arguments with their names.
    pub args: Vec<(Option<Ident>, TableArgument)>,
}

/// An argument of a table function.
#[derive(Debug, Clone, PartialEq)]
pub enum TableArgument {
    /// A value.
    Scalar(Expr),
    /// A table.
    Table(Relation),
    /// DESCRIPTOR(a, b)
    Descriptor(Vec<Ident>),
}
