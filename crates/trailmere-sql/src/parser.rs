//! From text to syntax tree: Trino's grammar, by recursive descent.

mod call;
mod condition;
mod data_type;
mod dialect;
mod expression;
mod json;
mod json_table;
mod pattern;
mod query;
mod relation;
mod routine;
mod split;
mod statement;
pub(crate) mod tokens;

pub use split::{Fragment, split_script};

use crate::ast::{At, Ident, Statement, TableName};
use crate::error::{Kind, Result, SqlError};
use tokens::{Lexeme, Token, tokenize};

/// How deep expressions and queries may nest.
const MAX_DEPTH: usize = 300;

/// Parses one statement, which a semicolon may end. And the tables that it names, each once.
pub(crate) fn parse_statement(text: &str) -> Result<(Statement, Vec<TableName>)> {
    let mut parser = Parser { text, tokens: tokenize(text)?, next: 0, depth: 0, tables: vec![] };
    let statement = parser.statement()?;
    while parser.eat(";") {}
    match parser.peek() {
        Token::End => Ok((statement, parser.tables)),
        _ => Err(parser.unexpected("the end of the statement")),
    }
}

/// Words that name nothing unless they are quoted.
const RESERVED: &[&str] = &[
    "alter",
    "and",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "constraint",
    "create",
    "cross",
    "cube",
    "current_catalog",
    "current_date",
    "current_path",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "deallocate",
    "delete",
    "describe",
    "distinct",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "execute",
    "exists",
    "extract",
    "false",
    "for",
    "from",
    "full",
    "group",
    "grouping",
    "having",
    "in",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "json_array",
    "json_exists",
    "json_object",
    "json_query",
    "json_table",
    "json_value",
    "left",
    "like",
    "listagg",
    "localtime",
    "localtimestamp",
    "natural",
    "normalize",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "prepare",
    "recursive",
    "right",
    "rollup",
    "select",
    "skip",
    "table",
    "then",
    "trim",
    "true",
    "uescape",
    "union",
    "unnest",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Reads tokens.
pub(crate) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Lexeme>,
    next: usize,
    depth: usize,
    tables: Vec<TableName>,
}

impl Parser<'_> {
    fn lexeme(&self, ahead: usize) -> &Lexeme {
        &self.tokens[(self.next + ahead).min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &Token {
        &self.lexeme(0).token
    }

    fn at(&self) -> At {
        self.lexeme(0).at
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    /// Whether the token `ahead` is this symbol or this word without quotes.
    fn is_at(&self, ahead: usize, text: &str) -> bool {
        match &self.lexeme(ahead).token {
            Token::Symbol(s) => s == text,
            Token::Word(w) => w.eq_ignore_ascii_case(text),
            _ => false,
        }
    }

    fn is(&self, text: &str) -> bool {
        self.is_at(0, text)
    }

    /// Whether these words come next.
    fn are(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, w)| self.is_at(i, w))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.advance();
        }
        found
    }

    fn eat_all(&mut self, words: &[&str]) -> bool {
        let found = self.are(words);
        if found {
            self.next += words.len();
        }
        found
    }

    /// The one of `words` that comes next, eaten.
    fn eat_one<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        let found = words.iter().copied().find(|w| self.is(w));
        if found.is_some() {
            self.advance();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    fn expect_all(&mut self, words: &[&str]) -> Result<()> {
        words.iter().try_for_each(|w| self.expect(w))
    }

    /// "expected X, found Y", at the next token.
    fn unexpected(&self, expected: &str) -> SqlError {
        let lexeme = self.lexeme(0);
        let found = match lexeme.token {
            Token::End => "the end".to_string(),
            _ => format!("`{}`", &self.text[lexeme.start..lexeme.end]),
        };
        SqlError::new(Kind::Syntax, format!("expected {expected}, found {found}")).at(lexeme.at.into())
    }

    fn is_reserved(word: &str) -> bool {
        RESERVED.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
    }

    /// Whether the token `ahead` can be a name.
    fn is_name_at(&self, ahead: usize) -> bool {
        match &self.lexeme(ahead).token {
            Token::Quoted(_) => true,
            Token::Word(w) => !Self::is_reserved(w),
            _ => false,
        }
    }

    fn ident(&mut self) -> Result<Ident> {
        if !self.is_name_at(0) {
            let mut e = self.unexpected("a name");
            if let Token::Word(w) = self.peek() {
                e = e.hint(format!("`{w}` is a reserved word: write it in double quotes to use it as a name"));
            }
            return Err(e);
        }
        let at = self.at();
        match self.advance() {
            Token::Quoted(value) => Ok(Ident { value, quoted: true, at }),
            Token::Word(value) => Ok(Ident::new(value, at)),
            _ => Err(self.unexpected("a name")),
        }
    }

    fn idents(&mut self) -> Result<Vec<Ident>> {
        self.expect("(")?;
        let names = self.list(Self::ident)?;
        self.expect(")")?;
        Ok(names)
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.eat(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// Tries `parse`; goes back where it fails.
    fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Option<T> {
        let (next, depth) = (self.next, self.depth);
        match parse(self) {
            Ok(value) => Some(value),
            Err(_) => {
                (self.next, self.depth) = (next, depth);
                None
            }
        }
    }

    /// Guards what nests.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("the statement nests deeper than {MAX_DEPTH} levels");
            return Err(SqlError::new(Kind::Limit, message).at(self.at().into()));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn string(&mut self) -> Result<String> {
        match self.peek() {
            Token::String(_) => self.string_literal(),
            _ => Err(self.unexpected("a string in single quotes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted_because_they_are_searched() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn tables_have_names_of_many_kinds() {
        let names = [
            "37382170-182d-42ed-9df9-5aaf0b4b9511",
            "cdc27250-6e9b-4cfb-afaf-4c14eacd649d",
            "0e9b1234-1e10-4e05-9d9f-123456789012",
            "arn:aws:cloudtrail:us-east-1:123456789012:eventdatastore/37382170-182d-42ed-9df9-5aaf0b4b9511",
            "$EDS_ID",
            "$EventDataStoreId$",
            "my-event-store-2",
            "athena.events",
            "events",
        ];
        for name in names {
            for text in [format!("SELECT 1 FROM {name} AS a, {name} b WHERE a.x-1 = 2"), format!("TABLE {name};")] {
                let tables = parse_statement(&text).map(|(_, tables)| tables).unwrap();
                assert_eq!(tables.iter().map(TableName::text).collect::<Vec<_>>(), [name], "{text}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let text = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(on_large_stack(move || parse_statement(&text).map_err(|e| e.kind).err()), Some(Kind::Limit));
    }

    fn on_large_stack<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(f).unwrap();
        thread.join().unwrap()
    }
}
