//! Inline functions: WITH FUNCTION, and the statements that a function may consist of.

use super::Parser;
use crate::ast::{Comparison, Expr, ExprKind, Ident, InlineFunction, RoutineStatement, Variables};
use crate::error::{Kind, Result, SqlError};

impl Parser<'_> {
    /// `FUNCTION name(…) RETURNS type … statement`
    pub(super) fn inline_function(&mut self) -> Result<InlineFunction> {
        self.expect("function")?;
        let name = self.ident()?;
        self.expect("(")?;
        let one = |p: &mut Self| Ok((p.ident()?, p.data_type()?));
        let parameters = if self.is(")") { vec![] } else { self.list(one)? };
        self.expect(")")?;
        self.expect("returns")?;
        let returns = self.data_type()?;
        let strict = self.characteristics()?;
        let at = self.at();
        let body = self.routine_statement()?;
        if !ends_in_return(&body) {
            return Err(SqlError::new(Kind::Syntax, "a function must end in a RETURN statement").at(at.into()));
        }
        Ok(InlineFunction { name, parameters, returns, strict, body })
    }

    /// What stands between RETURNS and the body, each at most once; whether NULL makes NULL.
    fn characteristics(&mut self) -> Result<bool> {
        let (mut seen, mut strict) = (Vec::new(), false);
        loop {
            let at = self.at();
            let which = if self.eat("deterministic") || self.eat_all(&["not", "deterministic"]) {
                "DETERMINISTIC"
            } else if self.eat_all(&["returns", "null", "on", "null", "input"]) {
                strict = true;
                "ON NULL INPUT"
            } else if self.eat_all(&["called", "on", "null", "input"]) {
                "ON NULL INPUT"
            } else if self.eat("comment") {
                self.string()?;
                "COMMENT"
            } else if self.eat("language") {
                let language = self.ident()?;
                if !language.value.eq_ignore_ascii_case("sql") {
                    let message = format!("functions are written in SQL here, not in `{}`", language.value);
                    return Err(SqlError::unsupported(message).at(language.at.into()));
                }
                "LANGUAGE"
            } else {
                return Ok(strict);
            };
            if seen.contains(&which) {
                return Err(SqlError::new(Kind::Syntax, format!("{which} stands twice")).at(at.into()));
            }
            seen.push(which);
        }
    }

    fn routine_statement(&mut self) -> Result<RoutineStatement> {
        self.nested(Self::one_statement)
    }

    fn one_statement(&mut self) -> Result<RoutineStatement> {
        if self.eat("return") {
            return Ok(RoutineStatement::Return(self.expr()?));
        }
        if self.eat("begin") {
            return self.block();
        }
        if self.eat("set") {
            let name = self.ident()?;
            self.expect("=")?;
            return Ok(RoutineStatement::Set(name, self.expr()?));
        }
        if self.eat("if") {
            return self.if_statement();
        }
        if self.eat("case") {
            return self.case_statement();
        }
        if self.eat("leave") {
            return Ok(RoutineStatement::Leave(self.ident()?));
        }
        if self.eat("iterate") {
            return Ok(RoutineStatement::Iterate(self.ident()?));
        }
        let label = if self.is_name_at(0) && self.is_at(1, ":") {
            let label = self.ident()?;
            self.advance();
            Some(label)
        } else {
            None
        };
        self.loop_statement(label)
    }

    /// Statements, each ended by a semicolon, up to one of `ends`.
    fn statements(&mut self, ends: &[&str]) -> Result<Vec<RoutineStatement>> {
        let mut all = Vec::new();
        while !ends.iter().any(|end| self.is(end)) {
            all.push(self.routine_statement()?);
            self.expect(";")?;
        }
        Ok(all)
    }

    fn block(&mut self) -> Result<RoutineStatement> {
        let mut variables = Vec::new();
        while self.eat("declare") {
            let names = self.list(Self::ident)?;
            let ty = self.data_type()?;
            let default = if self.eat("default") { Some(self.expr()?) } else { None };
            self.expect(";")?;
            variables.push(Variables { names, ty, default });
        }
        let body = self.statements(&["end"])?;
        self.expect("end")?;
        Ok(RoutineStatement::Block { variables, body })
    }

    fn if_statement(&mut self) -> Result<RoutineStatement> {
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        loop {
            let condition = self.expr()?;
            self.expect("then")?;
            branches.push((condition, self.statements(&["elseif", "else", "end"])?));
            if self.eat("elseif") {
                continue;
            }
            if self.eat("else") {
                otherwise = self.statements(&["end"])?;
            }
            self.expect_all(&["end", "if"])?;
            return Ok(RoutineStatement::If { branches, otherwise });
        }
    }

    fn case_statement(&mut self) -> Result<RoutineStatement> {
        let operand = if self.is("when") { None } else { Some(self.expr()?) };
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        while self.eat("when") {
            let value = self.expr()?;
            let at = value.at;
            let condition = match &operand {
                None => value,
                Some(operand) => Expr::new(ExprKind::Compare(Comparison::Eq, operand.clone(), value), at),
            };
            self.expect("then")?;
            branches.push((condition, self.statements(&["when", "else", "end"])?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        if self.eat("else") {
            otherwise = self.statements(&["end"])?;
        }
        self.expect_all(&["end", "case"])?;
        Ok(RoutineStatement::If { branches, otherwise })
    }

    fn loop_statement(&mut self, label: Option<Ident>) -> Result<RoutineStatement> {
        let (mut before, mut until) = (None, None);
        let (body, word) = if self.eat("loop") {
            (self.statements(&["end"])?, "loop")
        } else if self.eat("while") {
            before = Some(self.expr()?);
            self.expect("do")?;
            (self.statements(&["end"])?, "while")
        } else if self.eat("repeat") {
            let body = self.statements(&["until"])?;
            self.expect("until")?;
            until = Some(self.expr()?);
            (body, "repeat")
        } else {
            return Err(self.unexpected("a statement of a function, such as `RETURN`"));
        };
        self.expect_all(&["end", word])?;
        Ok(RoutineStatement::Loop { label, before, body, until })
    }
}

/// A RETURN last, or a block that has one last.
fn ends_in_return(statement: &RoutineStatement) -> bool {
    match statement {
        RoutineStatement::Return(_) => true,
        RoutineStatement::Block { body, .. } => matches!(body.last(), Some(RoutineStatement::Return(_))),
        _ => false,
    }
}
