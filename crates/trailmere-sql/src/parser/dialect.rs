//! Which characters and literals Trino's text has: our dialect of sqlparser's tokenizer.
//!
//! The grammar above the tokens is our own: no stock dialect has lambdas and UNNEST, the types and typed literals of Trino,
//! `VALUES 1, 2`, or a bare UUID as a table, and Trino's reserved words are its own.

use sqlparser::dialect::Dialect;

/// Trino's lexical rules.
#[derive(Debug)]
pub(crate) struct TrinoDialect;

impl Dialect for TrinoDialect {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || ch == '`'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
}
