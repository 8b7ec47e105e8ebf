//! Row patterns: MATCH_RECOGNIZE, and patterns in windows.

use super::{At, Expr, Ident, SortItem};

/// MATCH_RECOGNIZE.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchRecognize {
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<SortItem>,
    /// MEASURES.
    pub measures: Vec<(Expr, Ident)>,
    /// ONE ROW or ALL ROWS PER MATCH.
    pub rows: RowsPerMatch,
    /// The pattern.
    pub body: PatternBody,
    /// Where.
    pub at: At,
}

/// What MATCH_RECOGNIZE gives of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsPerMatch {
    /// ONE ROW PER MATCH
    One,
    /// ALL ROWS PER MATCH
    All {
        /// SHOW EMPTY MATCHES
        empty: bool,
        /// WITH UNMATCHED ROWS
        unmatched: bool,
    },
}

/// A pattern with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternBody {
    /// AFTER MATCH SKIP
    pub skip: AfterMatch,
    /// SEEK rather than INITIAL.
    pub seek: bool,
    /// PATTERN
    pub pattern: PatternNode,
    /// SUBSET
    pub subsets: Vec<(Ident, Vec<Ident>)>,
    /// DEFINE
    pub define: Vec<(Ident, Expr)>,
}

/// AFTER MATCH SKIP …
#[derive(Debug, Clone, PartialEq)]
pub enum AfterMatch {
    /// PAST LAST ROW
    PastLast,
    /// TO NEXT ROW
    NextRow,
    /// TO FIRST label
    First(Ident),
    /// TO LAST label
    Last(Ident),
}

/// A row pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternNode {
    /// `()`
    Empty,
    /// A label.
    Label(Ident),
    /// `A B`
    Sequence(Vec<PatternNode>),
    /// `A | B`
    Choice(Vec<PatternNode>),
    /// `PERMUTE(A, B)`
    Permute(Vec<PatternNode>),
    /// `{- A -}`
    Excluded(Box<PatternNode>),
    /// `^`
    Start,
    /// `$`
    End,
    /// `A{2,3}?`: at least, at most, greedy.
    Repeat(Box<PatternNode>, usize, Option<usize>, bool),
}
