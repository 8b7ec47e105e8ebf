//! Expressions: what each kind of syntax means, and of which type it is.

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use super::Analyzer;
use super::stage::Context;
use crate::ast::{self, Arithmetic, Comparison, ExprKind};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::types::Type;
use crate::{cast, coercion, literal, operators, scalar};

impl Analyzer<'_> {
    /// Analyzes an expression; constants are computed at once.
    pub(super) fn expr(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        if let Some(key) = grouping_key(e, cx) {
            return Ok(cx.env.carry(key));
        }
        self.kind(e, cx).map(fold).map_err(|err| err.at(e.at.into()))
    }

    /// An expression that must be a boolean.
    pub(super) fn condition(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Expr> {
        let typed = self.expr(e, cx)?;
        boolean(typed).map_err(|err| err.at(e.at.into()))
    }

    fn kind(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        match e.kind.as_ref() {
            ExprKind::Name(_) | ExprKind::Field(..) => self.name(e, cx),
            ExprKind::Call(call) => self.call(call, e.at, cx),
            ExprKind::Null => Ok(literal::null()),
            ExprKind::Boolean(b) => Ok(Typed::constant(ScalarValue::Boolean(Some(*b)), Type::Boolean)),
            ExprKind::Number(text) => literal::number(text),
            ExprKind::String(text) => Ok(literal::string(text)),
            ExprKind::Binary(hex) => binary(hex),
            ExprKind::Typed(name, text) => literal::typed(name, text),
            ExprKind::Interval { value, negative, from, to } => {
                literal::interval(value, *negative, from, to.as_deref())
            }
            ExprKind::Parameter(name) => self.parameter(name),
            ExprKind::Current(what, precision) => self.current(what, *precision),
            ExprKind::Scalar(query) => self.scalar_subquery(query, cx),
            ExprKind::Exists(query) => self.exists(query, cx),
            ExprKind::Unique(query) => self.unique(query, cx),
            ExprKind::InQuery(value, query) => self.in_subquery(value, query, cx),
            ExprKind::Quantified(op, all, value, query) => self.quantified((*op, *all), value, query, cx),
            ExprKind::Grouping(keys) => self.grouping_call(keys, cx),
            ExprKind::Semantics(whole, inner) => match cx.env.pattern() {
                Some(frame) => {
                    let physical = |c: &ast::Call| ["prev", "next"].iter().any(|n| ast::same_name(n, &c.name.value));
                    if matches!(inner.kind.as_ref(), ExprKind::Call(c) if physical(c)) {
                        return Err(SqlError::invalid("RUNNING and FINAL go with FIRST, LAST and aggregates"));
                    }
                    self.with_semantics(frame, *whole, || self.expr(inner, cx))
                }
                None => Err(SqlError::invalid("RUNNING and FINAL belong into a pattern")),
            },
            ExprKind::Measure(name, over) => self.measure(name, over, cx),
            ExprKind::Lambda(..) => Err(SqlError::invalid("a lambda can only be an argument of a function")),
            _ => self.operator(e, cx),
        }
    }

    fn operator(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        let expr = |e: &ast::Expr| self.expr(e, cx);
        match e.kind.as_ref() {
            ExprKind::Subscript(base, index) => {
                let base = expr(base)?;
                match index.kind.as_ref() {
                    ExprKind::Name(all) if all.value == "*" => super::json_access::elements(base),
                    _ if base.ty == Type::Json => super::json_access::element(base, &expr(index)?),
                    _ => subscript(base, expr(index)?),
                }
            }
            ExprKind::Negate(inner) => operators::negate(expr(inner)?),
            ExprKind::Plus(inner) => plus(expr(inner)?),
            ExprKind::Arithmetic(op, a, b) => operators::arithmetic(arithmetic(*op), expr(a)?, expr(b)?),
            ExprKind::Concat(a, b) => operators::concat(vec![expr(a)?, expr(b)?]),
            ExprKind::Compare(op, a, b) => operators::comparison(comparison(*op), expr(a)?, expr(b)?),
            ExprKind::And(terms) => self.junction(Operator::And, terms, cx),
            ExprKind::Or(terms) => self.junction(Operator::Or, terms, cx),
            ExprKind::Not(inner) => self.negation(inner, cx),
            ExprKind::IsNull(inner) => Ok(Typed::new(expr(inner)?.expr.is_null(), Type::Boolean)),
            ExprKind::Distinct(a, b) => operators::distinct_from(expr(a)?, expr(b)?),
            ExprKind::Between(x, low, high) => operators::between(expr(x)?, expr(low)?, expr(high)?),
            ExprKind::InList(x, list) => operators::in_list(expr(x)?, list.iter().map(expr).collect::<Result<_>>()?),
            ExprKind::Like(value, pattern, escape) => {
                operators::like(expr(value)?, expr(pattern)?, escape.as_ref().map(expr).transpose()?)
            }
            ExprKind::Case(operand, branches, otherwise) => {
                self.case(operand.as_ref(), branches, otherwise.as_ref(), cx)
            }
            ExprKind::Cast(inner, ty, false) => cast::cast(expr(inner)?, ty),
            ExprKind::Cast(inner, ty, true) => cast::try_cast(expr(inner)?, ty),
            ExprKind::Row(fields) => {
                let field = |(name, e): &(Option<ast::Ident>, ast::Expr)| {
                    Ok((name.as_ref().map(|n| n.value.clone()), expr(e)?))
                };
                operators::row(fields.iter().map(field).collect::<Result<_>>()?)
            }
            ExprKind::Array(items) => operators::array(items.iter().map(expr).collect::<Result<_>>()?),
            ExprKind::Extract(field, from) => operators::extract(field, expr(from)?),
            ExprKind::AtTimeZone(value, zone) => operators::at_time_zone(expr(value)?, expr(zone)?),
            _ => Err(SqlError::unsupported("this expression is not supported")),
        }
    }

    /// AND, OR: a balanced tree, because a statement may have thousands of terms.
    fn junction(&self, op: Operator, terms: &[ast::Expr], cx: Context<'_>) -> Result<Typed> {
        let terms = terms.iter().map(|t| self.condition(t, cx)).collect::<Result<Vec<_>>>()?;
        Ok(Typed::new(balanced(op, terms), Type::Boolean))
    }

    fn negation(&self, inner: &ast::Expr, cx: Context<'_>) -> Result<Typed> {
        let inner = self.condition(inner, cx)?;
        Ok(Typed::new(Expr::Not(Box::new(inner)), Type::Boolean))
    }

    fn parameter(&self, name: &str) -> Result<Typed> {
        let known = &self.options.parameters;
        if let Some((_, value)) = known.iter().find(|(n, _)| ast::same_name(n, name)) {
            return Ok(value.clone());
        }
        let e = SqlError::not_found(format!("no value is given for the parameter `${name}`"));
        Err(match crate::nearest::nearest(name, known.iter().map(|(n, _)| n.as_str())) {
            Some(near) => e.hint(format!("did you mean `${near}`?")),
            None => e,
        })
    }

    /// CURRENT_DATE and its like, all of the moment that the options give, in UTC.
    pub(super) fn current(&self, what: &str, precision: Option<u8>) -> Result<Typed> {
        let precision = usize::from(precision.unwrap_or(3));
        let nanos = format!("{:09}000", self.options.now.timestamp_subsec_nanos().min(999_999_999));
        let fraction = if precision > 0 { format!(".{}", &nanos[..precision]) } else { String::new() };
        let time = |format: &str| self.options.now.format(format).to_string();
        match what {
            "current_date" => literal::typed("date", &time("%Y-%m-%d")),
            "current_timestamp" => literal::typed("timestamp", &format!("{}{fraction} UTC", time("%Y-%m-%d %H:%M:%S"))),
            "localtimestamp" => literal::typed("timestamp", &format!("{}{fraction}", time("%Y-%m-%d %H:%M:%S"))),
            "current_time" => literal::typed("time", &format!("{}{fraction}+00:00", time("%H:%M:%S"))),
            "localtime" => literal::typed("time", &format!("{}{fraction}", time("%H:%M:%S"))),
            _ => Err(super::call::left_out(what)
                .unwrap_or_else(|| SqlError::unsupported(format!("`{what}` is not supported")))),
        }
    }
}

