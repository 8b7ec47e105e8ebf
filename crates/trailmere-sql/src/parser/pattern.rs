//! MATCH_RECOGNIZE, and patterns in windows.

use super::Parser;
use super::tokens::Token;
use crate::ast::{AfterMatch, Expr, Ident, MatchRecognize, PatternBody, PatternNode, RowsPerMatch};
use crate::error::{Kind, Result, SqlError};

impl Parser<'_> {
    /// `MATCH_RECOGNIZE (…)`
    pub(super) fn match_recognize(&mut self) -> Result<MatchRecognize> {
        let at = self.at();
        self.expect_all(&["match_recognize", "("])?;
        let partition_by = if self.eat_all(&["partition", "by"]) { self.list(Self::expr)? } else { vec![] };
        let order_by = self.order_by()?;
        let measures = self.measures()?;
        let rows = self.rows_per_match()?;
        let body = self.pattern_body()?;
        self.expect(")")?;
        Ok(MatchRecognize { partition_by, order_by, measures, rows, body, at })
    }

    /// MEASURES, if they are there.
    pub(super) fn measures(&mut self) -> Result<Vec<(Expr, Ident)>> {
        if !self.eat("measures") {
            return Ok(vec![]);
        }
        self.list(|p| {
            let measure = p.expr()?;
            p.expect("as")?;
            Ok((measure, p.ident()?))
        })
    }

    fn rows_per_match(&mut self) -> Result<RowsPerMatch> {
        if self.eat_all(&["one", "row", "per", "match"]) {
            return Ok(RowsPerMatch::One);
        }
        if !self.eat_all(&["all", "rows", "per", "match"]) {
            return Ok(RowsPerMatch::One);
        }
        if self.eat_all(&["omit", "empty", "matches"]) {
            return Ok(RowsPerMatch::All { empty: false, unmatched: false });
        }
        let unmatched = self.eat_all(&["with", "unmatched", "rows"]);
        self.eat_all(&["show", "empty", "matches"]);
        Ok(RowsPerMatch::All { empty: true, unmatched })
    }

    /// `[AFTER MATCH SKIP …] [INITIAL|SEEK] PATTERN (…) [SUBSET …] DEFINE …`
    pub(super) fn pattern_body(&mut self) -> Result<PatternBody> {
        let skip = self.after_match()?;
        let seek = self.eat_one(&["initial", "seek"]) == Some("seek");
        self.expect_all(&["pattern", "("])?;
        let pattern = if self.is(")") { PatternNode::Empty } else { self.nested(Self::pattern_choice)? };
        self.expect(")")?;
        let mut subsets = Vec::new();
        if self.eat("subset") {
            subsets = self.list(|p| {
                let name = p.ident()?;
                p.expect("=")?;
                Ok((name, p.idents()?))
            })?;
        }
        self.expect("define")?;
        let define = self.list(|p| {
            let label = p.ident()?;
            p.expect("as")?;
            Ok((label, p.expr()?))
        })?;
        Ok(PatternBody { skip, seek, pattern, subsets, define })
    }

    /// Whether a pattern follows the frame of a window.
    pub(super) fn at_pattern(&self) -> bool {
        self.are(&["after", "match"])
            || self.are(&["pattern", "("])
            || self.are(&["initial", "pattern"])
            || self.are(&["seek", "pattern"])
    }

    fn after_match(&mut self) -> Result<AfterMatch> {
        if !self.eat_all(&["after", "match"]) {
            return Ok(AfterMatch::PastLast);
        }
        self.expect("skip")?;
        if self.eat_all(&["past", "last", "row"]) {
            return Ok(AfterMatch::PastLast);
        }
        self.expect("to")?;
        if self.eat_all(&["next", "row"]) {
            return Ok(AfterMatch::NextRow);
        }
        if self.is("first") && self.is_name_at(1) {
            self.advance();
            return Ok(AfterMatch::First(self.ident()?));
        }
        if self.is("last") && self.is_name_at(1) {
            self.advance();
        }
        Ok(AfterMatch::Last(self.ident()?))
    }

    fn pattern_choice(&mut self) -> Result<PatternNode> {
        let mut all = vec![self.pattern_sequence()?];
        while self.eat("|") {
            all.push(self.pattern_sequence()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { PatternNode::Choice(all) })
    }

    fn pattern_sequence(&mut self) -> Result<PatternNode> {
        let mut all = Vec::new();
        while !(self.is("|")
            || self.is(")")
            || self.is(",")
            || self.are(&["-", "}"])
            || matches!(self.peek(), Token::End))
        {
            let primary = self.nested(Self::pattern_primary)?;
            all.push(self.pattern_quantifier(primary)?);
        }
        match all.len() {
            0 => Err(self.unexpected("a pattern")),
            1 => Ok(all.remove(0)),
            _ => Ok(PatternNode::Sequence(all)),
        }
    }

    fn pattern_primary(&mut self) -> Result<PatternNode> {
        if self.eat_all(&["(", ")"]) {
            return Ok(PatternNode::Empty);
        }
        if self.eat("(") {
            let inner = self.pattern_choice()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.eat_all(&["{", "-"]) {
            let inner = self.pattern_choice()?;
            self.expect_all(&["-", "}"])?;
            return Ok(PatternNode::Excluded(Box::new(inner)));
        }
        if self.are(&["permute", "("]) {
            self.next += 2;
            let all = self.list(Self::pattern_choice)?;
            self.expect(")")?;
            return Ok(PatternNode::Permute(all));
        }
        if self.eat("^") {
            return Ok(PatternNode::Start);
        }
        if matches!(self.peek(), Token::Parameter(p) if p == "$") || self.is("$") {
            self.advance();
            return Ok(PatternNode::End);
        }
        if let Token::Parameter(p) = self.peek()
            && let Some(rest) = p.strip_prefix('$')
        {
            // `$A` is the end and a label.
            let rest = Token::Word(rest.to_string());
            let at = self.next;
            self.tokens[at].token = rest;
            return Ok(PatternNode::End);
        }
        Ok(PatternNode::Label(self.ident()?))
    }

    fn pattern_quantifier(&mut self, inner: PatternNode) -> Result<PatternNode> {
        let mark = |p: &Self| matches!(p.peek(), Token::Parameter(q) if q == "?");
        let (low, high) = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if mark(self) {
            self.advance();
            (0, Some(1))
        } else if self.is("{") && !self.is_at(1, "-") {
            self.advance();
            self.bounds()?
        } else {
            return Ok(inner);
        };
        let lazy = mark(self);
        if lazy {
            self.advance();
        }
        Ok(PatternNode::Repeat(Box::new(inner), low, high, !lazy))
    }

    /// `n}`, `n,}`, `,m}`, `n,m}`
    fn bounds(&mut self) -> Result<(usize, Option<usize>)> {
        let at = self.at();
        let low = self.bound()?;
        let (low, high) = if self.eat(",") {
            (low.unwrap_or(0), self.bound()?)
        } else {
            let exact = low.ok_or_else(|| self.unexpected("a number"))?;
            (exact, Some(exact))
        };
        self.expect("}")?;
        if high.is_some_and(|h| h < low || h == 0) {
            let message = "the upper bound of a quantifier must be positive and not below the lower";
            return Err(SqlError::new(Kind::Invalid, message).at(at.into()));
        }
        Ok((low, high))
    }

    fn bound(&mut self) -> Result<Option<usize>> {
        match self.peek() {
            Token::Number(n) => match n.parse::<usize>() {
                Ok(n) if n <= 10_000 => {
                    self.advance();
                    Ok(Some(n))
                }
                _ => Err(self.unexpected("a whole number up to 10000")),
            },
            _ => Ok(None),
        }
    }
}
