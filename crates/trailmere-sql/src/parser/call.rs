//! Words that begin an expression: special forms, typed literals, calls, names.

use super::Parser;
use super::tokens::Token;
use crate::ast::{At, Call, Comparison, Expr, ExprKind, Frame, FrameBound, FrameUnit, Over, SortItem, WindowSpec};
use crate::error::{Kind, Result, SqlError};

/// The fields of an interval and of EXTRACT.
const INTERVAL_FIELDS: [&str; 7] = ["year", "month", "week", "day", "hour", "minute", "second"];

impl Parser<'_> {
    /// An expression that begins with `word` (lower case).
    pub(super) fn word(&mut self, word: &str, at: At) -> Result<Expr> {
        let call = self.is_at(1, "(");
        let kind = match word {
            "null" => return self.keyword(ExprKind::Null, at),
            "true" | "false" => return self.keyword(ExprKind::Boolean(word == "true"), at),
            "case" => self.case()?,
            "cast" | "try_cast" if call => self.cast(word == "try_cast")?,
            "row" if call => self.row()?,
            "array" if self.is_at(1, "[") => self.array()?,
            "unique" if call && self.at_query(2) => {
                self.advance();
                ExprKind::Unique(self.parenthesised_query()?)
            }
            "exists" if call => {
                self.advance();
                ExprKind::Exists(self.parenthesised_query()?)
            }
            "json_exists" | "json_value" | "json_query" | "json_object" | "json_array" if call => {
                return self.json_call(word, at);
            }
            "interval" if !call && self.interval_follows() => self.interval()?,
            "extract" if call => self.extract()?,
            "grouping" if call => self.grouping()?,
            "position" | "substring" | "overlay" | "trim" | "normalize" | "listagg" if call => {
                return self.special_call(word, at);
            }
            "current_date" | "current_time" | "current_timestamp" | "localtime" | "localtimestamp" | "current_user"
            | "current_catalog" | "current_schema" | "current_path" | "current_role" => self.current(word)?,
            "double" if self.is_at(1, "precision") && matches!(self.lexeme(2).token, Token::String(_)) => {
                self.next += 2;
                ExprKind::Typed("double".to_string(), self.string_literal()?)
            }
            _ => return self.name_or_call(at),
        };
        Ok(Expr::new(kind, at))
    }

    fn keyword(&mut self, kind: ExprKind, at: At) -> Result<Expr> {
        self.advance();
        Ok(Expr::new(kind, at))
    }

    fn current(&mut self, word: &str) -> Result<ExprKind> {
        self.advance();
        let mut precision = None;
        if self.is("(") && matches!(self.lexeme(1).token, Token::Number(_)) && self.is_at(2, ")") {
            self.advance();
            if let Token::Number(n) = self.peek() {
                let parsed = n.parse::<u8>().ok().filter(|p| *p <= 12);
                precision = Some(parsed.ok_or_else(|| self.unexpected("a precision from 0 to 12"))?);
            }
            self.next += 2;
        }
        Ok(ExprKind::Current(word.to_string(), precision))
    }

    fn case(&mut self) -> Result<ExprKind> {
        self.advance();
        let operand = if self.is("when") { None } else { Some(self.expr()?) };
        let mut branches = Vec::new();
        let mut partial = false;
        while self.eat("when") {
            let at = self.at();
            let when = match &operand {
                Some(operand) if self.at_predicate_tail() => {
                    partial = true;
                    self.predicate_tail(operand.clone())?
                }
                Some(operand) if partial => {
                    let value = self.expr()?;
                    Expr::new(ExprKind::Compare(Comparison::Eq, operand.clone(), value), at)
                }
                _ => self.expr()?,
            };
            self.expect("then")?;
            branches.push((when, self.expr()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        let otherwise = if self.eat("else") { Some(self.expr()?) } else { None };
        self.expect("end")?;
        if let (true, Some(value)) = (partial, &operand) {
            searched(value, &mut branches);
            return Ok(ExprKind::Case(None, branches, otherwise));
        }
        Ok(ExprKind::Case(operand, branches, otherwise))
    }

    fn cast(&mut self, try_cast: bool) -> Result<ExprKind> {
        self.next += 2;
        let inner = self.expr()?;
        self.expect("as")?;
        let ty = self.data_type()?;
        self.expect(")")?;
        Ok(ExprKind::Cast(inner, ty, try_cast))
    }

    fn row(&mut self) -> Result<ExprKind> {
        self.next += 2;
        let fields = self.list(|p| {
            let value = p.expr()?;
            let name = if p.eat("as") || p.is_name_at(0) { Some(p.ident()?) } else { None };
            Ok((name, value))
        })?;
        self.expect(")")?;
        Ok(ExprKind::Row(fields))
    }

    fn array(&mut self) -> Result<ExprKind> {
        self.next += 2;
        let items = if self.is("]") { vec![] } else { self.list(Self::expr)? };
        self.expect("]")?;
        Ok(ExprKind::Array(items))
    }

    fn interval_follows(&self) -> bool {
        let sign = usize::from(self.is_at(1, "-") || self.is_at(1, "+"));
        matches!(self.lexeme(1 + sign).token, Token::String(_))
    }

    fn interval(&mut self) -> Result<ExprKind> {
        self.advance();
        let negative = self.is("-");
        if negative || self.is("+") {
            self.advance();
        }
        let value = self.string()?;
        let field = |p: &mut Self| match p.eat_one(&INTERVAL_FIELDS) {
            Some(field) => Ok(field.to_string()),
            None => Err(p.unexpected("`YEAR`, `MONTH`, `WEEK`, `DAY`, `HOUR`, `MINUTE` or `SECOND`")),
        };
        let from = field(self)?;
        let to = if self.eat("to") { Some(field(self)?) } else { None };
        Ok(ExprKind::Interval { value, negative, from, to })
    }

    fn extract(&mut self) -> Result<ExprKind> {
        self.next += 2;
        let field = self.ident()?.value.to_lowercase();
        self.expect("from")?;
        let from = self.expr()?;
        self.expect(")")?;
        Ok(ExprKind::Extract(field, from))
    }

    fn grouping(&mut self) -> Result<ExprKind> {
        self.next += 2;
        let keys = if self.is(")") { vec![] } else { self.list(Self::expr)? };
        self.expect(")")?;
        Ok(ExprKind::Grouping(keys))
    }

    /// Calls whose arguments have words between them.
    fn special_call(&mut self, word: &str, at: At) -> Result<Expr> {
        let name = crate::ast::Ident::new(word, at);
        if word == "listagg" {
            self.advance();
            return self.call(name, at);
        }
        self.next += 2;
        if word == "trim" {
            return self.trim(at);
        }
        let mut args = vec![self.value()?];
        let function = match word {
            "position" => {
                self.expect("in")?;
                args.insert(0, self.value()?);
                "strpos"
            }
            "overlay" => return self.overlay(args.remove(0), at),
            "normalize" => {
                let form = if self.eat(",") { self.ident()?.value } else { "NFC".to_string() };
                args.push(Expr::new(ExprKind::String(form), at));
                "normalize"
            }
            _ => {
                let words = self.eat("from");
                if words || self.eat(",") {
                    args.push(self.value()?);
                    if (words && self.eat("for")) || (!words && self.eat(",")) {
                        args.push(self.value()?);
                    }
                }
                "substr"
            }
        };
        self.expect(")")?;
        Ok(Expr::call(function, args, at))
    }

    /// `OVERLAY(a PLACING b FROM n [FOR m])`: a with b in place of its m characters from n on.
    fn overlay(&mut self, base: Expr, at: At) -> Result<Expr> {
        self.expect("placing")?;
        let by = self.value()?;
        self.expect("from")?;
        let start = self.value()?;
        let length = if self.eat("for") { self.value()? } else { Expr::call("length", vec![by.clone()], at) };
        self.expect(")")?;
        Ok(Expr::call("overlay", vec![base, by, start, length], at))
    }

    fn trim(&mut self, at: At) -> Result<Expr> {
        let side = self.eat_one(&["both", "leading", "trailing"]);
        let name = match side {
            Some("leading") => "ltrim",
            Some("trailing") => "rtrim",
            _ => "trim",
        };
        let first = if self.is("from") { None } else { Some(self.value()?) };
        let args = match first {
            Some(set) if self.eat("from") => vec![self.value()?, set],
            Some(value) if side.is_none() && self.eat(",") => vec![value, self.value()?],
            Some(value) => vec![value],
            None => {
                self.expect("from")?;
                vec![self.value()?]
            }
        };
        self.expect(")")?;
        Ok(Expr::call(name, args, at))
    }

    /// A name, a lambda with one parameter, a typed literal, or a call.
    pub(super) fn name_or_call(&mut self, at: At) -> Result<Expr> {
        if self.is_name_at(0) && self.is_at(1, "->") {
            let parameter = self.ident()?;
            self.advance();
            let body = self.expr()?;
            return Ok(Expr::new(ExprKind::Lambda(vec![parameter], body), at));
        }
        if (self.is("running") || self.is("final")) && self.is_name_at(1) && self.is_at(2, "(") {
            let of_whole = self.is("final");
            self.advance();
            let call = self.nested(|p| p.name_or_call(at))?;
            return Ok(Expr::new(ExprKind::Semantics(of_whole, call), at));
        }
        let typed = matches!((self.peek(), &self.lexeme(1).token), (Token::Word(_), Token::String(_)));
        let name = if self.is_at(1, "(")
            && matches!(self.peek(), Token::Word(w) if matches!(w.to_ascii_lowercase().as_str(), "left" | "right"))
        {
            let Token::Word(value) = self.advance() else { return Err(self.unexpected("a name")) };
            crate::ast::Ident::new(value, at)
        } else {
            self.ident().map_err(|mut e| {
                e.message = e.message.replace("expected a name", "expected an expression");
                e
            })?
        };
        if typed {
            let text = self.string_literal()?;
            return Ok(Expr::new(ExprKind::Typed(name.value, text), at));
        }
        if self.is("(") {
            return self.call(name, at);
        }
        if self.is("over") && (self.is_at(1, "(") || self.is_name_at(1)) {
            self.advance();
            let over = if self.is("(") { Over::Spec(self.window()?) } else { Over::Named(self.ident()?) };
            return Ok(Expr::new(ExprKind::Measure(name, over), at));
        }
        Ok(Expr::new(ExprKind::Name(name), at))
    }

    fn call(&mut self, name: crate::ast::Ident, at: At) -> Result<Expr> {
        self.expect("(")?;
        let star = self.eat("*");
        let distinct = !star && self.eat("distinct");
        if !star && !distinct && self.is("all") && !self.is_at(1, ")") && !self.is_at(1, ",") {
            self.advance();
        }
        let empty = star || self.is(")") || self.are(&["order", "by"]);
        let mut args = if empty { vec![] } else { self.list(Self::argument)? };
        if name.value.eq_ignore_ascii_case("listagg") {
            self.overflow(&mut args)?;
        }
        let mut order_by = self.order_by()?;
        self.expect(")")?;
        let mut call =
            Call { name, args, star, distinct, order_by: vec![], filter: None, ignore_nulls: None, over: None };
        if self.eat_all(&["within", "group"]) {
            self.expect("(")?;
            order_by = self.order_by()?;
            self.expect(")")?;
        }
        if call.name.value.eq_ignore_ascii_case("listagg") && order_by.is_empty() {
            return Err(self.unexpected("`WITHIN GROUP (ORDER BY …)`"));
        }
        call.order_by = order_by;
        self.call_tail(&mut call)?;
        Ok(Expr::new(ExprKind::Call(call), at))
    }

    /// `ON OVERFLOW TRUNCATE 'filler' WITH COUNT`, as two more arguments of `listagg`.
    fn overflow(&mut self, args: &mut Vec<Expr>) -> Result<()> {
        let at = self.at();
        if args.len() > 2 {
            return Err(SqlError::invalid("`listagg` takes a text and a separator").at(args[2].at.into()));
        }
        if !self.eat_all(&["on", "overflow"]) || self.eat("error") {
            return Ok(());
        }
        self.expect("truncate")?;
        let text = |text: &str| Expr::new(ExprKind::String(text.to_string()), at);
        let filler = match self.peek() {
            Token::String(_) => self.string_literal()?,
            _ => "...".to_string(),
        };
        let counted = match self.eat_one(&["with", "without"]) {
            Some("with") => "count",
            Some(_) => "",
            None => return Err(self.unexpected("`WITH COUNT` or `WITHOUT COUNT`")),
        };
        self.expect("count")?;
        if args.len() == 1 {
            args.push(text(""));
        }
        args.extend([text(&filler), text(counted)]);
        Ok(())
    }

    /// An argument; `A.*` is all rows with the label A, as `count` takes it.
    fn argument(&mut self) -> Result<Expr> {
        let at = self.at();
        if self.is_name_at(0) && self.is_at(1, ".") && self.is_at(2, "*") {
            let label = Expr::new(ExprKind::Name(self.ident()?), at);
            self.next += 2;
            return Ok(Expr::new(ExprKind::Field(label, crate::ast::Ident::new("*", at)), at));
        }
        self.expr()
    }

    /// FILTER, IGNORE NULLS, OVER.
    fn call_tail(&mut self, call: &mut Call) -> Result<()> {
        if self.eat_all(&["filter", "("]) {
            self.expect("where")?;
            call.filter = Some(self.expr()?);
            self.expect(")")?;
        }
        if self.eat_all(&["ignore", "nulls"]) {
            call.ignore_nulls = Some(true);
        } else if self.eat_all(&["respect", "nulls"]) {
            call.ignore_nulls = Some(false);
        }
        if self.is("over") && (self.is_at(1, "(") || self.is_name_at(1)) {
            self.advance();
            call.over = Some(if self.is("(") { Over::Spec(self.window()?) } else { Over::Named(self.ident()?) });
        }
        if call.ignore_nulls.is_some() && call.over.is_none() {
            let message = "IGNORE NULLS and RESPECT NULLS need OVER";
            return Err(SqlError::new(Kind::Syntax, message).at(self.at().into()));
        }
        Ok(())
    }

    /// `([base] [PARTITION BY …] [ORDER BY …] [frame])`
    pub(super) fn window(&mut self) -> Result<WindowSpec> {
        self.expect("(")?;
        let mut spec = WindowSpec::default();
        let clause = self.are(&["partition", "by"])
            || ["rows", "range", "groups", "measures"].iter().any(|u| self.is(u) && !self.is_at(1, ")"));
        if !clause && self.is_name_at(0) {
            spec.base = Some(self.ident()?);
        }
        if self.eat_all(&["partition", "by"]) {
            spec.partition_by = self.list(Self::expr)?;
        }
        spec.order_by = self.order_by()?;
        spec.measures = self.measures()?;
        let at = self.at();
        let unit = match self.eat_one(&["rows", "range", "groups"]) {
            Some("rows") => Some(FrameUnit::Rows),
            Some("range") => Some(FrameUnit::Range),
            Some(_) => Some(FrameUnit::Groups),
            None => None,
        };
        if let Some(unit) = unit {
            let (start, end) = if self.eat("between") {
                let start = self.frame_bound()?;
                self.expect("and")?;
                (start, self.frame_bound()?)
            } else {
                (self.frame_bound()?, FrameBound::CurrentRow)
            };
            spec.frame = Some(Frame { unit, start, end, at });
        }
        if self.at_pattern() {
            spec.pattern = Some(self.pattern_body()?);
        }
        self.expect(")")?;
        Ok(spec)
    }

    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.eat_all(&["current", "row"]) {
            return Ok(FrameBound::CurrentRow);
        }
        if self.eat_all(&["unbounded", "preceding"]) {
            return Ok(FrameBound::UnboundedPreceding);
        }
        if self.eat_all(&["unbounded", "following"]) {
            return Ok(FrameBound::UnboundedFollowing);
        }
        let offset = self.expr()?;
        match self.eat_one(&["preceding", "following"]) {
            Some("preceding") => Ok(FrameBound::Preceding(offset)),
            Some(_) => Ok(FrameBound::Following(offset)),
            None => Err(self.unexpected("`PRECEDING` or `FOLLOWING`")),
        }
    }

    /// ORDER BY, if it is there.
    pub(super) fn order_by(&mut self) -> Result<Vec<SortItem>> {
        if !self.eat_all(&["order", "by"]) {
            return Ok(vec![]);
        }
        self.list(|p| {
            let expr = p.expr()?;
            let descending = p.eat_one(&["asc", "desc"]) == Some("desc");
            let mut nulls_first = false;
            if p.eat("nulls") {
                nulls_first = p.eat("first");
                if !nulls_first {
                    p.expect("last")?;
                }
            }
            Ok(SortItem { expr, descending, nulls_first })
        })
    }
}

/// Turns the branches of `CASE x WHEN 1 … WHEN > 5 …` into conditions: those that are not yet compare with x.
fn searched(operand: &Expr, branches: &mut [(Expr, Expr)]) {
    for (when, _) in branches {
        let whole = match when.kind.as_ref() {
            ExprKind::Compare(_, left, _)
            | ExprKind::Between(left, ..)
            | ExprKind::InList(left, _)
            | ExprKind::InQuery(left, _)
            | ExprKind::Like(left, ..)
            | ExprKind::IsNull(left)
            | ExprKind::Distinct(left, _)
            | ExprKind::Quantified(_, _, left, _) => left == operand,
            ExprKind::Not(_) => true,
            _ => false,
        };
        if !whole {
            let at = when.at;
            *when = Expr::new(ExprKind::Compare(Comparison::Eq, operand.clone(), when.clone()), at);
        }
    }
}