/// The grouped column, where the expression is a grouping key as written.
fn grouping_key(e: &ast::Expr, cx: Context<'_>) -> Option<Typed> {
    let keys = cx.stage.keys.borrow();
    if keys.is_empty() || cx.env.in_lambda() {
        return None;
    }
    keys.iter().find(|(key, _)| key == e).map(|(_, value)| value.clone())
}

/// Joins conditions by AND or OR.
pub(super) fn balanced(op: Operator, mut terms: Vec<Expr>) -> Expr {
    while terms.len() > 1 {
        let mut pairs = Vec::with_capacity(terms.len().div_ceil(2));
        let mut rest = terms.into_iter();
        while let Some(a) = rest.next() {
            pairs.push(match rest.next() {
                Some(b) => binary_expr(a, op, b),
                None => a,
            });
        }
        terms = pairs;
    }
    terms.pop().unwrap_or_else(|| datafusion::prelude::lit(op == Operator::And))
}

pub(super) fn boolean(typed: Typed) -> Result<Expr> {
    match typed.ty {
        Type::Boolean => Ok(typed.expr),
        Type::Unknown => Ok(coercion::coerce(typed, &Type::Boolean)?.expr),
        other => Err(SqlError::invalid(format!("expected a condition, found {other}"))),
    }
}

