//! Correlated subqueries: made independent of the rows outside by computing them for all that they may be asked for.
//!
//! What a subquery refers to outside is its *domain*: the distinct combinations of those columns. The domain is joined to
//! the leaves of the subquery, carried up through its operators, and joined back to the rows outside.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::expr::{GroupingSet, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, JoinConstraint, Limit, LogicalPlan, Operator, Union, Unnest, Window, WindowFrame,
    WindowFunctionDefinition, binary_expr, lit,
};

use super::query::Ctes;
use super::scope::{Env, Rows};
use super::{Analyzer, column, extend, filter, internal, project};
use crate::ast;
use crate::error::{Result, SqlError};

/// What a subquery refers to outside.
pub(super) struct Domain {
    /// Columns outside, by their internal names.
    outer: Vec<String>,
    /// Their distinct combinations, under the same names.
    plan: LogicalPlan,
}

impl Domain {
    /// Conditions that the rows outside and those with `keys` belong together.
    pub(super) fn same_as(&self, keys: &[String]) -> Vec<Expr> {
        let same = |(o, k): (&String, &String)| binary_expr(column(o), Operator::IsNotDistinctFrom, column(k));
        self.outer.iter().zip(keys).map(same).collect()
    }

    /// Joins what was computed for the domain to the rows outside.
    pub(super) fn join_back(
        &self,
        plan: LogicalPlan,
        inner: LogicalPlan,
        keys: &[String],
        kind: JoinType,
    ) -> Result<LogicalPlan> {
        let on = self.outer.iter().zip(keys).map(|(o, k)| (column(o), column(k))).collect();
        null_safe_join(plan, inner, on, (None, kind))
    }
}

fn null_safe_join(
    left: LogicalPlan,
    right: LogicalPlan,
    on: Vec<(Expr, Expr)>,
    (filter, kind): (Option<Expr>, JoinType),
) -> Result<LogicalPlan> {
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        on,
        filter,
        kind,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    );
    join.map(LogicalPlan::Join).map_err(internal)
}

/// Whether a plan refers to columns outside.
pub(super) fn is_correlated(plan: &LogicalPlan) -> bool {
    !outer_columns(plan).is_empty()
}

