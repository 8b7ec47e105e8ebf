//! Values: arithmetic, subscripts, members, literals and what stands in parentheses.

use super::Parser;
use super::tokens::{Token, is_unicode};
use crate::ast::{Arithmetic, At, Expr, ExprKind};
use crate::error::{Kind, Result, SqlError};

impl Parser<'_> {
    /// `a || b`, and what binds closer.
    pub(super) fn value(&mut self) -> Result<Expr> {
        self.nested(|p| {
            let mut left = p.sum()?;
            while p.is("||") {
                let at = p.at();
                p.advance();
                let right = p.sum()?;
                left = Expr::new(ExprKind::Concat(left, right), at);
            }
            Ok(left)
        })
    }

    fn sum(&mut self) -> Result<Expr> {
        let mut left = self.product()?;
        let mut terms = 0;
        while self.is("+") || self.is("-") {
            let at = self.at();
            let op = if self.eat("+") { Arithmetic::Add } else { self.advance_as(Arithmetic::Subtract) };
            let right = self.product()?;
            left = Expr::new(ExprKind::Arithmetic(op, left, right), at);
            terms += 1;
            self.chain_limit(terms)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr> {
        let mut left = self.unary()?;
        let mut terms = 0;
        loop {
            let op = match self.peek() {
                Token::Symbol(s) if s == "*" => Arithmetic::Multiply,
                Token::Symbol(s) if s == "/" => Arithmetic::Divide,
                Token::Symbol(s) if s == "%" => Arithmetic::Modulus,
                _ => return Ok(left),
            };
            let at = self.at();
            self.advance();
            let right = self.unary()?;
            left = Expr::new(ExprKind::Arithmetic(op, left, right), at);
            terms += 1;
            self.chain_limit(terms)?;
        }
    }

    fn advance_as<T>(&mut self, value: T) -> T {
        self.advance();
        value
    }

    /// A chain leans to the left: as many operators, as deep the tree.
    fn chain_limit(&self, terms: usize) -> Result<()> {
        if terms <= super::MAX_DEPTH {
            return Ok(());
        }
        let message = format!("more than {} operators in a row; use parentheses or a list", super::MAX_DEPTH);
        Err(SqlError::new(Kind::Limit, message).at(self.at().into()))
    }

    fn unary(&mut self) -> Result<Expr> {
        let at = self.at();
        if self.eat("-") {
            // The sign belongs to the number: the least bigint has no positive counterpart.
            if let Token::Number(n) = self.peek()
                && !self.is_at(1, "[")
                && !self.is_at(1, ".")
            {
                let number = format!("-{n}");
                self.advance();
                return self.postfix(Expr::new(ExprKind::Number(number), at));
            }
            let inner = self.nested(Self::unary)?;
            return Ok(Expr::new(ExprKind::Negate(inner), at));
        }
        if self.eat("+") {
            let inner = self.nested(Self::unary)?;
            return Ok(Expr::new(ExprKind::Plus(inner), at));
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    /// Subscripts, members and AT TIME ZONE.
    fn postfix(&mut self, mut base: Expr) -> Result<Expr> {
        let mut links = 0;
        loop {
            let at = self.at();
            if self.eat("[") {
                // `j[*]`, all elements of a JSON array, has a name for its index that no column can have.
                let all = self.is("*") && self.is_at(1, "]");
                let index = if all {
                    self.advance();
                    Expr::new(ExprKind::Name(crate::ast::Ident::new("*", at)), at)
                } else {
                    self.expr()?
                };
                self.expect("]")?;
                base = Expr::new(ExprKind::Subscript(base, index), at);
            } else if self.is(".") && !self.is_at(1, "*") {
                self.advance();
                let name = self.member()?;
                let at = base.at;
                base = if self.is("(") && !name.quoted {
                    self.method(base, name)?
                } else {
                    Expr::new(ExprKind::Field(base, name), at)
                };
            } else if self.are(&["at", "time", "zone"]) {
                self.next += 3;
                let zone = self.nested(Self::unary)?;
                base = Expr::new(ExprKind::AtTimeZone(base, zone), at);
            } else {
                return Ok(base);
            }
            links += 1;
            self.chain_limit(links)?;
        }
    }

    /// `base.name(…)`
    fn method(&mut self, base: Expr, name: crate::ast::Ident) -> Result<Expr> {
        let at = base.at;
        self.expect("(")?;
        let args = if self.is(")") { vec![] } else { self.list(Self::expr)? };
        self.expect(")")?;
        let name = Expr::new(ExprKind::String(name.value), name.at);
        Ok(Expr::call("$method", [vec![base, name], args].concat(), at))
    }

    /// After a point also a reserved word is a name: rows come from JSON.
    fn member(&mut self) -> Result<crate::ast::Ident> {
        let at = self.at();
        match self.peek().clone() {
            Token::Word(value) => {
                self.advance();
                Ok(crate::ast::Ident::new(value, at))
            }
            // The key of a JSON object.
            Token::String(value) => {
                self.advance();
                Ok(crate::ast::Ident { value, quoted: true, at })
            }
            _ => self.ident(),
        }
    }

    fn primary(&mut self) -> Result<Expr> {
        let at = self.at();
        match self.peek().clone() {
            Token::Number(n) => self.literal(ExprKind::Number(n), at),
            Token::String(_) => {
                let s = self.string_literal()?;
                Ok(Expr::new(ExprKind::String(s), at))
            }
            Token::Binary(s) => self.literal(ExprKind::Binary(s), at),
            Token::Parameter(s) => self.literal(ExprKind::Parameter(s.trim_start_matches('$').to_string()), at),
            Token::Symbol(s) if s == "(" => self.parenthesised(at),
            Token::Symbol(s) if s == "[" => {
                self.advance();
                let items = if self.is("]") { vec![] } else { self.list(Self::expr)? };
                self.expect("]")?;
                Ok(Expr::new(ExprKind::Array(items), at))
            }
            Token::Word(word) => self.word(&word.to_ascii_lowercase(), at),
            Token::Quoted(_) => self.name_or_call(at),
            _ => Err(self.unexpected("an expression")),
        }
    }

    fn literal(&mut self, kind: ExprKind, at: At) -> Result<Expr> {
        self.advance();
        Ok(Expr::new(kind, at))
    }

    /// `'…'`, and `U&'…' [UESCAPE 'c']`.
    pub(super) fn string_literal(&mut self) -> Result<String> {
        let unicode = is_unicode(self.text, self.lexeme(0));
        let at = self.at();
        let Token::String(text) = self.advance() else {
            return Err(self.unexpected("a string"));
        };
        if !unicode {
            return Ok(text);
        }
        let mut escape = '\\';
        if self.eat("uescape") {
            let given = self.string()?;
            match given.chars().next() {
                Some(c) if given.chars().count() == 1 && !c.is_ascii_hexdigit() && !"+'\" ".contains(c) => escape = c,
                _ => return Err(SqlError::new(Kind::Syntax, "UESCAPE takes one character").at(at.into())),
            }
        }
        unescape(&text, escape).ok_or_else(|| SqlError::new(Kind::Syntax, "malformed Unicode escape").at(at.into()))
    }

    /// A query, a row, a lambda, or parentheses that only group.
    fn parenthesised(&mut self, at: At) -> Result<Expr> {
        if let Some(parameters) = self.lambda_parameters() {
            let body = self.expr()?;
            return Ok(Expr::new(ExprKind::Lambda(parameters, body), at));
        }
        if self.at_query(1) {
            let query = self.parenthesised_query()?;
            return Ok(Expr::new(ExprKind::Scalar(query), at));
        }
        self.expect("(")?;
        let mut all = self.list(Self::expr)?;
        self.expect(")")?;
        if all.len() == 1 {
            return Ok(all.remove(0));
        }
        Ok(Expr::new(ExprKind::Row(all.into_iter().map(|e| (None, e)).collect()), at))
    }

    /// `(a, b) ->`, eaten.
    fn lambda_parameters(&mut self) -> Option<Vec<crate::ast::Ident>> {
        let mut ahead = 1;
        if !self.is_at(1, ")") {
            while self.is_name_at(ahead) && self.is_at(ahead + 1, ",") {
                ahead += 2;
            }
            if !self.is_name_at(ahead) {
                return None;
            }
            ahead += 1;
        }
        if !(self.is_at(ahead, ")") && self.is_at(ahead + 1, "->")) {
            return None;
        }
        self.attempt(|p| {
            let names = if p.eat_all(&["(", ")"]) { vec![] } else { p.idents()? };
            p.expect("->")?;
            Ok(names)
        })
    }

    /// Whether a query begins after the parenthesis `ahead - 1` tokens from here.
    pub(super) fn at_query(&self, ahead: usize) -> bool {
        let mut i = ahead;
        while self.is_at(i, "(") {
            i += 1;
        }
        let table = self.is_at(i, "table") && self.is_name_at(i + 1);
        let begins = table || self.is_at(i, "select") || self.is_at(i, "with") || self.is_at(i, "values");
        if i == ahead {
            return begins;
        }
        // `((SELECT 1) UNION SELECT 2)` is a query, `((SELECT 1) + 2)` and `((SELECT 1), 2)` are not.
        begins && self.query_ends_alone(ahead)
    }

    /// Whether, after the inner parenthesis that opens `ahead` tokens from here has closed, the query goes on or ends.
    fn query_ends_alone(&self, ahead: usize) -> bool {
        let mut depth = 0;
        let mut i = ahead;
        while !matches!(self.lexeme(i).token, Token::End) {
            if self.is_at(i, "(") {
                depth += 1;
            } else if self.is_at(i, ")") {
                depth -= 1;
                if depth == 0 {
                    let goes_on = ["union", "intersect", "except", "order", "limit", "offset", "fetch", ")"];
                    return goes_on.iter().any(|w| self.is_at(i + 1, w));
                }
            }
            i += 1;
        }
        false
    }
}

/// Resolves `\XXXX` and `\+XXXXXX`.
fn unescape(text: &str, escape: char) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != escape {
            out.push(c);
            continue;
        }
        let rest = chars.as_str();
        if rest.starts_with(escape) {
            out.push(escape);
            chars.next();
            continue;
        }
        let digits = if rest.starts_with('+') { rest.get(1..7)? } else { rest.get(..4)? };
        let skip = digits.len() + usize::from(rest.starts_with('+'));
        out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
        chars = rest[skip..].chars();
    }
    Some(out)
}
