//! Which columns are visible, and what are they called?

use std::cell::RefCell;

use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::ast::{Ident, same_name};
use crate::call::Typed;
use crate::error::{Kind, Result, SqlError};
use crate::types::Type;

/// A column of a relation.
#[derive(Debug, Clone)]
pub(crate) struct ScopeColumn {
    /// Names of the relation: an alias, or the parts of a table's name.
    pub(crate) relation: Vec<String>,
    /// What the user calls it, if it has a name.
    pub(crate) name: Option<String>,
    /// What heads it in a result, where that is not the name.
    pub(crate) heading: Option<String>,
    pub(crate) ty: Type,
    /// Left out of `*`.
    pub(crate) hidden: bool,
    /// The internal name.
    pub(crate) id: String,
    /// Its value, where it is a column of a query outside.
    pub(crate) outer: Option<Typed>,
}

impl ScopeColumn {
    pub(crate) fn unnamed(id: String, ty: Type) -> Self {
        ScopeColumn { relation: vec![], name: None, heading: None, ty, hidden: false, id, outer: None }
    }

    pub(crate) fn named(id: String, name: Option<String>, ty: Type) -> Self {
        ScopeColumn { name, ..Self::unnamed(id, ty) }
    }

    pub(crate) fn column(&self) -> Expr {
        super::column(&self.id)
    }

    pub(crate) fn typed(&self) -> Typed {
        Typed::new(self.column(), self.ty.clone())
    }

    /// Whether `parts` (`t`, or `schema.t`) names the column's relation.
    fn of_relation(&self, parts: &[Ident]) -> bool {
        let n = parts.len();
        n <= self.relation.len()
            && self.relation[self.relation.len() - n..].iter().zip(parts).all(|(r, p)| same_name(r, &p.value))
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|n| same_name(n, name))
    }
}

/// The columns of a relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) columns: Vec<ScopeColumn>,
}

impl Scope {
    /// The column that `qualifier.name` means.
    pub(crate) fn find(&self, qualifier: &[Ident], name: &Ident) -> Result<Option<&ScopeColumn>> {
        let mut found = self.columns.iter().filter(|c| c.is_named(&name.value) && c.of_relation(qualifier));
        let first = found.next();
        match found.next() {
            Some(_) => Err(SqlError::new(Kind::Invalid, format!("column `{}` is ambiguous", name.value))
                .at(name.at.into())
                .hint("put the relation's name before it")),
            None => Ok(first),
        }
    }

    /// The columns of the relation that `parts` names; `None` where there is no such relation.
    pub(crate) fn of_relation(&self, parts: &[Ident]) -> Option<Vec<&ScopeColumn>> {
        let columns: Vec<_> = self.columns.iter().filter(|c| c.of_relation(parts)).collect();
        (!columns.is_empty()).then_some(columns)
    }

    /// The same columns under an alias.
    pub(crate) fn aliased(mut self, alias: &Ident, names: &[Ident]) -> Result<Scope> {
        let visible = self.columns.iter().filter(|c| !c.hidden).count();
        if !names.is_empty() && names.len() != visible {
            let message = format!("`{}` has {visible} columns, but {} names are given", alias.value, names.len());
            return Err(SqlError::invalid(message).at(alias.at.into()));
        }
        let mut names = names.iter();
        for column in &mut self.columns {
            column.relation = vec![alias.value.clone()];
            if let Some(name) = if column.hidden { None } else { names.next() } {
                column.name = Some(name.value.clone());
                column.heading = None;
            }
        }
        Ok(self)
    }
}

/// Rows and what their columns are called.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) plan: LogicalPlan,
    pub(crate) scope: Scope,
}

/// Where a name is looked for: from the innermost outwards.
pub(crate) struct Env<'e> {
    pub(crate) frame: Frame<'e>,
    pub(crate) outer: Option<&'e Env<'e>>,
}