fn plus(inner: Typed) -> Result<Typed> {
    if inner.ty.is_numeric() || inner.ty == Type::Unknown {
        return Ok(inner);
    }
    Err(SqlError::invalid(format!("`+` cannot be applied to {}", inner.ty)))
}

fn binary(hex: &str) -> Result<Typed> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok().filter(|t| t.len() == 2)?;
        u8::from_str_radix(text, 16).ok()
    });
    match pairs.collect::<Option<Vec<u8>>>() {
        Some(bytes) => Ok(Typed::constant(ScalarValue::BinaryView(Some(bytes)), Type::Varbinary)),
        None => Err(SqlError::new(crate::error::Kind::Syntax, "a binary literal takes pairs of hexadecimal digits")),
    }
}

/// `a[i]`; a row takes a constant position.
fn subscript(base: Typed, index: Typed) -> Result<Typed> {
    let Type::Row(fields) = &base.ty else { return operators::subscript(base, index) };
    let position = match index.literal() {
        Some(ScalarValue::Int32(Some(n))) => usize::try_from(*n).ok(),
        _ => return Err(SqlError::invalid("the subscript of a row must be a constant integer")),
    };
    match position {
        Some(n) if n >= 1 && n <= fields.len() => operators::field_at(base, n - 1),
        _ => Err(SqlError::invalid(format!("the row has {} fields; its subscripts are 1 to {0}", fields.len()))),
    }
}

fn arithmetic(op: Arithmetic) -> operators::ArithmeticOp {
    match op {
        Arithmetic::Add => operators::ArithmeticOp::Add,
        Arithmetic::Subtract => operators::ArithmeticOp::Subtract,
        Arithmetic::Multiply => operators::ArithmeticOp::Multiply,
        Arithmetic::Divide => operators::ArithmeticOp::Divide,
        Arithmetic::Modulus => operators::ArithmeticOp::Modulus,
    }
}

pub(super) fn comparison(op: Comparison) -> operators::ComparisonOp {
    match op {
        Comparison::Eq => operators::ComparisonOp::Eq,
        Comparison::Ne => operators::ComparisonOp::Ne,
        Comparison::Lt => operators::ComparisonOp::Lt,
        Comparison::Le => operators::ComparisonOp::Le,
        Comparison::Gt => operators::ComparisonOp::Gt,
        Comparison::Ge => operators::ComparisonOp::Ge,
    }
}

/// Computes what consists of constants, unless that fails: then it fails, if ever, when it runs.
fn fold(typed: Typed) -> Typed {
    match &typed.expr {
        Expr::Literal(..) | Expr::Column(_) | Expr::OuterReferenceColumn(..) => typed,
        Expr::ScalarFunction(_) => scalar::fold(typed),
        expr if all_literal(expr) => match evaluate(expr) {
            Some(value) => Typed::constant(value, typed.ty),
            None => typed,
        },
        _ => typed,
    }
}

fn all_literal(expr: &Expr) -> bool {
    let mut only = true;
    let visited = expr.apply_children(|child| {
        only &= matches!(child, Expr::Literal(..));
        Ok(if only { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    only && visited.is_ok()
}

/// The value of an expression without columns.
pub(super) fn evaluate(expr: &Expr) -> Option<ScalarValue> {
    use datafusion::logical_expr::execution_props::ExecutionProps;
    let schema = datafusion::common::DFSchema::empty();
    let context = datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext::default();
    let props = ExecutionProps::new();
    let physical = datafusion::physical_expr::create_physical_expr(expr, &schema, &props, &context).ok()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
    let empty = std::sync::Arc::new(arrow::datatypes::Schema::empty());
    let batch = arrow::array::RecordBatch::try_new_with_options(empty, vec![], &options).ok()?;
    let value = physical.evaluate(&batch).ok()?.into_array(1).ok()?;
    ScalarValue::try_from_array(&value, 0).ok()
}
