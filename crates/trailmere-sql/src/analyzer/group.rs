//! GROUP BY: keys, grouping sets, and what an expression becomes after grouping.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, GroupingSet};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Operator, binary_expr, bitwise_and, lit, when};

use super::select::Item;
use super::stage::{Context, Stage};
use super::{Analyzer, column, extend, internal};
use crate::ast::{self, ExprKind, GroupBy, GroupingElement};
use crate::call::Typed;
use crate::error::{Kind, Result, SqlError};
use crate::operators;

/// The most grouping sets.
const MAX_SETS: usize = 2_048;

/// The keys of a query and their sets.
#[derive(Default)]
pub(super) struct Grouping {
    pub(super) keys: Vec<Key>,
    /// Indices of keys; one set where there are no grouping sets.
    pub(super) sets: Vec<Vec<usize>>,
}

/// A grouping key.
pub(super) struct Key {
    /// As written.
    written: Option<ast::Expr>,
    /// Over the rows before grouping.
    pub(super) source: Typed,
    /// Its name after grouping.
    id: String,
}

impl Key {
    /// The key after grouping.
    fn grouped(&self) -> Typed {
        Typed::new(column(&self.id), self.source.ty.clone())
    }
}

impl Analyzer<'_> {
    /// Analyzes GROUP BY.
    pub(super) fn grouping(&self, group_by: &GroupBy, items: &[Item], cx: Context<'_>) -> Result<Grouping> {
        let mut grouping = Grouping::default();
        let mut sets: Vec<Vec<usize>> = vec![vec![]];
        if group_by.auto {
            sets = vec![self.auto_keys(items, &mut grouping, cx)?];
        }
        for element in &group_by.elements {
            let these = self.element_sets(element, items, &mut grouping, cx)?;
            if sets.len() * these.len() > MAX_SETS {
                return Err(SqlError::new(Kind::Limit, format!("more than {MAX_SETS} grouping sets")));
            }
            sets = sets.iter().flat_map(|a| these.iter().map(|b| [a.as_slice(), b.as_slice()].concat())).collect();
        }
        for set in &mut sets {
            set.sort_unstable();
            set.dedup();
        }
        if group_by.distinct {
            sets.sort();
            sets.dedup();
        }
        grouping.sets = sets;
        Ok(grouping)
    }

    fn element_sets(
        &self,
        element: &GroupingElement,
        items: &[Item],
        grouping: &mut Grouping,
        cx: Context<'_>,
    ) -> Result<Vec<Vec<usize>>> {
        let several = !matches!(element, GroupingElement::Simple(_));
        let mut key_set = |set: &Vec<ast::Expr>| -> Result<Vec<usize>> {
            if let Some(e) = set.iter().find(|e| several && super::name::dotted(e).is_none()) {
                return Err(SqlError::invalid("grouping sets take columns only").at(e.at.into()));
            }
            set.iter().map(|key| self.key(key, items, grouping, cx)).collect()
        };
        match element {
            GroupingElement::Simple(set) => Ok(vec![key_set(set)?]),
            GroupingElement::Rollup(sets) => {
                let sets = sets.iter().map(key_set).collect::<Result<Vec<_>>>()?;
                Ok((0..=sets.len()).rev().map(|n| sets[..n].concat()).collect())
            }
            GroupingElement::Cube(sets) => {
                let sets = sets.iter().map(key_set).collect::<Result<Vec<_>>>()?;
                if sets.len() > 11 {
                    return Err(SqlError::new(Kind::Limit, format!("more than {MAX_SETS} grouping sets")));
                }
                let chosen = |mask: usize| (0..sets.len()).filter(move |i| mask & (1 << i) == 0);
                Ok((0..1usize << sets.len()).map(|m| chosen(m).flat_map(|i| sets[i].clone()).collect()).collect())
            }
            GroupingElement::Sets(elements) => {
                let mut all = Vec::new();
                for element in elements {
                    all.extend(self.element_sets(element, items, grouping, cx)?);
                }
                Ok(all)
            }
        }
    }

    /// The index of a key; equal keys are one.
    fn key(&self, written: &ast::Expr, items: &[Item], grouping: &mut Grouping, cx: Context<'_>) -> Result<usize> {
        let (written, source) = self.key_source(written, items, cx)?;
        let place = written.as_ref().map(|w| w.at);
        if !crate::operators::is_comparable(&source.ty) {
            let e = SqlError::invalid(format!("{} cannot be compared, so it cannot be grouped by", source.ty));
            return Err(e.at(place.and_then(Into::into)));
        }
        if let Some(i) = grouping.keys.iter().position(|k| k.source == source) {
            return Ok(i);
        }
        let id = self.fresh();
        grouping.keys.push(Key { written, source, id });
        Ok(grouping.keys.len() - 1)
    }

    /// An ordinal means an item of the select list, and so does an alias that no column has.
    fn key_source(&self, written: &ast::Expr, items: &[Item], cx: Context<'_>) -> Result<(Option<ast::Expr>, Typed)> {
        if let ExprKind::Number(n) = written.kind.as_ref() {
            let item = n.parse::<usize>().ok().and_then(|n| items.get(n.wrapping_sub(1)));
            let Some(item) = item else {
                let message =
                    format!("GROUP BY position {n} is not in the select list, which has {} items", items.len());
                return Err(SqlError::invalid(message).at(written.at.into()));
            };
            return self.item_source(item, cx);
        }
        match self.expr(written, cx) {
            Ok(source) => Ok((Some(written.clone()), source)),
            Err(e) if e.kind == Kind::NotFound => {
                let ExprKind::Name(name) = written.kind.as_ref() else { return Err(e) };
                match items.iter().find(|i| i.alias.as_ref() == Some(name)) {
                    Some(item) => self.item_source(item, cx),
                    None => Err(e),
                }
            }
            Err(e) => Err(e),
        }
    }

    fn item_source(&self, item: &Item, cx: Context<'_>) -> Result<(Option<ast::Expr>, Typed)> {
        match &item.expr {
            super::select::ItemExpr::Written(e) => Ok((Some(e.clone()), self.expr(e, cx)?)),
            super::select::ItemExpr::Column(value) => Ok((None, value.clone())),
        }
    }

    /// GROUP BY AUTO: every item without an aggregate is a key.
    fn auto_keys(&self, items: &[Item], grouping: &mut Grouping, cx: Context<'_>) -> Result<Vec<usize>> {
        let mut set = Vec::new();
        for item in items {
            let (written, source) = match self.item_source(item, cx) {
                Ok(source) => source,
                Err(e) if e.message.contains("cannot contain the aggregate") => continue,
                Err(e) => return Err(e),
            };
            let known = grouping.keys.iter().position(|k| k.source == source);
            set.push(known.unwrap_or_else(|| {
                grouping.keys.push(Key { written, source, id: self.fresh() });
                grouping.keys.len() - 1
            }));
        }
        Ok(set)
    }

    /// Plans the aggregation of a stage. Aggregates are over `plan`; so are the keys.
    pub(super) fn aggregated(&self, plan: LogicalPlan, grouping: &Grouping, stage: &Stage<'_>) -> Result<LogicalPlan> {
        let keys = &grouping.keys;
        let mut before = Vec::new();
        let mut canonical = Vec::new();
        let mut restored = Vec::new();
        for key in keys {
            let by = operators::group_key(key.source.clone());
            // A key that is the value in another form is shown itself: carrying values of nested types along is slow.
            if by.expr == key.source.expr || operators::key_is_value(&key.source.ty) {
                before.push(by.expr.alias(&key.id));
                canonical.push(column(&key.id));
            } else {
                before.push(key.source.expr.clone().alias(&key.id));
                let id = self.fresh();
                before.push(by.expr.alias(&id));
                canonical.push(column(&id));
                restored.push(key.id.clone());
            }
        }
        let plan = if before.is_empty() { plan } else { extend(plan, before)? };
        let mut aggregates: Vec<Expr> = stage.aggregates.borrow().iter().map(|(id, e)| e.clone().alias(id)).collect();
        let restore = |id: &String| {
            let first = AggregateFunction::new_udf(first_value_udaf(), vec![column(id)], false, None, vec![], None);
            Expr::AggregateFunction(first).alias(id)
        };
        aggregates.extend(restored.iter().map(restore));
        let simple = grouping.sets.len() <= 1;
        let group: Vec<Expr> = if simple {
            canonical.clone()
        } else {
            let sets = grouping.sets.iter().map(|s| s.iter().map(|i| canonical[*i].clone()).collect()).collect();
            vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))]
        };
        if group.is_empty() && aggregates.is_empty() {
            aggregates.push(count_all().alias(self.fresh()));
        }
        let plan = self.grouped_by(plan, group, aggregates)?;
        if simple { self.without_sets(plan, grouping, stage) } else { self.with_sets(plan, grouping, &restored, stage) }
    }

    /// `grouping()` without grouping sets is 0.
    fn without_sets(&self, plan: LogicalPlan, grouping: &Grouping, stage: &Stage<'_>) -> Result<LogicalPlan> {
        let groupings = stage.groupings.borrow();
        for (id, keys) in groupings.iter() {
            grouping_mask(id, keys, grouping, &|_| lit(false))?;
        }
        if groupings.is_empty() {
            return Ok(plan);
        }
        let zero = |(id, keys): &(String, Vec<Typed>)| if keys.len() < 32 { lit(0i32) } else { lit(0i64) }.alias(id);
        extend(plan, groupings.iter().map(zero).collect())
    }

    /// Keys that are not in a row's set are NULL, and `grouping()` says which they are.
    fn with_sets(
        &self,
        plan: LogicalPlan,
        grouping: &Grouping,
        restored: &[String],
        stage: &Stage<'_>,
    ) -> Result<LogicalPlan> {
        // The order in which DataFusion numbers the keys: as they first occur in the sets.
        let mut order: Vec<usize> = Vec::new();
        for i in grouping.sets.iter().flatten() {
            if !order.contains(i) {
                order.push(*i);
            }
        }
        let id =
            datafusion::logical_expr::cast(column(Aggregate::INTERNAL_GROUPING_ID), arrow::datatypes::DataType::Int64);
        let bit = |key: usize| {
            let place = order.iter().position(|k| *k == key)?;
            Some(1i64 << (order.len() - 1 - place))
        };
        let absent = |key: usize| match bit(key) {
            Some(bit) => binary_expr(bitwise_and(id.clone(), lit(bit)), Operator::NotEq, lit(0i64)),
            None => lit(true),
        };
        let columns = plan.schema().columns();
        let mut exprs: Vec<Expr> = Vec::new();
        for c in columns.into_iter().filter(|c| c.name != Aggregate::INTERNAL_GROUPING_ID) {
            let key = grouping.keys.iter().position(|k| k.id == c.name && restored.contains(&k.id));
            exprs.push(match key {
                Some(key) => {
                    let kept = when(Expr::Not(Box::new(absent(key))), column(&c.name)).end().map_err(internal)?;
                    kept.alias(&c.name)
                }
                None => Expr::Column(c),
            });
        }
        for (id, keys) in stage.groupings.borrow().iter() {
            exprs.push(grouping_mask(id, keys, grouping, &absent)?);
        }
        super::project(plan, exprs)
    }
}