/// One place of [`Env`].
pub(crate) enum Frame<'e> {
    /// The columns of FROM.
    Rows(&'e Scope),
    /// The select list, which ORDER BY sees first.
    Outputs(&'e [(Option<String>, Typed)]),
    /// The select list, which an aggregate in ORDER BY must not mean.
    Refused(&'e [(Option<String>, Typed)]),
    /// A lambda.
    Lambda(&'e LambdaFrame),
    /// An inline function, whose parameters are what the caller gave.
    Function(&'e LambdaFrame),
    /// DEFINE and MEASURES of a pattern.
    Pattern(&'e super::pattern_scope::PatternFrame<'e>),
    /// Beyond are the columns of the query outside.
    Query,
}

/// A lambda's parameters, and what its body takes from outside.
pub(crate) struct LambdaFrame {
    pub(crate) parameters: Vec<(Ident, Typed)>,
    pub(crate) captures: RefCell<Vec<Typed>>,
}

impl LambdaFrame {
    /// The value as the body sees it.
    pub(crate) fn capture(&self, value: Typed) -> Typed {
        if value.literal().is_some() {
            return value;
        }
        let mut captures = self.captures.borrow_mut();
        let known = captures.iter().position(|c| *c == value);
        let i = known.unwrap_or_else(|| {
            captures.push(value.clone());
            captures.len() - 1
        });
        Typed::new(super::column(&format!("c{i}")), value.ty)
    }
}

impl<'e> Env<'e> {
    /// A place inside `outer`.
    pub(crate) fn inside(outer: &'e Env<'e>, frame: Frame<'e>) -> Env<'e> {
        Env { frame, outer: Some(outer) }
    }

    /// Whether a lambda with parameters is between here and the query.
    pub(crate) fn in_lambda(&self) -> bool {
        match self.frame {
            Frame::Lambda(lambda) if !lambda.parameters.is_empty() => true,
            Frame::Query => false,
            _ => self.outer.is_some_and(Env::in_lambda),
        }
    }

    /// The pattern whose expression this is.
    pub(crate) fn pattern(&self) -> Option<&super::pattern_scope::PatternFrame<'e>> {
        match (&self.frame, self.outer) {
            (Frame::Pattern(pattern), _) => Some(pattern),
            (Frame::Query, _) | (_, None) => None,
            (_, Some(outer)) => outer.pattern(),
        }
    }

    /// The first place outside of lambdas.
    pub(crate) fn outside_lambdas(&self) -> &Env<'e> {
        match (&self.frame, self.outer) {
            (Frame::Lambda(_), Some(outer)) => outer.outside_lambdas(),
            _ => self,
        }
    }

    /// A value of the query's rows, brought here through the lambdas between.
    pub(crate) fn carry(&self, value: Typed) -> Typed {
        match (&self.frame, self.outer) {
            (Frame::Lambda(lambda), Some(outer)) => lambda.capture(outer.carry(value)),
            (Frame::Pattern(pattern), _) => pattern.row_value(value),
            _ => value,
        }
    }

    /// The columns of the relation that `parts` names, also where it is outside.
    pub(crate) fn relation_columns(&self, parts: &[Ident]) -> Option<Result<Vec<ScopeColumn>>> {
        if let Frame::Rows(scope) = &self.frame
            && let Some(columns) = scope.of_relation(parts)
        {
            return Some(Ok(columns.into_iter().cloned().collect()));
        }
        let outside = self.outer?.relation_columns(parts)?;
        if !matches!(self.frame, Frame::Query) {
            return Some(outside);
        }
        let moved = |mut c: ScopeColumn| {
            let value = c.outer.take().unwrap_or_else(|| c.typed());
            c.outer = Some(from_outside(value, &parts[0])?);
            Ok(c)
        };
        Some(outside.and_then(|columns| columns.into_iter().map(moved).collect()))
    }

    /// Names of the columns of the relation that `parts` names.
    pub(crate) fn relation(&self, parts: &[Ident]) -> Option<Vec<String>> {
        let here = match &self.frame {
            Frame::Rows(scope) => scope.of_relation(parts),
            _ => None,
        };
        match here {
            Some(columns) => Some(columns.into_iter().filter_map(|c| c.name.clone()).collect()),
            None => self.outer.and_then(|outer| outer.relation(parts)),
        }
    }

    /// Looks up a dotted name. Gives the value of its first parts, and how many parts that took.
    pub(crate) fn lookup(&self, parts: &[Ident]) -> Result<Option<(Typed, usize)>> {
        let here = match &self.frame {
            Frame::Rows(scope) => find_in_rows(scope, parts)?,
            Frame::Outputs(outputs) => find_in_outputs(outputs, parts)?,
            Frame::Refused(outputs) => {
                refuse_output(outputs, parts, self.outer)?;
                None
            }
            Frame::Lambda(lambda) | Frame::Function(lambda) => {
                let named = lambda.parameters.iter().find(|(name, _)| *name == parts[0]);
                named.map(|(_, value)| (value.clone(), 1))
            }
            Frame::Pattern(pattern) => pattern.lookup(parts)?,
            Frame::Query => None,
        };
        if here.is_some() {
            return Ok(here);
        }
        let Some((value, taken)) = (match self.outer {
            Some(outer) => outer.lookup(parts)?,
            None => None,
        }) else {
            return Ok(None);
        };
        let value = match &self.frame {
            Frame::Lambda(lambda) => lambda.capture(value),
            Frame::Query => from_outside(value, &parts[0])?,
            _ => value,
        };
        Ok(Some((value, taken)))
    }

    /// All names that a lookup here could find, for "did you mean".
    pub(crate) fn known_names(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.frame {
            Frame::Rows(scope) => scope.columns.iter().filter_map(|c| c.name.clone()).collect(),
            Frame::Outputs(outputs) => outputs.iter().filter_map(|(name, _)| name.clone()).collect(),
            Frame::Refused(_) => vec![],
            Frame::Lambda(lambda) | Frame::Function(lambda) => {
                lambda.parameters.iter().map(|(name, _)| name.value.clone()).collect()
            }
            Frame::Pattern(_) | Frame::Query => vec![],
        };
        names.extend(self.outer.map(Env::known_names).unwrap_or_default());
        names
    }
}

/// `a.b.c` is a column `c` of relation `a.b`, before it is a field `c` of column `b`, and so on.
fn find_in_rows(scope: &Scope, parts: &[Ident]) -> Result<Option<(Typed, usize)>> {
    for k in (0..parts.len()).rev() {
        if let Some(column) = scope.find(&parts[..k], &parts[k])? {
            return Ok(Some((column.typed(), k + 1)));
        }
    }
    Ok(None)
}

fn find_in_outputs(outputs: &[(Option<String>, Typed)], parts: &[Ident]) -> Result<Option<(Typed, usize)>> {
    let named = |(name, _): &&(Option<String>, Typed)| name.as_deref().is_some_and(|n| same_name(n, &parts[0].value));
    let mut found = outputs.iter().filter(named);
    let first = found.next();
    match (first, found.next()) {
        (Some(_), Some(_)) => {
            Err(SqlError::invalid(format!("column `{}` is ambiguous", parts[0].value)).at(parts[0].at.into()))
        }
        (Some((_, value)), _) => Ok(Some((value.clone(), 1))),
        (None, _) => Ok(None),
    }
}

/// A column of the query outside, as the inner plan refers to it.
fn from_outside(value: Typed, name: &Ident) -> Result<Typed> {
    let expr = match value.expr {
        Expr::Column(column) => {
            let field = crate::function::field_of(&column.name, &value.ty);
            Expr::OuterReferenceColumn(std::sync::Arc::new(field), column)
        }
        outer @ (Expr::OuterReferenceColumn(..) | Expr::Literal(..)) => outer,
        _ => {
            let message = format!("a subquery cannot refer to the computed `{}` here", name.value);
            return Err(SqlError::unsupported(message).at(name.at.into()));
        }
    };
    Ok(Typed::new(expr, value.ty))
}

/// An aggregate in ORDER BY is over the rows: a name that the select list gives to something else would mislead.
fn refuse_output(outputs: &[(Option<String>, Typed)], parts: &[Ident], outer: Option<&Env<'_>>) -> Result<()> {
    let Some((output, _)) = find_in_outputs(outputs, parts)? else { return Ok(()) };
    let row = outer.map(|o| o.lookup(parts)).transpose()?.flatten();
    if row.is_some_and(|(value, taken)| taken == 1 && value == output) {
        return Ok(());
    }
    let message = format!("an aggregate in ORDER BY cannot refer to `{}` of the select list", parts[0].value);
    Err(SqlError::invalid(message).at(parts[0].at.into()))
}