/// The columns outside that a plan refers to.
pub(super) fn outer_columns(plan: &LogicalPlan) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let visited = plan.apply(|node| {
        node.apply_expressions(|e| {
            e.apply(|e| {
                if let Expr::OuterReferenceColumn(_, c) = e
                    && !found.contains(&c.name)
                {
                    found.push(c.name.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    debug_assert!(visited.is_ok(), "nothing in the visit fails");
    found
}

/// Replaces what a plan refers to outside.
fn replace_outer(expr: Expr, with: &dyn Fn(&str) -> Option<Expr>) -> Result<Expr> {
    let replaced = expr.transform(|e| {
        Ok(match &e {
            Expr::OuterReferenceColumn(_, c) => match with(&c.name) {
                Some(new) => Transformed::yes(new),
                None => Transformed::no(e),
            },
            _ => Transformed::no(e),
        })
    });
    replaced.map(|t| t.data).map_err(internal)
}

/// A subquery whose outside has been grouped since: it refers to the grouped columns.
pub(super) fn regrouped(plan: LogicalPlan, after: &dyn Fn(Expr) -> Result<Expr>) -> Result<LogicalPlan> {
    if !is_correlated(&plan) {
        return Ok(plan);
    }
    let renamed = plan.transform(|node| {
        node.map_expressions(|e| {
            e.transform(|e| {
                let Expr::OuterReferenceColumn(field, c) = &e else { return Ok(Transformed::no(e)) };
                match after(Expr::Column(c.clone()))? {
                    Expr::Column(new) => Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), new))),
                    _ => Ok(Transformed::no(e)),
                }
            })
        })
    });
    renamed.map(|t| t.data).map_err(internal)
}

/// A subquery without the conditions that refer outside, and these conditions over the columns of `outside` and its own;
/// `None` where it refers outside by anything else than conditions at its top.
pub(super) fn pulled_up(plan: LogicalPlan, outside: &LogicalPlan) -> Result<Option<(LogicalPlan, Vec<Expr>)>> {
    match plan {
        LogicalPlan::Projection(p) if !p.expr.iter().any(Expr::contains_outer) => {
            let input = Arc::unwrap_or_clone(p.input);
            let Some((input, conditions)) = pulled_up(input, outside)? else { return Ok(None) };
            let mut exprs = p.expr;
            for read in conditions.iter().flat_map(Expr::column_refs) {
                let own = input.schema().has_column_with_unqualified_name(&read.name);
                let there = exprs.iter().any(|e| e.qualified_name().1 == read.name);
                if own && !there {
                    exprs.push(Expr::Column(read.clone()));
                }
            }
            Ok(Some((project(input, exprs)?, conditions)))
        }
        LogicalPlan::Filter(f) => {
            let input = Arc::unwrap_or_clone(f.input);
            let Some((mut input, mut conditions)) = pulled_up(input, outside)? else { return Ok(None) };
            let terms = datafusion::logical_expr::utils::split_conjunction_owned(f.predicate);
            let (outer, own): (Vec<_>, Vec<_>) = terms.into_iter().partition(Expr::contains_outer);
            let here = |name: &str| outside.schema().has_column_with_unqualified_name(name).then(|| column(name));
            for condition in outer {
                conditions.push(replace_outer(condition, &here)?);
            }
            if conditions.iter().any(Expr::contains_outer) {
                return Ok(None);
            }
            if !own.is_empty() {
                input = filter(input, super::expression::balanced(Operator::And, own))?;
            }
            Ok(Some((input, conditions)))
        }
        other if is_correlated(&other) => Ok(None),
        other => Ok(Some((other, vec![]))),
    }
}

impl Analyzer<'_> {
    /// The domain of a subquery over `base`; `None` where it refers to nothing in it.
    pub(super) fn domain(&self, base: &LogicalPlan, inner: &LogicalPlan) -> Result<Option<Domain>> {
        let has = |name: &String| base.schema().has_column_with_unqualified_name(name);
        let outer: Vec<String> = outer_columns(inner).into_iter().filter(has).collect();
        if outer.is_empty() {
            return Ok(None);
        }
        let columns = project(base.clone(), outer.iter().map(|o| column(o)).collect())?;
        let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(columns)));
        Ok(Some(Domain { outer, plan }))
    }

    /// `left, LATERAL (query)`
    pub(super) fn lateral(
        &self,
        left: Rows,
        query: &ast::Query,
        (kind, condition, alias): (ast::JoinKind, &ast::JoinCondition, Option<(&ast::Ident, &[ast::Ident])>),
        (outer, ctes): (&Env<'_>, &Ctes),
    ) -> Result<Rows> {
        let env = super::relation::rows_env(outer, &left.scope);
        let inner = self.subquery(query, &env, ctes)?;
        let mut inner_scope =
            super::scope::Scope { columns: inner.scope.columns.into_iter().filter(|c| !c.hidden).collect() };
        if let Some((alias, names)) = alias {
            inner_scope = inner_scope.aliased(alias, names)?;
        }
        let shown = inner_scope.columns.into_iter();
        let scope = super::scope::Scope { columns: left.scope.columns.iter().cloned().chain(shown).collect() };
        let keep_left = matches!(kind, ast::JoinKind::Left | ast::JoinKind::Full);
        let on = match condition {
            ast::JoinCondition::On(on) if keep_left => {
                let stage = super::stage::Stage::plain("ON");
                let env = super::relation::rows_env(outer, &scope);
                let on = self.condition(on, super::stage::Context { env: &env, ctes, stage: &stage })?;
                if !stage.take_subqueries().is_empty() {
                    return Err(SqlError::unsupported("ON of a lateral join cannot hold subqueries"));
                }
                Some(on)
            }
            _ => None,
        };
        let kind = if keep_left { JoinType::Left } else { JoinType::Inner };
        let plan = match self.domain(&left.plan, &inner.plan)? {
            None => super::join::join(left.plan, inner.plan, kind, on.into_iter().collect())?,
            Some(domain) => {
                let (inner, keys) = self.decorrelate(inner.plan, &domain)?;
                let same = domain.outer.iter().zip(&keys).map(|(o, k)| (column(o), column(k))).collect();
                null_safe_join(left.plan, inner, same, (on, kind))?
            }
        };
        Ok(Rows { plan, scope })
    }

    /// The subquery for each combination of the domain, whose columns it gains under the names returned.
    pub(super) fn decorrelate(&self, plan: LogicalPlan, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let refers = outer_columns(&plan).iter().any(|c| domain.outer.contains(c));
        if !refers {
            return self.beside_domain(plan, domain);
        }
        match plan {
            LogicalPlan::Projection(p) => {
                let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(p.input), domain)?;
                let mut exprs = replaced(p.expr, domain, &keys)?;
                exprs.extend(keys.iter().map(|k| column(k)));
                Ok((project(input, exprs)?, keys))
            }
            LogicalPlan::Filter(f) => {
                let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(f.input), domain)?;
                let mut predicate = replaced(vec![f.predicate], domain, &keys)?;
                Ok((filter(input, predicate.remove(0))?, keys))
            }
            LogicalPlan::Aggregate(a) => self.decorrelate_aggregate(a, domain),
            LogicalPlan::Join(j) => self.decorrelate_join(j, domain),
            LogicalPlan::Limit(l) => self.decorrelate_limit(l, domain),
            LogicalPlan::Union(u) => self.decorrelate_union(u, domain),
            LogicalPlan::Window(w) => self.decorrelate_window(w, domain),
            LogicalPlan::Sort(s) => {
                let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(s.input), domain)?;
                let mut sort = s.expr;
                for key in &mut sort {
                    key.expr = replace_outer(key.expr.clone(), &new_name(domain, &keys))?;
                }
                let sort = datafusion::logical_expr::Sort { expr: sort, input: Arc::new(input), fetch: s.fetch };
                Ok((LogicalPlan::Sort(sort), keys))
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(input), domain)?;
                Ok((LogicalPlan::Distinct(Distinct::All(Arc::new(input))), keys))
            }
            LogicalPlan::Unnest(u) => {
                let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(u.input), domain)?;
                let unnest = Unnest::try_new(Arc::new(input), u.exec_columns, u.options).map_err(internal)?;
                Ok((LogicalPlan::Unnest(unnest), keys))
            }
            other => {
                let what = other.display().to_string();
                let what = what.split([':', ' ']).next().unwrap_or_default().to_string();
                Err(SqlError::unsupported(format!("this correlated subquery is not supported ({what})")))
            }
        }
    }

    /// Every row for every combination.
    fn beside_domain(&self, plan: LogicalPlan, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let keys: Vec<String> = domain.outer.iter().map(|_| self.fresh()).collect();
        let renamed = domain.outer.iter().zip(&keys).map(|(o, k)| column(o).alias(k)).collect();
        let combinations = project(domain.plan.clone(), renamed)?;
        Ok((super::join::join(plan, combinations, JoinType::Inner, vec![])?, keys))
    }

    fn decorrelate_aggregate(&self, a: Aggregate, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(a.input), domain)?;
        let mut aggregates = replaced(a.aggr_expr, domain, &keys)?;
        let groups = replaced(a.group_expr, domain, &keys)?;
        let by_keys: Vec<Expr> = keys.iter().map(|k| column(k)).collect();
        if groups.is_empty() {
            // Without GROUP BY there is an answer also where there are no rows.
            let marker = self.fresh();
            let input = extend(input, vec![lit(true).alias(&marker)])?;
            let all: Vec<String> = domain.outer.iter().map(|_| self.fresh()).collect();
            let renamed = domain.outer.iter().zip(&all).map(|(o, k)| column(o).alias(k)).collect();
            let combinations = project(domain.plan.clone(), renamed)?;
            let on = all.iter().zip(&keys).map(|(a, k)| (column(a), column(k))).collect();
            let joined = null_safe_join(combinations, input, on, (None, JoinType::Left))?;
            for aggregate in &mut aggregates {
                *aggregate = only_where(aggregate.clone(), column(&marker).is_not_null())?;
            }
            let group = all.iter().map(|k| column(k)).collect();
            let made = Aggregate::try_new(Arc::new(joined), group, aggregates).map_err(internal)?;
            return Ok((LogicalPlan::Aggregate(made), all));
        }
        let group = match groups.as_slice() {
            [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => {
                let sets = sets.iter().map(|s| [s.as_slice(), by_keys.as_slice()].concat()).collect();
                vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))]
            }
            _ => [groups, by_keys].concat(),
        };
        let made = Aggregate::try_new(Arc::new(input), group, aggregates).map_err(internal)?;
        Ok((LogicalPlan::Aggregate(made), keys))
    }

    fn decorrelate_join(&self, j: Join, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let refers = |p: &LogicalPlan| outer_columns(p).iter().any(|c| domain.outer.contains(c));
        let (left, right) = (Arc::unwrap_or_clone(j.left), Arc::unwrap_or_clone(j.right));
        let right_only = refers(&right) && !refers(&left);
        let safe_left =
            matches!(j.join_type, JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti);
        let safe_right = matches!(j.join_type, JoinType::Inner | JoinType::Right);
        let condition = |keys: &[String]| -> Result<Option<Expr>> {
            j.filter.clone().map(|f| replace_outer(f, &new_name(domain, keys))).transpose()
        };
        let rebuilt = |left, right, on, filter| {
            let (l, r) = (Arc::new(left), Arc::new(right));
            let join = Join::try_new(l, r, on, filter, j.join_type, j.join_constraint, j.null_equality, j.null_aware);
            join.map(LogicalPlan::Join).map_err(internal)
        };
        if right_only && safe_right {
            let (right, keys) = self.decorrelate(right, domain)?;
            let filter = condition(&keys)?;
            return Ok((rebuilt(left, right, j.on.clone(), filter)?, keys));
        }
        if !refers(&right) && safe_left {
            let (left, keys) = self.decorrelate(left, domain)?;
            let filter = condition(&keys)?;
            return Ok((rebuilt(left, right, j.on.clone(), filter)?, keys));
        }
        let (left, keys) = self.decorrelate(left, domain)?;
        let (right, others) = self.decorrelate(right, domain)?;
        let mut on = vec![];
        let mut terms = condition(&keys)?.into_iter().collect::<Vec<_>>();
        if j.null_equality == NullEquality::NullEqualsNull {
            on = j.on.clone();
        } else {
            terms.extend(j.on.iter().map(|(l, r)| l.clone().eq(r.clone())));
        }
        on.extend(keys.iter().zip(&others).map(|(a, b)| (column(a), column(b))));
        let filter = (!terms.is_empty()).then(|| super::expression::balanced(Operator::And, terms));
        if j.join_type == JoinType::Full || j.join_type == JoinType::Right {
            return Err(SqlError::unsupported("a correlated subquery cannot hold this outer join"));
        }
        Ok((null_safe_join(left, right, on, (filter, j.join_type))?, keys))
    }

    /// LIMIT counts per combination.
    fn decorrelate_limit(&self, l: Limit, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let constant = |e: &Option<Box<Expr>>| match e.as_deref() {
            Some(Expr::Literal(datafusion::common::ScalarValue::Int64(n), _)) => *n,
            _ => None,
        };
        let (skip, fetch) = (constant(&l.skip).unwrap_or(0), constant(&l.fetch));
        let (order, input) = match Arc::unwrap_or_clone(l.input) {
            LogicalPlan::Sort(s) => (s.expr, Arc::unwrap_or_clone(s.input)),
            other => (vec![], other),
        };
        let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
        let (input, keys) = self.decorrelate(input, domain)?;
        let mut order_by = order;
        for key in &mut order_by {
            key.expr = replace_outer(key.expr.clone(), &new_name(domain, &keys))?;
        }
        let params = WindowFunctionParams {
            args: vec![],
            partition_by: keys.iter().map(|k| column(k)).collect(),
            order_by,
            window_frame: WindowFrame::new(None),
            filter: None,
            null_treatment: None,
            distinct: false,
        };
        let fun = WindowFunctionDefinition::WindowUDF(datafusion::functions_window::row_number::row_number_udwf());
        let number = self.fresh();
        let window = Expr::from(WindowFunction { fun, params });
        let plan = super::window::plan_windows(input, vec![(number.clone(), window)])?;
        let mut kept = vec![column(&number).gt(lit(skip as u64))];
        kept.extend(fetch.map(|n| column(&number).lt_eq(lit((skip + n) as u64))));
        let plan = filter(plan, super::expression::balanced(Operator::And, kept))?;
        let shown = columns.into_iter().chain(keys.iter().map(|k| column(k))).collect();
        Ok((project(plan, shown)?, keys))
    }

    fn decorrelate_union(&self, u: Union, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let names: Vec<String> = domain.outer.iter().map(|_| self.fresh()).collect();
        let mut inputs = Vec::new();
        for input in u.inputs {
            let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
            let (plan, keys) = self.decorrelate(Arc::unwrap_or_clone(input), domain)?;
            let keyed = keys.iter().zip(&names).map(|(k, n)| column(k).alias(n));
            inputs.push(Arc::new(project(plan, columns.into_iter().chain(keyed).collect())?));
        }
        let union = Union::try_new_with_loose_types(inputs).map_err(internal)?;
        Ok((LogicalPlan::Union(union), names))
    }

    fn decorrelate_window(&self, w: Window, domain: &Domain) -> Result<(LogicalPlan, Vec<String>)> {
        let (input, keys) = self.decorrelate(Arc::unwrap_or_clone(w.input), domain)?;
        let mut exprs = replaced(w.window_expr, domain, &keys)?;
        for e in &mut exprs {
            let partitioned = e.clone().transform(|e| {
                Ok(match e {
                    Expr::WindowFunction(mut f) => {
                        f.params.partition_by.extend(keys.iter().map(|k| column(k)));
                        Transformed::new(Expr::WindowFunction(f), true, TreeNodeRecursion::Jump)
                    }
                    other => Transformed::no(other),
                })
            });
            *e = partitioned.map_err(internal)?.data;
        }
        let window = Window::try_new(exprs, Arc::new(input)).map_err(internal)?;
        Ok((LogicalPlan::Window(window), keys))
    }
}

/// What a column outside is called within.
fn new_name<'d>(domain: &'d Domain, keys: &'d [String]) -> impl Fn(&str) -> Option<Expr> + 'd {
    move |name| domain.outer.iter().position(|o| o == name).map(|i| column(&keys[i]))
}

fn replaced(exprs: Vec<Expr>, domain: &Domain, keys: &[String]) -> Result<Vec<Expr>> {
    exprs.into_iter().map(|e| replace_outer(e, &new_name(domain, keys))).collect()
}

/// An aggregate over the rows where `condition` holds.
fn only_where(aggregate: Expr, condition: Expr) -> Result<Expr> {
    let filtered = aggregate.transform(|e| {
        Ok(match e {
            Expr::AggregateFunction(mut f) => {
                let all = match f.params.filter.take() {
                    Some(given) => given.and(condition.clone()),
                    None => condition.clone(),
                };
                f.params.filter = Some(Box::new(all));
                Transformed::new(Expr::AggregateFunction(f), true, TreeNodeRecursion::Jump)
            }
            other => Transformed::no(other),
        })
    });
    filtered.map(|t| t.data).map_err(internal)
}