fn grouping_mask(id: &str, keys: &[Typed], grouping: &Grouping, absent: &dyn Fn(usize) -> Expr) -> Result<Expr> {
    let mut mask = lit(0i64);
    for (i, key) in keys.iter().enumerate() {
        let Some(k) = grouping.keys.iter().position(|k| k.source == *key) else {
            return Err(SqlError::invalid("an argument of `grouping` is not a grouping key"));
        };
        let weight = 1i64 << (keys.len() - 1 - i);
        let bit = when(absent(k), lit(weight)).otherwise(lit(0i64)).map_err(internal)?;
        mask = binary_expr(mask, Operator::Plus, bit);
    }
    let ty = if keys.len() < 32 { arrow::datatypes::DataType::Int32 } else { arrow::datatypes::DataType::Int64 };
    Ok(datafusion::logical_expr::cast(mask, ty).alias(id))
}

/// `count(*)`
pub(super) fn count_all() -> Expr {
    let count = datafusion::functions_aggregate::count::count_udaf();
    Expr::AggregateFunction(AggregateFunction::new_udf(count, vec![lit(1i64)], false, None, vec![], None))
}

impl Grouping {
    /// All columns as keys.
    pub(super) fn of_columns(analyzer: &Analyzer<'_>, columns: &[super::scope::ScopeColumn]) -> Grouping {
        let key = |c: &super::scope::ScopeColumn| Key { written: None, source: c.typed(), id: analyzer.fresh() };
        let keys: Vec<Key> = columns.iter().map(key).collect();
        Grouping { sets: vec![(0..keys.len()).collect()], keys }
    }

