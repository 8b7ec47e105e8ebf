//! Queries: WITH, set operations, SELECT, VALUES, ORDER BY and limits.

use super::Parser;
use super::tokens::Token;
use crate::ast::{
    At, Cte, Expr, ExprKind, GroupBy, GroupingElement, Limit, Query, QueryBody, Select, SelectItem, SetOp,
};
use crate::error::Result;

impl Parser<'_> {
    /// A query in parentheses.
    pub(super) fn parenthesised_query(&mut self) -> Result<Query> {
        self.expect("(")?;
        let query = self.query()?;
        self.expect(")")?;
        Ok(query)
    }

    /// A query.
    pub(super) fn query(&mut self) -> Result<Query> {
        self.nested(Self::query_inner)
    }

    fn query_inner(&mut self) -> Result<Query> {
        let at = self.at();
        let mut functions = Vec::new();
        if self.are(&["with", "function"]) && self.is_name_at(2) && self.is_at(3, "(") {
            self.advance();
            functions = self.list(Self::inline_function)?;
        }
        let mut with = Vec::new();
        if self.eat("with") {
            let recursive = self.eat("recursive");
            with = self.list(|p| p.cte(recursive))?;
        }
        let body = self.set_operation()?;
        let order_by = self.order_by()?;
        let offset = self.offset()?;
        let limit = self.limit()?;
        Ok(Query { with, functions, body, order_by, offset, limit, at })
    }

    fn cte(&mut self, recursive: bool) -> Result<Cte> {
        let name = self.ident()?;
        let columns = if self.is("(") { self.idents()? } else { vec![] };
        self.expect("as")?;
        let query = self.parenthesised_query()?;
        Ok(Cte { name, columns, query, recursive })
    }

    fn offset(&mut self) -> Result<Option<Expr>> {
        if !self.eat("offset") {
            return Ok(None);
        }
        let count = self.row_count()?;
        self.eat_one(&["rows", "row"]);
        Ok(Some(count))
    }

    fn limit(&mut self) -> Result<Option<Limit>> {
        if self.eat("limit") {
            if self.eat("all") {
                return Ok(None);
            }
            return Ok(Some(Limit { count: self.row_count()?, with_ties: false }));
        }
        if !self.eat("fetch") {
            return Ok(None);
        }
        if self.eat_one(&["first", "next"]).is_none() {
            return Err(self.unexpected("`FIRST` or `NEXT`"));
        }
        let at = self.at();
        let one = self.is("row") || self.is("rows");
        let count = if one { Expr::new(ExprKind::Number("1".into()), at) } else { self.row_count()? };
        if self.eat_one(&["row", "rows"]).is_none() {
            return Err(self.unexpected("`ROWS`"));
        }
        if self.eat("only") {
            return Ok(Some(Limit { count, with_ties: false }));
        }
        self.expect_all(&["with", "ties"])?;
        Ok(Some(Limit { count, with_ties: true }))
    }

    fn row_count(&mut self) -> Result<Expr> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Token::Number(n) => ExprKind::Number(n),
            Token::Parameter(p) => ExprKind::Parameter(p.trim_start_matches('$').to_string()),
            _ => return Err(self.unexpected("a number of rows")),
        };
        self.advance();
        Ok(Expr::new(kind, at))
    }

    fn set_operation(&mut self) -> Result<QueryBody> {
        let mut left = self.intersection()?;
        loop {
            let at = self.at();
            let op = match self.eat_one(&["union", "except"]) {
                Some("union") => SetOp::Union,
                Some(_) => SetOp::Except,
                None => return Ok(left),
            };
            let all = self.set_quantifier();
            let corresponding = self.eat("corresponding");
            let right = self.intersection()?;
            left = set(op, (all, corresponding), left, right, at);
        }
    }

    fn intersection(&mut self) -> Result<QueryBody> {
        let mut left = self.query_primary()?;
        loop {
            let at = self.at();
            if !self.eat("intersect") {
                return Ok(left);
            }
            let all = self.set_quantifier();
            let corresponding = self.eat("corresponding");
            let right = self.query_primary()?;
            left = set(SetOp::Intersect, (all, corresponding), left, right, at);
        }
    }

    /// ALL; DISTINCT is the default.
    fn set_quantifier(&mut self) -> bool {
        self.eat_one(&["all", "distinct"]) == Some("all")
    }

    fn query_primary(&mut self) -> Result<QueryBody> {
        let at = self.at();
        if self.eat("select") {
            return Ok(QueryBody::Select(Box::new(self.select(at)?)));
        }
        if self.eat("values") {
            return Ok(QueryBody::Values(self.list(Self::expr)?));
        }
        if self.eat("table") {
            return Ok(QueryBody::Table(self.table_name()?));
        }
        if self.is("(") {
            return Ok(QueryBody::Nested(Box::new(self.parenthesised_query()?)));
        }
        Err(self.unexpected("`SELECT`, `VALUES`, `TABLE` or `(`"))
    }

    fn select(&mut self, at: At) -> Result<Select> {
        let distinct = self.eat_one(&["distinct", "all"]) == Some("distinct");
        let items = self.list(Self::select_item)?;
        let from = if self.eat("from") { self.list(Self::relation)? } else { vec![] };
        let filter = if self.eat("where") { Some(self.expr()?) } else { None };
        let group_by = if self.eat_all(&["group", "by"]) { Some(self.group_by()?) } else { None };
        let having = if self.eat("having") { Some(self.expr()?) } else { None };
        let mut windows = Vec::new();
        if self.eat("window") {
            windows = self.list(|p| {
                let name = p.ident()?;
                p.expect("as")?;
                Ok((name, p.window()?))
            })?;
        }
        Ok(Select { distinct, items, from, filter, group_by, having, windows, at })
    }

    fn select_item(&mut self) -> Result<SelectItem> {
        let at = self.at();
        if self.eat("*") {
            return Ok(SelectItem::Wildcard(None, vec![], at));
        }
        let expr = self.expr()?;
        if self.eat_all(&[".", "*"]) {
            let names = if self.are(&["as", "("]) {
                self.advance();
                self.idents()?
            } else {
                vec![]
            };
            return Ok(SelectItem::Wildcard(Some(expr), names, at));
        }
        let alias = if self.eat("as") || self.is_name_at(0) { Some(self.ident()?) } else { None };
        Ok(SelectItem::Expr(expr, alias))
    }

    fn group_by(&mut self) -> Result<GroupBy> {
        let distinct = self.eat_one(&["distinct", "all"]) == Some("distinct");
        let mut auto = false;
        let elements = self.list(|p| {
            if p.is("auto") && !p.is_at(1, ".") && !p.is_at(1, "(") {
                p.advance();
                auto = true;
                return Ok(None);
            }
            p.grouping_element().map(Some)
        })?;
        Ok(GroupBy { distinct, auto, elements: elements.into_iter().flatten().collect() })
    }

    fn grouping_element(&mut self) -> Result<GroupingElement> {
        if self.is_at(1, "(") && self.is("rollup") {
            self.advance();
            return Ok(GroupingElement::Rollup(self.grouping_sets()?));
        }
        if self.is_at(1, "(") && self.is("cube") {
            self.advance();
            return Ok(GroupingElement::Cube(self.grouping_sets()?));
        }
        if self.eat_all(&["grouping", "sets"]) {
            self.expect("(")?;
            let sets = self.list(|p| p.nested(Self::grouping_element))?;
            self.expect(")")?;
            return Ok(GroupingElement::Sets(sets));
        }
        Ok(GroupingElement::Simple(self.grouping_set()?))
    }

    fn grouping_sets(&mut self) -> Result<Vec<Vec<Expr>>> {
        self.expect("(")?;
        let sets = if self.is(")") { vec![] } else { self.list(Self::grouping_set)? };
        self.expect(")")?;
        Ok(sets)
    }

    /// `(a, b)`, `()` or `a`.
    fn grouping_set(&mut self) -> Result<Vec<Expr>> {
        if self.eat_all(&["(", ")"]) {
            return Ok(vec![]);
        }
        let parenthesised = self.is("(");
        let expr = self.expr()?;
        match *expr.kind {
            ExprKind::Row(fields) if parenthesised => Ok(fields.into_iter().map(|(_, e)| e).collect()),
            kind => Ok(vec![Expr::new(kind, expr.at)]),
        }
    }
}

fn set(op: SetOp, (all, corresponding): (bool, bool), left: QueryBody, right: QueryBody, at: At) -> QueryBody {
    let (left, right) = (Box::new(left), Box::new(right));
    if corresponding {
        return QueryBody::Corresponding { op, all, left, right, at };
    }
    QueryBody::Set { op, all, left, right, at }
}
