//! SELECT: from rows to the select list, in SQL's order.

use datafusion::logical_expr::{Expr, LogicalPlan};

use super::group::Grouping;
use super::order::Tail;
use super::query::Ctes;
use super::scope::{Env, Frame, Rows, Scope, ScopeColumn};
use super::stage::{Context, Stage};
use super::{Analyzer, column, filter, project};
use crate::ast::{self, ExprKind, Ident, Select, SelectItem};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::operators;
use crate::types::Type;

/// One column of the select list, `*` written out.
pub(super) struct Item {
    pub(super) expr: ItemExpr,
    /// Its alias, if it has one.
    pub(super) alias: Option<Ident>,
    /// What it is called from outside.
    name: Option<String>,
    heading: Option<String>,
}

/// Where an item comes from.
pub(super) enum ItemExpr {
    /// An expression.
    Written(ast::Expr),
    /// A column that `*` stands for.
    Column(Typed),
}

/// The expressions of a query after its rows are there, before they are planned.
struct Output {
    items: Vec<Typed>,
    having: Option<Expr>,
    sort: Vec<super::order::Key>,
}

impl Analyzer<'_> {
    /// A SELECT with its ORDER BY and limits.
    pub(super) fn select(
        &self,
        select: &Select,
        tail: &Tail<'_>,
        outer: Option<&Env<'_>>,
        ctes: &Ctes,
    ) -> Result<Rows> {
        let boundary = Env { frame: Frame::Query, outer };
        let rows = self.from(&select.from, &boundary, ctes)?;
        let env = Env::inside(&boundary, Frame::Rows(&rows.scope));
        let source = Stage::plain("an aggregate's argument, WHERE or GROUP BY");
        let source_cx = Context { env: &env, ctes, stage: &source };
        let mut plan = rows.plan.clone();
        if let Some(condition) = &select.filter {
            plan = self.filtered(plan, condition, source_cx)?;
        }
        let items = self.items(&select.items, source_cx)?;
        let grouping = match &select.group_by {
            Some(group_by) => Some(self.grouping(group_by, &items, source_cx)?),
            None => None,
        };
        let stage = Stage {
            clause: "the select list",
            input: Some(&source),
            windowed: true,
            named_windows: &select.windows,
            ..Stage::plain("")
        };
        if let Some(grouping) = &grouping {
            *stage.keys.borrow_mut() = grouping.written();
        }
        let cx = Context { stage: &stage, ..source_cx };
        let mut output = self.output(select, &items, tail, cx)?;
        let base = plan.clone();
        plan = self.attach_all(plan, &base, source.take_subqueries(), &|e| Ok(e))?;
        let aggregated = grouping.is_some() || !stage.aggregates.borrow().is_empty() || output.having.is_some();
        if aggregated {
            let grouping = grouping.unwrap_or_default();
            plan = self.grouped(plan, &grouping, &stage, (&rows.scope, select), &mut output)?;
        } else {
            let base = plan.clone();
            plan = self.attach_all(plan, &base, stage.take_subqueries(), &|e| Ok(e))?;
        }
        if let Some(having) = output.having.take() {
            plan = filter(plan, having)?;
        }
        plan = super::window::plan_windows(plan, stage.windows.take())?;
        let patterns = stage.patterns.take();
        if aggregated && !patterns.is_empty() {
            return Err(SqlError::unsupported("a pattern in a window cannot be over groups; group in a subquery"));
        }
        plan = self.plan_patterns(plan, patterns)?;
        self.projected(plan, select.distinct, &items, output, tail)
    }

    fn output(&self, select: &Select, items: &[Item], tail: &Tail<'_>, cx: Context<'_>) -> Result<Output> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(match &item.expr {
                ItemExpr::Written(e) => self.expr(e, cx)?,
                ItemExpr::Column(value) => value.clone(),
            });
        }
        self.check_windows(&select.windows, cx)?;
        let windows = cx.stage.windows.borrow().len();
        let having = select.having.as_ref().map(|h| self.condition(h, cx)).transpose()?;
        if cx.stage.windows.borrow().len() > windows {
            return Err(SqlError::invalid("HAVING cannot contain window functions"));
        }
        let named: Vec<_> = items.iter().map(|i| i.name.clone()).zip(values.iter().cloned()).collect();
        let env = Env::inside(cx.env, Frame::Outputs(&named));
        let sort = self.order_keys(tail.order_by, &values, cx.with_env(&env), select.distinct)?;
        Ok(Output { items: values, having, sort })
    }

    /// WHERE. What is asked of a subquery as a whole becomes a join.
    fn filtered(&self, plan: LogicalPlan, condition: &ast::Expr, cx: Context<'_>) -> Result<LogicalPlan> {
        let stage = Stage::plain("WHERE");
        let cx = Context { stage: &stage, ..cx };
        let mut plan = plan;
        let mut rest = Vec::new();
        for term in conjuncts(condition) {
            match self.semi_join(plan, term, cx)? {
                (joined, true) => plan = joined,
                (same, false) => {
                    plan = same;
                    rest.push(self.condition(term, cx)?);
                }
            }
        }
        let base = plan.clone();
        plan = self.attach_all(plan, &base, stage.take_subqueries(), &|e| Ok(e))?;
        if rest.is_empty() {
            return Ok(plan);
        }
        filter(plan, super::expression::balanced(datafusion::logical_expr::Operator::And, rest))
    }

    /// Aggregates, and turns what stands after grouping into what is there after grouping.
    fn grouped(
        &self,
        plan: LogicalPlan,
        grouping: &Grouping,
        stage: &Stage<'_>,
        (scope, select): (&Scope, &Select),
        output: &mut Output,
    ) -> Result<LogicalPlan> {
        let mut plan = self.aggregated(plan, grouping, stage)?;
        let subqueries = stage.take_subqueries();
        let made: Vec<String> = (plan.schema().fields().iter().map(|f| f.name().clone()))
            .chain(subqueries.iter().map(|s| s.id.clone()))
            .chain(stage.windows.borrow().iter().map(|(id, _)| id.clone()))
            .collect();
        let known = |id: &str| made.iter().any(|m| m == id);
        let name = |id: &str| {
            let column = scope.columns.iter().find(|c| c.id == id);
            column.and_then(|c| c.name.clone()).unwrap_or_else(|| "an expression".to_string())
        };
        let after = |e: Expr| grouping.after(e, &known, &name);
        let base = plan.clone();
        plan = self.attach_all(plan, &base, subqueries, &after)?;
        for (i, value) in output.items.iter_mut().enumerate() {
            let at = select.items.get(i).map(place).unwrap_or_default();
            value.expr = after(value.expr.clone()).map_err(|e| e.at(at.into()))?;
        }
        if let Some(having) = output.having.take() {
            output.having = Some(after(having)?);
        }
        for key in &mut output.sort {
            key.value.expr = after(key.value.expr.clone()).map_err(|e| e.at(key.at.into()))?;
        }
        for (_, window) in stage.windows.borrow_mut().iter_mut() {
            *window = after(window.clone())?;
        }
        Ok(plan)
    }

    /// The select list, made distinct, sorted and limited.
    fn projected(
        &self,
        plan: LogicalPlan,
        distinct: bool,
        items: &[Item],
        output: Output,
        tail: &Tail<'_>,
    ) -> Result<Rows> {
        let mut columns = Vec::new();
        let mut exprs = Vec::new();
        for (item, value) in items.iter().zip(&output.items) {
            let id = self.fresh();
            exprs.push(value.expr.clone().alias(&id));
            let named = ScopeColumn::named(id, item.name.clone(), value.ty.clone());
            columns.push(ScopeColumn { heading: item.heading.clone(), ..named });
        }
        let mut keys = Vec::new();
        for key in output.sort {
            let same = output.items.iter().position(|v| v.expr == key.value.expr);
            let id = match same {
                Some(i) => columns[i].id.clone(),
                None => {
                    let id = self.fresh();
                    exprs.push(key.value.expr.clone().alias(&id));
                    id
                }
            };
            keys.push(super::order::Key { value: Typed::new(column(&id), key.value.ty.clone()), ..key });
        }
        let more = exprs.len() > columns.len();
        let mut plan = project(plan, exprs)?;
        if distinct {
            plan = self.distinct(plan, &columns)?;
        }
        plan = self.finish(plan, &keys, tail)?;
        if more {
            plan = project(plan, columns.iter().map(|c| c.column()).collect())?;
        }
        Ok(Rows { plan, scope: Scope { columns } })
    }

    /// DISTINCT by Trino's equality.
    pub(super) fn distinct(&self, plan: LogicalPlan, columns: &[ScopeColumn]) -> Result<LogicalPlan> {
        if let Some(c) = columns.iter().find(|c| !crate::operators::is_comparable(&c.ty)) {
            return Err(SqlError::invalid(format!("{} cannot be compared, so it cannot be made distinct", c.ty)));
        }
        let by_key = columns.iter().any(|c| operators::group_key(c.typed()).expr != c.column());
        if !by_key {
            let all = datafusion::logical_expr::Distinct::All(std::sync::Arc::new(plan));
            return Ok(LogicalPlan::Distinct(all));
        }
        let grouping = Grouping::of_columns(self, columns);
        let plan = self.aggregated(plan, &grouping, &Stage::plain("DISTINCT"))?;
        let again = columns.iter().zip(grouping.ids()).map(|(c, id)| column(id).alias(&c.id)).collect();
        project(plan, again)
    }

    /// The select list with `*` written out.
    fn items(&self, written: &[SelectItem], cx: Context<'_>) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for item in written {
            match item {
                SelectItem::Expr(expr, alias) => items.push(named(expr, alias.as_ref())),
                SelectItem::Wildcard(None, _, at) => {
                    let Frame::Rows(scope) = cx.env.frame else { continue };
                    let shown: Vec<_> = scope.columns.iter().filter(|c| !c.hidden).collect();
                    if shown.is_empty() {
                        return Err(SqlError::invalid("`*` needs a FROM").at((*at).into()));
                    }
                    items.extend(shown.into_iter().map(shown_column));
                }
                SelectItem::Wildcard(Some(base), names, _) => items.extend(self.members(base, names, cx)?),
            }
        }
        Ok(items)
    }

    /// `t.*` and `(row).* AS (a, b)`.
    fn members(&self, base: &ast::Expr, names: &[Ident], cx: Context<'_>) -> Result<Vec<Item>> {
        if let Some(parts) = super::name::dotted(base)
            && let Some(columns) = cx.env.relation_columns(&parts)
        {
            let mut items: Vec<_> = columns?.iter().filter(|c| !c.hidden).map(shown_column).collect();
            return rename(&mut items, names, base).map(|()| items);
        }
        let row = self.expr(base, cx)?;
        if row.ty == Type::Json {
            let value = super::json_access::member(row, &Ident::new("*", base.at))?;
            return Ok(vec![Item { expr: ItemExpr::Column(value), alias: None, name: None, heading: None }]);
        }
        let Type::Row(fields) = row.ty.clone() else {
            let message = format!("`.*` needs a relation or a row, not {}", row.ty);
            return Err(SqlError::invalid(message).at(base.at.into()));
        };
        let one = |(i, field): (usize, &crate::types::RowField)| {
            let value = operators::field_at(row.clone(), i)?;
            Ok(Item { expr: ItemExpr::Column(value), alias: None, name: field.name.clone(), heading: None })
        };
        let mut items = fields.iter().enumerate().map(one).collect::<Result<Vec<_>>>()?;
        rename(&mut items, names, base).map(|()| items)
    }
}

