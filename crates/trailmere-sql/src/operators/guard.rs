//! How is `x <> 0 AND 10 / x > 1` kept from failing where x is 0?
//!
//! DataFusion may compute both sides of AND and OR for all rows, splits conditions apart, and turns a CASE of booleans
//! into AND and OR. Where a term can fail, it is therefore computed under what stands before it: by a CASE over
//! tinyint, which DataFusion leaves alone and computes lazily. Terms that cannot fail stay plain, and prune.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

use super::carry::carry_conditions;
use crate::call::Typed;
use crate::cast;
use crate::types::Type;

/// Guards the conditions and projections of a plan and of the subqueries in it.
pub fn protect_plan(plan: LogicalPlan) -> DfResult<LogicalPlan> {
    let plan = carry_conditions(plan)?;
    let guarded = plan.transform_up_with_subqueries(|node| {
        let wanted = matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Projection(_) | LogicalPlan::Join(_));
        if !wanted || !node.expressions().iter().any(may_fail) {
            return Ok(Transformed::no(node));
        }
        let inputs = node.inputs();
        let schema = merge_schema(&inputs);
        let mut sides = vec![];
        match &node {
            LogicalPlan::Projection(_) => {}
            _ => inputs.iter().for_each(|input| collect_sides(input, &mut sides)),
        }
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let guarded = Guard { schema: &schema, sides: &sides }.expr(expr)?;
            Ok(Transformed::yes(name.restore(guarded)))
        })
    })?;
    Ok(guarded.data)
}

/// Guards an expression that stands alone, such as the body of a lambda.
pub fn protect_expr(expr: Expr, schema: &DFSchema) -> DfResult<Expr> {
    if may_fail(&expr) { Guard { schema, sides: &[] }.expr(expr) } else { Ok(expr) }
}

/// The relations that are joined below: a guard must not tie a condition on one of them to another.
fn collect_sides(plan: &LogicalPlan, sides: &mut Vec<DFSchemaRef>) {
    match plan {
        LogicalPlan::Join(join) => {
            collect_sides(&join.left, sides);
            collect_sides(&join.right, sides);
        }
        other => sides.push(DFSchemaRef::clone(other.schema())),
    }
}

