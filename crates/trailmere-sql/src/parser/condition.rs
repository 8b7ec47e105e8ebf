//! OR, AND, NOT and the predicates: comparisons, BETWEEN, IN, LIKE, IS.

use super::Parser;
use super::tokens::Token;
use crate::ast::{At, Comparison, Expr, ExprKind};
use crate::error::Result;

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Result<Expr> {
        self.nested(Self::or)
    }

    fn or(&mut self) -> Result<Expr> {
        let at = self.at();
        let mut terms = vec![self.and()?];
        while self.eat("or") {
            terms.push(self.and()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Expr::new(ExprKind::Or(terms), at) })
    }

    fn and(&mut self) -> Result<Expr> {
        let at = self.at();
        let mut terms = vec![self.not()?];
        while self.eat("and") {
            terms.push(self.not()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Expr::new(ExprKind::And(terms), at) })
    }

    fn not(&mut self) -> Result<Expr> {
        let at = self.at();
        if !self.eat("not") {
            return self.predicate();
        }
        let inner = self.nested(Self::not)?;
        Ok(Expr::new(ExprKind::Not(inner), at))
    }

    fn predicate(&mut self) -> Result<Expr> {
        let left = self.value()?;
        self.predicate_tail(left)
    }

    /// Whether what comes next is a predicate without its left side, as in `CASE x WHEN > 5`.
    pub(super) fn at_predicate_tail(&self) -> bool {
        let symbols = ["=", "<>", "<", "<=", ">", ">=", "is", "between", "in", "like"];
        let negated = self.is("not") && ["between", "in", "like"].iter().any(|w| self.is_at(1, w));
        negated || symbols.iter().any(|w| self.is(w))
    }

    /// What follows the left side of a predicate.
    pub(super) fn predicate_tail(&mut self, left: Expr) -> Result<Expr> {
        let at = self.at();
        if let Some(op) = self.comparison_operator() {
            return self.comparison(op, left, at);
        }
        if self.eat("is") {
            return self.is_predicate(left, at);
        }
        if self.is("overlaps") && !self.is_at(1, ",") && !matches!(self.lexeme(1).token, Token::End) {
            self.advance();
            let right = self.value()?;
            return Ok(Expr::call("$overlaps", vec![left, right], at));
        }
        let negated = self.is("not") && ["between", "in", "like"].iter().any(|w| self.is_at(1, w));
        if negated {
            self.advance();
        }
        let kind = match self.eat_one(&["between", "in", "like"]) {
            Some("between") => self.between(left)?,
            Some("in") => self.in_predicate(left)?,
            Some(_) => {
                let pattern = self.value()?;
                let escape = if self.eat("escape") { Some(self.value()?) } else { None };
                ExprKind::Like(left, pattern, escape)
            }
            None => return Ok(left),
        };
        Ok(negate_if(negated, Expr::new(kind, at)))
    }

    /// SYMMETRIC takes the bounds in either order.
    fn between(&mut self, left: Expr) -> Result<ExprKind> {
        let at = self.at();
        let symmetric = self.eat_one(&["symmetric", "asymmetric"]) == Some("symmetric");
        let low = self.value()?;
        self.expect("and")?;
        let high = self.value()?;
        if !symmetric {
            return Ok(ExprKind::Between(left, low, high));
        }
        let one = Expr::new(ExprKind::Between(left.clone(), low.clone(), high.clone()), at);
        let other = Expr::new(ExprKind::Between(left, high, low), at);
        Ok(ExprKind::Or(vec![one, other]))
    }

    fn comparison_operator(&mut self) -> Option<Comparison> {
        let op = match self.peek() {
            Token::Symbol(s) => match s.as_str() {
                "=" => Comparison::Eq,
                "<>" => Comparison::Ne,
                "<" => Comparison::Lt,
                "<=" => Comparison::Le,
                ">" => Comparison::Gt,
                ">=" => Comparison::Ge,
                _ => return None,
            },
            _ => return None,
        };
        self.advance();
        Some(op)
    }

    fn comparison(&mut self, op: Comparison, left: Expr, at: At) -> Result<Expr> {
        let quantified = self.is_at(1, "(")
            && (self.is_at(2, "select")
                || self.is_at(2, "values")
                || self.is_at(2, "with")
                || self.is_at(2, "table")
                || self.is_at(2, "("));
        if quantified && let Some(word) = self.eat_one(&["all", "any", "some"]) {
            let query = self.parenthesised_query()?;
            return Ok(Expr::new(ExprKind::Quantified(op, word == "all", left, query), at));
        }
        let right = self.value()?;
        Ok(Expr::new(ExprKind::Compare(op, left, right), at))
    }

    fn is_predicate(&mut self, left: Expr, at: At) -> Result<Expr> {
        let negated = self.eat("not");
        if self.eat("null") {
            return Ok(negate_if(negated, Expr::new(ExprKind::IsNull(left), at)));
        }
        if let Some(word) = self.eat_one(&["true", "false", "unknown"]) {
            let kind = match word {
                "unknown" => ExprKind::IsNull(Expr::new(ExprKind::And(vec![left]), at)),
                word => {
                    let value = Expr::new(ExprKind::Boolean(word == "true"), at);
                    let left = Expr::new(ExprKind::And(vec![left]), at);
                    return Ok(negate_if(!negated, Expr::new(ExprKind::Distinct(left, value), at)));
                }
            };
            return Ok(negate_if(negated, Expr::new(kind, at)));
        }
        if self.eat_all(&["distinct", "from"]) {
            let right = self.value()?;
            return Ok(negate_if(negated, Expr::new(ExprKind::Distinct(left, right), at)));
        }
        Err(self.unexpected("`NULL` or `DISTINCT FROM`"))
    }

    fn in_predicate(&mut self, left: Expr) -> Result<ExprKind> {
        if self.at_query(1) {
            return Ok(ExprKind::InQuery(left, self.parenthesised_query()?));
        }
        self.expect("(")?;
        let list = self.list(Self::expr)?;
        self.expect(")")?;
        Ok(ExprKind::InList(left, list))
    }
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    let at = expr.at;
    if negated { Expr::new(ExprKind::Not(expr), at) } else { expr }
}
