//! What stands after FROM: tables, joins, subqueries, UNNEST, LATERAL, TABLESAMPLE.

use super::Parser;
use super::tokens::Token;
use crate::ast::{Ident, JoinCondition, JoinKind, Relation, RelationKind, TableArgument, TableFunction, TableName};
use crate::error::{Result, SqlError};

impl Parser<'_> {
    /// A relation with its joins.
    pub(super) fn relation(&mut self) -> Result<Relation> {
        self.nested(Self::joins)
    }

    fn joins(&mut self) -> Result<Relation> {
        let mut left = self.sampled()?;
        let mut joins = 0;
        loop {
            let at = self.at();
            if self.eat_all(&["cross", "join"]) {
                let right = self.sampled()?;
                left = join(JoinKind::Cross, left, right, JoinCondition::None, at);
            } else if self.is("natural") {
                self.advance();
                let Some(kind) = self.join_kind() else { return Err(self.unexpected("`JOIN`")) };
                let right = self.sampled()?;
                left = join(kind, left, right, JoinCondition::Natural, at);
            } else if let Some(kind) = self.join_kind() {
                // `a JOIN b JOIN c ON … ON …`: the right side may have joins of its own.
                let right = self.relation_before_condition()?;
                let condition = self.join_condition()?;
                left = join(kind, left, right, condition, at);
            } else {
                return Ok(left);
            }
            joins += 1;
            if joins > super::MAX_DEPTH {
                return Err(SqlError::new(crate::error::Kind::Limit, "too many joins").at(at.into()));
            }
        }
    }

    fn relation_before_condition(&mut self) -> Result<Relation> {
        let right = self.sampled()?;
        if self.is("on") || self.is("using") {
            return Ok(right);
        }
        let at = self.at();
        if let Some(kind) = self.join_kind() {
            let inner = self.nested(Self::relation_before_condition)?;
            let condition = self.join_condition()?;
            return Ok(join(kind, right, inner, condition, at));
        }
        Ok(right)
    }

    /// `[INNER | LEFT [OUTER] | …] JOIN`, eaten.
    fn join_kind(&mut self) -> Option<JoinKind> {
        if self.eat("join") || self.eat_all(&["inner", "join"]) {
            return Some(JoinKind::Inner);
        }
        for (word, kind) in [("left", JoinKind::Left), ("right", JoinKind::Right), ("full", JoinKind::Full)] {
            if self.eat_all(&[word, "join"]) || self.eat_all(&[word, "outer", "join"]) {
                return Some(kind);
            }
        }
        None
    }

    fn join_condition(&mut self) -> Result<JoinCondition> {
        if self.eat("on") {
            return Ok(JoinCondition::On(self.expr()?));
        }
        if self.eat("using") {
            return Ok(JoinCondition::Using(self.idents()?));
        }
        Err(self.unexpected("`ON` or `USING`"))
    }

    fn sampled(&mut self) -> Result<Relation> {
        let relation = self.aliased()?;
        let at = self.at();
        if !self.eat("tablesample") {
            return Ok(relation);
        }
        if self.eat_one(&["bernoulli", "system"]).is_none() {
            return Err(self.unexpected("`BERNOULLI` or `SYSTEM`"));
        }
        self.expect("(")?;
        let percentage = self.expr()?;
        self.expect(")")?;
        Ok(Relation { kind: Box::new(RelationKind::Sample(relation, percentage)), at })
    }

    fn aliased(&mut self) -> Result<Relation> {
        let at = self.at();
        let relation = self.relation_primary()?;
        let relation = self.with_alias(relation)?;
        if !self.is("match_recognize") {
            return Ok(relation);
        }
        let matched = self.match_recognize()?;
        let relation = Relation { kind: Box::new(RelationKind::Match(relation, matched)), at };
        self.with_alias(relation)
    }

    fn with_alias(&mut self, relation: Relation) -> Result<Relation> {
        let at = relation.at;
        let explicit = self.eat("as");
        let begins = ["tablesample", "match_recognize", "window", "limit", "offset", "fetch"];
        let clause = !explicit && begins.iter().any(|w| self.is(w)) && !self.alias_is_followed();
        if !explicit && (clause || !self.is_name_at(0)) {
            return Ok(relation);
        }
        let alias = self.ident()?;
        let columns = if self.is("(") { self.idents()? } else { vec![] };
        Ok(Relation { kind: Box::new(RelationKind::Aliased(relation, alias, columns)), at })
    }

    /// `FROM t limit WHERE …`: a clause's first word may still be an alias where no clause could go on.
    fn alias_is_followed(&self) -> bool {
        matches!(self.lexeme(1).token, Token::End)
            || ["where", "join", "on", ",", ")", "group", "order"].iter().any(|w| self.is_at(1, w))
    }

    fn relation_primary(&mut self) -> Result<Relation> {
        let at = self.at();
        let kind = if self.is("(") {
            if self.at_query(1) {
                RelationKind::Subquery(self.parenthesised_query()?)
            } else {
                self.advance();
                let inner = self.relation()?;
                self.expect(")")?;
                return Ok(inner);
            }
        } else if self.are(&["unnest", "("]) {
            self.next += 2;
            let args = self.list(Self::expr)?;
            self.expect(")")?;
            RelationKind::Unnest(args, self.eat_all(&["with", "ordinality"]))
        } else if self.are(&["lateral", "("]) {
            self.advance();
            RelationKind::Lateral(self.parenthesised_query()?)
        } else if self.are(&["json_table", "("]) {
            self.json_table()?
        } else if self.are(&["table", "("]) {
            self.next += 2;
            let function = self.table_function()?;
            self.expect(")")?;
            RelationKind::Function(function)
        } else {
            RelationKind::Table(self.table_name()?)
        };
        Ok(Relation { kind: Box::new(kind), at })
    }

    /// A table: dotted names, a bare UUID or ARN, or a placeholder such as `$EDS_ID`.
    pub(super) fn table_name(&mut self) -> Result<TableName> {
        let name = self.table_name_parts()?;
        if !self.tables.contains(&name) {
            self.tables.push(name.clone());
        }
        Ok(name)
    }

    fn table_name_parts(&mut self) -> Result<TableName> {
        let at = self.at();
        match self.peek().clone() {
            Token::Bare(value) | Token::Parameter(value) => {
                self.advance();
                Ok(TableName { parts: vec![Ident::new(value, at)], at })
            }
            _ if self.is_name_at(0) => {
                let mut parts = vec![self.hyphenated()?];
                while self.eat(".") {
                    let at = self.at();
                    match self.peek().clone() {
                        Token::Bare(value) => {
                            self.advance();
                            parts.push(Ident::new(value, at));
                        }
                        _ => parts.push(self.hyphenated()?),
                    }
                }
                Ok(TableName { parts, at })
            }
            _ => Err(self.unexpected("a table")),
        }
    }

    /// `my-store`: where a table stands there is nothing to subtract from.
    fn hyphenated(&mut self) -> Result<Ident> {
        let from = self.lexeme(0).start;
        let mut end = self.lexeme(0).end;
        let mut name = self.ident()?;
        let joined = |p: &Self, end: usize| {
            let (dash, next) = (p.lexeme(0), p.lexeme(1));
            let word = matches!(next.token, Token::Word(_) | Token::Number(_));
            !name.quoted && word && p.is("-") && dash.start == end && next.start == dash.end
        };
        while joined(self, end) {
            end = self.lexeme(1).end;
            self.next += 2;
        }
        if !name.quoted {
            name.value = self.text[from..end].to_string();
        }
        Ok(name)
    }

    fn table_function(&mut self) -> Result<TableFunction> {
        let mut name = self.ident()?;
        while self.eat(".") {
            name = self.ident()?;
        }
        self.expect("(")?;
        let args = if self.is(")") { vec![] } else { self.list(Self::table_argument)? };
        self.expect(")")?;
        Ok(TableFunction { name, args })
    }

    fn table_argument(&mut self) -> Result<(Option<Ident>, TableArgument)> {
        let name = if self.is_name_at(0) && self.is_at(1, "=>") {
            let name = self.ident()?;
            self.advance();
            Some(name)
        } else {
            None
        };
        if self.eat_all(&["descriptor", "("]) {
            let names = self.list(Self::ident)?;
            self.expect(")")?;
            return Ok((name, TableArgument::Descriptor(names)));
        }
        if self.are(&["table", "("]) {
            let at = self.at();
            self.advance();
            let kind = if self.at_query(1) {
                RelationKind::Subquery(self.parenthesised_query()?)
            } else {
                self.advance();
                let table = self.table_name()?;
                self.expect(")")?;
                RelationKind::Table(table)
            };
            let relation = self.with_alias(Relation { kind: Box::new(kind), at })?;
            return Ok((name, TableArgument::Table(relation)));
        }
        Ok((name, TableArgument::Scalar(self.expr()?)))
    }
}

fn join(kind: JoinKind, left: Relation, right: Relation, condition: JoinCondition, at: crate::ast::At) -> Relation {
    Relation { kind: Box::new(RelationKind::Join(kind, left, right, condition)), at }
}