/// Whether computing it can fail: it calls, on something that is not constant, what is not known to be total.
pub(crate) fn may_fail(expr: &Expr) -> bool {
    let mut fails = false;
    let _ = expr.apply(|e| {
        if let Expr::ScalarFunction(call) = e
            && !is_total(call.func.name())
            && !is_constant(e)
        {
            fails = true;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    fails
}

fn is_constant(expr: &Expr) -> bool {
    let varies = expr.exists(|e| {
        Ok(matches!(
            e,
            Expr::Column(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::ScalarSubquery(_)
                | Expr::Placeholder(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
        ))
    });
    !varies.unwrap_or(true)
}

/// Calls that give a value for every argument (a constant pattern or path is checked before). What is missing here is
/// only computed more carefully.
const TOTAL: &str = "\
    get_field instant group_key time_of_utc_day pad array row || greatest least at_time_zone try_cast \
    like lower upper trim ltrim rtrim length reverse replace strpos substr substring concat starts_with \
    split levenshtein_distance element_at cardinality contains json_extract json_extract_scalar \
    json_array_get json_array_length json_array_contains json_size json_format is_json_scalar \
    regexp_like regexp_extract regexp_extract_all regexp_replace regexp_count map_keys map_values \
    map_entries array_distinct array_join date_trunc date_format format_datetime to_unixtime to_iso8601 \
    day month year hour minute second week quarter day_of_week day_of_year now coalesce";

fn is_total(name: &str) -> bool {
    let family = ["extract_", "float ", "compare ", "decimal "].iter().any(|prefix| name.starts_with(prefix));
    family || name == cast::DAY_OF_TIMESTAMP || name == "is distinct from" || TOTAL.split(' ').any(|n| n == name)
}

/// So many of the conditions before it guard a term, so that long chains do not grow with their square.
const MOST_CONDITIONS: usize = 32;

/// So many terms that may fail guard those after them, too.
const MOST_NESTED: usize = 3;

struct Guard<'a> {
    schema: &'a DFSchema,
    sides: &'a [DFSchemaRef],
}

impl Guard<'_> {
    fn expr(&self, expr: Expr) -> DfResult<Expr> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
                let mut terms = vec![];
                flatten(expr, op, &mut terms);
                self.junction(op, terms)
            }
            Expr::Case(_) => {
                let inner = expr.map_children(|e| Ok(Transformed::yes(self.expr(e)?)))?.data;
                self.case(inner)
            }
            other => Ok(other.map_children(|e| Ok(Transformed::yes(self.expr(e)?)))?.data),
        }
    }

    fn junction(&self, op: Operator, terms: Vec<Expr>) -> DfResult<Expr> {
        let mut guarded: Vec<Expr> = Vec::with_capacity(terms.len());
        let mut before: Vec<Expr> = Vec::with_capacity(terms.len());
        let mut failing = 0;
        for term in terms {
            let term = self.expr(term)?;
            let fails = may_fail(&term);
            let reach = self.reach(&term);
            let conditions: Vec<Expr> =
                before.iter().filter(|b| fails && self.reach(b) & !reach == 0).cloned().collect();
            let nearest = conditions.len().saturating_sub(MOST_CONDITIONS);
            let conditions = conditions[nearest..].to_vec();
            let term = if conditions.is_empty() { term } else { under(op, balanced(op, conditions), term)? };
            failing += usize::from(fails);
            // A term that may fail has its own guards within it: each one that guards doubles the next.
            if !fails || failing <= MOST_NESTED {
                before.push(term.clone());
            }
            guarded.push(term);
        }
        Ok(balanced(op, guarded))
    }

    /// Which of the joined relations an expression needs, as bits.
    fn reach(&self, expr: &Expr) -> u64 {
        let columns = expr.column_refs();
        let used = |side: &DFSchemaRef| columns.iter().any(|c| side.has_column(c));
        self.sides.iter().take(64).enumerate().filter(|(_, s)| used(s)).fold(0, |bits, (i, _)| bits | 1 << i)
    }

    /// A CASE of booleans whose branches may fail.
    fn case(&self, expr: Expr) -> DfResult<Expr> {
        let Expr::Case(case) = &expr else { return Ok(expr) };
        let results = || case.when_then_expr.iter().map(|(_, then)| then).chain(case.else_expr.as_ref());
        let later = case.when_then_expr.iter().skip(1).map(|(when, _)| when);
        if !results().chain(later).any(|e| may_fail(e)) {
            return Ok(expr);
        }
        let first = results().next();
        let boolean =
            first.is_some_and(|e| e.get_type(self.schema).is_ok_and(|t| t == arrow::datatypes::DataType::Boolean));
        let Expr::Case(case) = expr else { return Ok(expr) };
        if !boolean {
            return Ok(Expr::Case(case));
        }
        let branches = case.when_then_expr.into_iter().map(|(when, then)| (when, Box::new(as_number(*then)))).collect();
        let otherwise = case.else_expr.map(|e| Box::new(as_number(*e)));
        as_boolean(Expr::Case(Case::new(case.expr, branches, otherwise)))
    }
}

/// The term where the condition leaves it open, else what the junction comes to anyway.
fn under(op: Operator, condition: Expr, term: Expr) -> DfResult<Expr> {
    let (open, settled) = match op {
        Operator::And => (Expr::IsNotFalse(Box::new(condition)), 0_i8),
        _ => (Expr::IsNotTrue(Box::new(condition)), 1_i8),
    };
    let settled = Box::new(datafusion::prelude::lit(settled));
    as_boolean(Expr::Case(Case::new(None, vec![(Box::new(open), Box::new(as_number(term)))], Some(settled))))
}