    /// The names of the keys after grouping.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|k| k.id.as_str())
    }

    /// The keys as written, with what they are after grouping.
    pub(super) fn written(&self) -> Vec<(ast::Expr, Typed)> {
        let literal = |e: &ast::Expr| matches!(e.kind.as_ref(), ExprKind::Number(_) | ExprKind::String(_));
        let keys = self.keys.iter().filter_map(|k| Some((k.written.clone()?, k.grouped())));
        keys.filter(|(e, _)| !literal(e)).collect()
    }

    /// What an expression over the rows is after grouping. `known` are the columns that grouping makes.
    pub(super) fn after(
        &self,
        expr: Expr,
        known: &dyn Fn(&str) -> bool,
        name: &dyn Fn(&str) -> String,
    ) -> Result<Expr> {
        let replaced = expr.transform_down(|e| {
            if let Some(key) = self.keys.iter().find(|k| k.source.expr == e && k.source.literal().is_none()) {
                return Ok(Transformed::new(column(&key.id), true, TreeNodeRecursion::Jump));
            }
            match &e {
                Expr::Column(c) if !known(&c.name) && !self.keys.iter().any(|k| k.id == c.name) => {
                    let message = format!("`{}` must be an aggregate expression or appear in GROUP BY", name(&c.name));
                    Err(SqlError::invalid(message).into())
                }
                _ => Ok(Transformed::no(e)),
            }
        });
        replaced.map(|t| t.data).map_err(internal)
    }
}
