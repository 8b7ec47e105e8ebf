//! Statements: queries, EXPLAIN, SHOW, DESCRIBE; everything else is refused in words.

use super::Parser;
use super::tokens::Token;
use crate::ast::Statement;
use crate::error::{Kind, Result, SqlError};

/// Statements of SQL that change or configure something.
const REFUSED: &[&str] = &[
    "alter",
    "analyze",
    "attach",
    "begin",
    "call",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "delete",
    "deny",
    "drop",
    "execute",
    "export",
    "grant",
    "import",
    "insert",
    "load",
    "merge",
    "msck",
    "prepare",
    "refresh",
    "reset",
    "revoke",
    "rollback",
    "set",
    "start",
    "truncate",
    "unload",
    "update",
    "use",
    "vacuum",
];

impl Parser<'_> {
    /// One statement.
    pub(super) fn statement(&mut self) -> Result<Statement> {
        let at = self.at();
        if self.eat("explain") {
            return self.explain();
        }
        if self.eat("show") {
            return self.show();
        }
        if self.eat_one(&["describe", "desc"]).is_some() {
            return Ok(Statement::Describe(self.table_name()?));
        }
        if ["select", "with", "values", "table", "("].iter().any(|w| self.is(w)) {
            return Ok(Statement::Query(self.query()?));
        }
        let word = match self.peek() {
            Token::Word(w) => w.to_lowercase(),
            _ => String::new(),
        };
        if REFUSED.contains(&word.as_str()) {
            let message =
                format!("`{}` is refused: only queries run here, and nothing can be changed", word.to_uppercase());
            return Err(SqlError::unsupported(message)
                .at(at.into())
                .hint("statements are SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE and EXPLAIN"));
        }
        if matches!(self.peek(), Token::End) {
            return Err(SqlError::new(Kind::Syntax, "the statement is empty"));
        }
        let mut e = self.unexpected("`SELECT`");
        if let Some(near) = crate::nearest::nearest(&word, ["select", "with", "values", "show", "describe", "explain"])
        {
            e = e.hint(format!("did you mean `{}`?", near.to_uppercase()));
        }
        Err(e)
    }

    fn explain(&mut self) -> Result<Statement> {
        let analyze = self.eat("analyze");
        let verbose = self.eat("verbose");
        let mut validate = false;
        if !analyze && self.is("(") && (self.is_at(1, "type") || self.is_at(1, "format")) {
            self.advance();
            let options = self.list(|p| {
                p.advance();
                Ok(p.advance())
            })?;
            self.expect(")")?;
            validate = options.iter().any(|o| matches!(o, Token::Word(w) if w.eq_ignore_ascii_case("validate")));
        }
        let statement = Box::new(self.nested(Self::statement)?);
        if validate {
            return Ok(Statement::Validate(statement));
        }
        Ok(Statement::Explain { analyze, verbose, statement })
    }

    fn show(&mut self) -> Result<Statement> {
        if self.eat("tables") {
            if self.is("from") || self.is("in") {
                return Err(SqlError::unsupported("there are no schemas; write SHOW TABLES").at(self.at().into()));
            }
            return Ok(Statement::ShowTables(self.like()?));
        }
        if self.eat("functions") {
            if self.eat_one(&["from", "in"]).is_some() {
                self.table_name()?;
            }
            return Ok(Statement::ShowFunctions(self.like()?));
        }
        if self.eat("columns") {
            if self.eat_one(&["from", "in"]).is_none() {
                return Err(self.unexpected("`FROM`"));
            }
            return Ok(Statement::Describe(self.table_name()?));
        }
        Err(self.unexpected("`TABLES`, `COLUMNS` or `FUNCTIONS`"))
    }

    fn like(&mut self) -> Result<Option<String>> {
        if self.eat("like") { Ok(Some(self.string()?)) } else { Ok(None) }
    }
}
