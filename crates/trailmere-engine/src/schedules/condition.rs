//! When does a result raise an alert?

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};

/// What must hold of a result for an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Condition {
    /// `changed`: it has other rows than the last successful run's, in whatever order.
    Changed,
    /// `rows > 0`: so many rows.
    Rows(Comparison, u64),
    /// Any other text: an SQL boolean over the result, which is the table `result`; true for any row.
    Sql(String),
}

/// How a count is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `<>`
    Unequal,
}

const COMPARISONS: [(&str, Comparison); 7] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("<>", Comparison::Unequal),
    ("!=", Comparison::Unequal),
    (">", Comparison::More),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

impl Comparison {
    /// Whether the comparison holds.
    pub fn holds(self, count: u64, limit: u64) -> bool {
        match self {
            Comparison::More => count > limit,
            Comparison::AtLeast => count >= limit,
            Comparison::Less => count < limit,
            Comparison::AtMost => count <= limit,
            Comparison::Equal => count == limit,
            Comparison::Unequal => count != limit,
        }
    }
}

impl Condition {
    /// The statement that evaluates an SQL condition over the table `result`.
    pub(crate) fn statement(sql: &str) -> String {
        // The line break ends a comment that the condition may end with.
        format!("SELECT ({sql}\n) AS fires FROM result")
    }
}

impl FromStr for Condition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid("the condition of an alert is empty")
                .hint("write `rows > 0`, `changed`, or SQL over the result such as `max(denied) > 10`"));
        }
        if text.eq_ignore_ascii_case("changed") {
            return Ok(Condition::Changed);
        }
        Ok(rows(text).unwrap_or_else(|| Condition::Sql(text.to_owned())))
    }
}

/// `rows OPERATOR NUMBER`, and nothing else.
fn rows(text: &str) -> Option<Condition> {
    let (word, rest) = text.split_at_checked(4)?;
    if !word.eq_ignore_ascii_case("rows") {
        return None;
    }
    let rest = rest.trim_start();
    let (symbol, comparison) = COMPARISONS.iter().find(|(symbol, _)| rest.starts_with(symbol))?;
    Some(Condition::Rows(*comparison, rest[symbol.len()..].trim().parse().ok()?))
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Changed => f.write_str("changed"),
            Condition::Rows(comparison, limit) => {
                let symbol =
                    COMPARISONS.iter().find(|(_, known)| known == comparison).map_or("=", |(symbol, _)| symbol);
                write!(f, "rows {symbol} {limit}")
            }
            Condition::Sql(sql) => f.write_str(sql),
        }
    }
}

impl TryFrom<String> for Condition {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_changes_and_sql_are_told_apart() {
        let cases = [
            ("rows > 0", Condition::Rows(Comparison::More, 0)),
            ("ROWS>=10", Condition::Rows(Comparison::AtLeast, 10)),
            ("rows != 3", Condition::Rows(Comparison::Unequal, 3)),
            (" changed ", Condition::Changed),
            ("max(denied) > 10", Condition::Sql("max(denied) > 10".into())),
            ("rows > 0 AND true", Condition::Sql("rows > 0 AND true".into())),
            ("rowset > 1", Condition::Sql("rowset > 1".into())),
        ];
        for (text, expected) in cases {
            let read: Condition = text.parse().unwrap();
            assert_eq!(read, expected, "{text}");
            assert_eq!(read.to_string().parse::<Condition>().unwrap(), expected, "it reads what it writes");
        }
        assert!(" ".parse::<Condition>().is_err());
    }

    #[test]
    fn comparisons_hold_as_their_signs_say() {
        let holds = |symbol: &str, count| {
            let (_, comparison) = COMPARISONS.iter().find(|(known, _)| *known == symbol).unwrap();
            comparison.holds(count, 2)
        };
        for (symbol, expected) in
            [(">", [false, false, true]), (">=", [false, true, true]), ("<", [true, false, false])]
        {
            assert_eq!([1, 2, 3].map(|count| holds(symbol, count)), expected, "{symbol}");
        }
        for (symbol, expected) in
            [("<=", [true, true, false]), ("=", [false, true, false]), ("<>", [true, false, true])]
        {
            assert_eq!([1, 2, 3].map(|count| holds(symbol, count)), expected, "{symbol}");
        }
    }
}
