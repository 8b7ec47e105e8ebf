//! Carries members of struct columns instead of whole ones.
//!
//! `userIdentity` has more than twenty columns within it. DataFusion takes out of it what a filter or a projection right
//! above the scan needs, but a window, a join or a sort in between would carry all of it. So a scan's projection gives
//! each member that the plan reads a column of its own, where nobody reads the whole.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema, Result as DfResult};
use datafusion::functions::core::expr_fn::get_field_path;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Splits struct columns into the members that are read.
#[derive(Debug)]
pub(crate) struct SplitStructs;

/// Of each column that can be split, the members that are read.
type Members = BTreeMap<String, BTreeSet<Vec<String>>>;

impl OptimizerRule for SplitStructs {
    fn name(&self) -> &str {
        "split_structs"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        None
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> DfResult<Transformed<LogicalPlan>> {
        let members = members(&plan)?;
        if members.is_empty() {
            return Ok(Transformed::no(plan));
        }
        plan.transform_up_with_subqueries(|node| match scanned(&node) {
            Some(_) => split(node, &members),
            None => read(node, &members),
        })
    }
}

/// What of which columns is read, for those that are only read in part.
fn members(plan: &LogicalPlan) -> DfResult<Members> {
    let (mut members, mut whole, mut structs) = (Members::new(), HashSet::new(), HashSet::new());
    whole.extend(names(plan.schema()));
    plan.apply_with_subqueries(|node| {
        structs.extend(scanned(node).into_iter().flatten().map(|(name, _)| name));
        if !passes_columns(node) {
            node.inputs().iter().for_each(|input| whole.extend(names(input.schema())));
        }
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Some((name, path)) = member(part) {
                    members.entry(name).or_default().insert(path);
                    return Ok(TreeNodeRecursion::Jump);
                }
                match part {
                    Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => {
                        whole.insert(column.name.clone());
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    members.retain(|name, paths| structs.contains(name) && !whole.contains(name) && !paths.is_empty());
    Ok(members)
}

fn names(schema: &DFSchema) -> impl Iterator<Item = String> {
    schema.fields().iter().map(|field| field.name().clone())
}

/// Whether a node hands on its input's columns by their names, or chooses among them by expressions.
fn passes_columns(node: &LogicalPlan) -> bool {
    matches!(
        node,
        LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::TableScan(_)
            | LogicalPlan::Subquery(_)
    )
}

/// The struct columns of a projection right above a scan, by the names that it gives them, with where they come from.
fn scanned(node: &LogicalPlan) -> Option<Vec<(String, Expr)>> {
    let LogicalPlan::Projection(projection) = node else { return None };
    let LogicalPlan::TableScan(scan) = projection.input.as_ref() else { return None };
    let columns = projection.expr.iter().filter_map(|expr| {
        let Expr::Alias(Alias { expr: source, relation: None, name, .. }) = expr else { return None };
        let Expr::Column(column) = source.as_ref() else { return None };
        let field = scan.projected_schema.field_from_column(column).ok()?;
        matches!(field.data_type(), DataType::Struct(_)).then(|| (name.clone(), source.as_ref().clone()))
    });
    Some(columns.collect())
}

/// The column and the path of `get_field(column, 'member', …)`.
fn member(expr: &Expr) -> Option<(String, Vec<String>)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    if call.name() != "get_field" {
        return None;
    }
    let (base, steps) = call.args.split_first()?;
    let (name, mut path) = match base {
        Expr::Column(Column { relation: None, name, .. }) => (name.clone(), vec![]),
        _ => member(base)?,
    };
    for step in steps {
        let Expr::Literal(step, _) = step else { return None };
        path.push(step.try_as_str()??.to_owned());
    }
    Some((name, path))
}

/// The name of a member's own column.
fn own_name(column: &str, path: &[String]) -> String {
    format!("{column}.{}", path.join("."))
}

/// The projection right above a scan, with a column for each member.
fn split(node: LogicalPlan, members: &Members) -> DfResult<Transformed<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = node else { return Ok(Transformed::no(node)) };
    let mut exprs = vec![];
    for expr in projection.expr {
        let Expr::Alias(Alias { expr: source, name, .. }) = &expr else {
            exprs.push(expr);
            continue;
        };
        match members.get(name).filter(|_| matches!(source.as_ref(), Expr::Column(_))) {
            Some(paths) => exprs.extend(paths.iter().map(|path| {
                let steps = path.iter().map(|step| lit(step.as_str())).collect();
                get_field_path(source.as_ref().clone(), steps).alias(own_name(name, path))
            })),
            None => exprs.push(expr),
        }
    }
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(exprs, projection.input)?)))
}

/// Any other node, reading the members' columns.
fn read(node: LogicalPlan, members: &Members) -> DfResult<Transformed<LogicalPlan>> {
    let is_named = matches!(node, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Window(_));
    let names = NamePreserver::new_for_projection();
    let read = node.map_expressions(|expr| {
        let saved = is_named.then(|| names.save(&expr));
        let read = expr.transform_down(|part| match member(&part) {
            Some((name, path)) if members.contains_key(&name) => {
                let own = Expr::Column(Column::new_unqualified(own_name(&name, &path)));
                Ok(Transformed::new(own, true, TreeNodeRecursion::Jump))
            }
            _ => Ok(Transformed::no(part)),
        })?;
        Ok(match saved {
            Some(saved) => read.update_data(|expr| saved.restore(expr)),
            None => read,
        })
    })?;
    // Also where nothing was read: what is below has other columns now.
    Ok(Transformed::yes(read.data.recompute_schema()?))
}
