//! Queries: WITH, bodies, SELECT, GROUP BY, ORDER BY, limits.

use super::{At, Expr, Ident, InlineFunction, Relation, TableName, WindowSpec};

/// A query with its WITH, ORDER BY and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Common table expressions.
    pub with: Vec<Cte>,
    /// Inline functions.
    pub functions: Vec<InlineFunction>,
    /// The rows.
    pub body: QueryBody,
    /// ORDER BY.
    pub order_by: Vec<SortItem>,
    /// OFFSET.
    pub offset: Option<Expr>,
    /// LIMIT or FETCH FIRST.
    pub limit: Option<Limit>,
    /// Where.
    pub at: At,
}

/// How many rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The number.
    pub count: Expr,
    /// WITH TIES.
    pub with_ties: bool,
}

/// One of WITH.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Names of its columns.
    pub columns: Vec<Ident>,
    /// Its rows.
    pub query: Query,
    /// Whether WITH RECURSIVE allows it to name itself.
    pub recursive: bool,
}

/// What makes rows.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryBody {
    /// SELECT …
    Select(Box<Select>),
    /// VALUES …
    Values(Vec<Expr>),
    /// TABLE t
    Table(TableName),
    /// UNION, INTERSECT, EXCEPT.
    Set {
        /// Which.
        op: SetOp,
        /// Keeps duplicates.
        all: bool,
        /// First.
        left: Box<QueryBody>,
        /// Second.
        right: Box<QueryBody>,
        /// Where the operator stands.
        at: At,
    },
    /// UNION CORRESPONDING and its like: columns meet by name.
    Corresponding {
        /// Which.
        op: SetOp,
        /// Keeps duplicates.
        all: bool,
        /// First.
        left: Box<QueryBody>,
        /// Second.
        right: Box<QueryBody>,
        /// Where the operator stands.
        at: At,
    },
    /// Parentheses around a query with its own ORDER BY or limit.
    Nested(Box<Query>),
}

/// A set operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOp {
    /// UNION
    Union,
    /// INTERSECT
    Intersect,
    /// EXCEPT
    Except,
}

/// SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// DISTINCT.
    pub distinct: bool,
    /// What is selected.
    pub items: Vec<SelectItem>,
    /// From where; several are a cross join.
    pub from: Vec<Relation>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY.
    pub group_by: Option<GroupBy>,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW.
    pub windows: Vec<(Ident, WindowSpec)>,
    /// Where.
    pub at: At,
}

/// One of the select list.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// An expression with its alias.
    Expr(Expr, Option<Ident>),
    /// `*`, `t.*`, `(row).*` with the names given to its columns.
    Wildcard(Option<Expr>, Vec<Ident>, At),
}

/// GROUP BY.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// GROUP BY DISTINCT: equal grouping sets are one.
    pub distinct: bool,
    /// GROUP BY AUTO: also all that is not aggregated.
    pub auto: bool,
    /// The elements, whose sets are multiplied.
    pub elements: Vec<GroupingElement>,
}

/// One of GROUP BY.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupingElement {
    /// One or more keys.
    Simple(Vec<Expr>),
    /// ROLLUP
    Rollup(Vec<Vec<Expr>>),
    /// CUBE
    Cube(Vec<Vec<Expr>>),
    /// GROUPING SETS
    Sets(Vec<GroupingElement>),
}

/// One of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct SortItem {
    /// By what.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST; Trino's default is last, both ways.
    pub nulls_first: bool,
}
