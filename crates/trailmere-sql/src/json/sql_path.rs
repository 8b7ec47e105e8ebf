//! What does a path of SQL/JSON mean: `lax $.items[*] ? (@.price > 10).name`?

mod compare;
mod evaluate;
mod lexer;
mod method;
mod moment;
mod parser;
#[cfg(test)]
mod tests;

use super::item::Item;

/// A compiled path.
#[derive(Debug, Clone)]
pub(crate) struct SqlPath {
    mode: Mode,
    root: Node,
}

/// How structural mismatches are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Arrays are unwrapped and values wrapped; what is missing is nothing.
    Lax,
    /// A mismatch is an error.
    Strict,
}

/// A part of a path.
#[derive(Debug, Clone)]
enum Node {
    /// `$`
    Context,
    /// `$name`
    Variable(String),
    /// `@`
    Current,
    /// `last`
    Last,
    /// A literal.
    Literal(Item),
    /// `-x`
    Negate(Box<Node>),
    /// `+x`
    Plus(Box<Node>),
    /// `+ - * / %`
    Arithmetic(char, Box<Node>, Box<Node>),
    /// `.key`; all members without a key.
    Member(Box<Node>, Option<String>),
    /// `..key`
    Descendants(Box<Node>, String),
    /// `[*]`
    Elements(Box<Node>),
    /// `[1, 2 to last]`
    Subscripts(Box<Node>, Vec<(Node, Option<Node>)>),
    /// `? (…)`
    Filter(Box<Node>, Box<Predicate>),
    /// `.size()`, with the text in its parentheses.
    Method(Box<Node>, Method, Option<String>),
}

/// A method of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Type,
    Size,
    Double,
    Ceiling,
    Floor,
    Abs,
    Datetime,
    KeyValue,
}

/// What a filter asks.
#[derive(Debug, Clone)]
enum Predicate {
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
    Not(Box<Predicate>),
    IsUnknown(Box<Predicate>),
    Compare(Comparison, Node, Node),
    Exists(Node),
    StartsWith(Node, Node),
    LikeRegex(Node, regex::Regex),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl SqlPath {
    /// Reads a path; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<SqlPath, String> {
        parser::parse(text)
    }

    /// The items that the path finds; a variable stands for a sequence of items, too. The error is the reason of a
    /// failure, to be treated as ON ERROR says.
    pub(crate) fn evaluate(&self, context: &Item, variables: &[(String, Vec<Item>)]) -> Result<Vec<Item>, String> {
        evaluate::Evaluation { mode: self.mode, context, variables }.path(&self.root)
    }
}