/// A boolean as a tinyint. By CASE, not by a call: DataFusion asks for the type of a call's arguments again and again, and
/// those asked twice at each level of nesting would be asked forever.
fn as_number(expr: Expr) -> Expr {
    let pairs = [(true, 1_i8), (false, 0)];
    let pairs =
        pairs.map(|(from, to)| (Box::new(datafusion::prelude::lit(from)), Box::new(datafusion::prelude::lit(to))));
    Expr::Case(Case::new(Some(Box::new(expr)), pairs.into(), None))
}

fn as_boolean(expr: Expr) -> DfResult<Expr> {
    Ok(cast::cast(Typed::new(expr, Type::TinyInt), &Type::Boolean)?.expr)
}

/// The terms of a chain of ANDs or ORs, in order.
fn flatten(expr: Expr, op: Operator, terms: &mut Vec<Expr>) {
    let mut stack = vec![expr];
    while let Some(expr) = stack.pop() {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: same, right }) if same == op => {
                stack.push(*right);
                stack.push(*left);
            }
            other => terms.push(other),
        }
    }
}

/// Joins terms without deep nesting.
fn balanced(op: Operator, mut terms: Vec<Expr>) -> Expr {
    while terms.len() > 1 {
        let mut pairs = Vec::with_capacity(terms.len().div_ceil(2));
        let mut rest = terms.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))),
                None => left,
            });
        }
        terms = pairs;
    }
    terms.pop().unwrap_or_else(|| datafusion::prelude::lit(op == Operator::And))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::{ArithmeticOp, ComparisonOp, arithmetic, case, comparison};
    use crate::testing::rows;
    use crate::{literal, operators};
    use arrow::array::{ArrayRef, Int32Array};
    use datafusion::prelude::col;
    use std::sync::Arc;

    fn x() -> Typed {
        Typed::new(col("c0"), Type::Integer)
    }

    fn number(text: &str) -> Typed {
        literal::number(text).unwrap()
    }

    fn quotient_is_great() -> Typed {
        let quotient = arithmetic(ArithmeticOp::Divide, number("10"), x()).unwrap();
        comparison(ComparisonOp::Gt, quotient, number("5")).unwrap()
    }

    fn run(value: Typed) -> Result<Vec<String>, String> {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![Some(0), Some(1), Some(2), None, Some(3), Some(4)]));
        let schema = arrow::datatypes::Schema::new(vec![crate::function::field_of("c0", &Type::Integer)]);
        let schema = DFSchema::try_from(schema).unwrap();
        let guarded = Typed::new(protect_expr(value.expr, &schema).unwrap(), value.ty);
        rows(&guarded, &[(Type::Integer, values)])
    }

    #[test]
    fn a_condition_guards_what_follows() {
        let not_zero = comparison(ComparisonOp::Ne, x(), number("0")).unwrap();
        let both = operators::and(not_zero.clone(), quotient_is_great()).unwrap();
        assert_eq!(run(both).unwrap(), ["false", "true", "false", "null", "false", "false"]);
        let zero = comparison(ComparisonOp::Eq, x(), number("0")).unwrap();
        let either = operators::or(zero, quotient_is_great()).unwrap();
        assert_eq!(run(either).unwrap(), ["true", "true", "false", "null", "false", "false"]);
        let branches = case(vec![(not_zero, quotient_is_great())], Some(literal::boolean("false").unwrap())).unwrap();
        assert_eq!(run(branches).unwrap(), ["false", "true", "false", "false", "false", "false"]);
        assert!(run(quotient_is_great()).unwrap_err().contains("Division by zero"));
    }

    #[test]
    fn what_cannot_fail_stays_plain() {
        let schema = DFSchema::empty();
        let plain = operators::and(
            comparison(ComparisonOp::Ne, x(), number("0")).unwrap(),
            comparison(ComparisonOp::Gt, x(), number("5")).unwrap(),
        )
        .unwrap();
        assert_eq!(protect_expr(plain.expr.clone(), &schema).unwrap(), plain.expr);
    }
}