fn rename(items: &mut [Item], names: &[Ident], base: &ast::Expr) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    if names.len() != items.len() {
        let message = format!("there are {} columns, but {} names are given", items.len(), names.len());
        return Err(SqlError::invalid(message).at(base.at.into()));
    }
    for (item, name) in items.iter_mut().zip(names) {
        item.name = Some(name.value.clone());
        item.heading = None;
    }
    Ok(())
}

/// An expression under its alias, or the name that a column or a member has as written.
fn named(expr: &ast::Expr, alias: Option<&Ident>) -> Item {
    let name = match (alias, expr.kind.as_ref()) {
        (Some(alias), _) => Some(alias.value.clone()),
        (None, ExprKind::Name(name) | ExprKind::Field(_, name)) => Some(name.value.clone()),
        _ => None,
    };
    Item { expr: ItemExpr::Written(expr.clone()), alias: alias.cloned(), name, heading: None }
}

fn shown_column(c: &ScopeColumn) -> Item {
    let value = c.outer.clone().unwrap_or_else(|| c.typed());
    Item { expr: ItemExpr::Column(value), alias: None, name: c.name.clone(), heading: c.heading.clone() }
}

fn place(item: &SelectItem) -> ast::At {
    match item {
        SelectItem::Expr(e, _) => e.at,
        SelectItem::Wildcard(_, _, at) => *at,
    }
}

/// The terms that all must hold.
pub(super) fn conjuncts(e: &ast::Expr) -> Vec<&ast::Expr> {
    match e.kind.as_ref() {
        ExprKind::And(terms) => terms.iter().flat_map(conjuncts).collect(),
        _ => vec![e],
    }
}
