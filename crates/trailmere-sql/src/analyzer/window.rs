//! Window calls: OVER, named windows, frames.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{NullTreatment, Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, Window, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};

use super::call::{arguments, coerced, library};
use super::scope::Env;
use super::stage::Context;
use super::varying_frame::Computation;
use super::{Analyzer, internal};
use crate::ast::{self, At, Call, Frame, FrameBound, FrameUnit, Over, WindowSpec};
use crate::call::Typed;
use crate::error::{Result, SqlError};
use crate::function::FunctionKind;
use crate::types::Type;
use crate::{coercion, operators};

impl Analyzer<'_> {
    /// A call with OVER: a column of the stage's windows.
    pub(super) fn window_call(&self, call: &Call, at: At, cx: Context<'_>) -> Result<Typed> {
        if !cx.stage.windowed {
            return Err(SqlError::invalid(format!("{} cannot contain window functions", cx.stage.clause)));
        }
        if cx.env.in_lambda() {
            return Err(SqlError::invalid("a lambda cannot contain window functions"));
        }
        let over = call.over.as_ref().map(|o| resolve_over(o, cx)).transpose()?.unwrap_or_default();
        let cx = cx.with_env(cx.env.outside_lambdas());
        if over.pattern.is_some() {
            let message = "over a window with a pattern only its measures are supported";
            return Err(SqlError::unsupported(message));
        }
        check_function(&call.name.value.to_lowercase(), call, &over)?;
        // A named window is over the rows, also where ORDER BY sees the select list first.
        let named = !matches!(call.over, Some(Over::Spec(WindowSpec { base: None, .. })));
        let window_cx = if named { cx.with_env(rows_env(cx.env)) } else { cx };
        let before = cx.stage.windows.borrow().len();
        let (fun, args, returns, finish, filter) = self.window_computation(call, cx)?;
        let computation = Computation { fun, args, filter, distinct: call.distinct };
        let partition_by = self.partition_keys(&over, window_cx)?;
        let mut order_by = self.sort_keys(&over.order_by, window_cx)?;
        let framed = self.with_frame(computation, &over, &mut order_by, (window_cx, cx));
        let framed = framed.map_err(|e| e.at(at.into()))?;
        if cx.stage.windows.borrow().len() > before {
            return Err(SqlError::invalid("window functions cannot be nested"));
        }
        let Some((computation, window_frame)) = framed else {
            return coercion::coerce(crate::literal::null(), &returns);
        };
        window_frame.regularize_order_bys(&mut order_by).map_err(internal)?;
        let null_treatment = call
            .ignore_nulls
            .map(|ignore| if ignore { NullTreatment::IgnoreNulls } else { NullTreatment::RespectNulls });
        let Computation { fun, args, filter, distinct } = computation;
        let params =
            WindowFunctionParams { args, partition_by, order_by, window_frame, filter, null_treatment, distinct };
        let id = self.add(&cx.stage.windows, Expr::from(WindowFunction { fun, params }));
        let value = finish.map_or_else(|| super::column(&id), |finish| finish(super::column(&id)));
        Ok(cx.env.carry(Typed::new(value, returns)))
    }

    fn partition_keys(&self, over: &WindowSpec, cx: Context<'_>) -> Result<Vec<Expr>> {
        let one = |key: &ast::Expr| {
            let value = self.expr(key, cx)?;
            if !crate::operators::is_comparable(&value.ty) {
                return Err(SqlError::invalid(format!("{} cannot be compared", value.ty)).at(key.at.into()));
            }
            Ok(operators::group_key(value).expr)
        };
        over.partition_by.iter().map(one).collect()
    }

    /// The call with its frame; `None` where it is of no rows and so NULL.
    fn with_frame(
        &self,
        mut call: Computation,
        over: &WindowSpec,
        order_by: &mut [Sort],
        (window_cx, cx): (Context<'_>, Context<'_>),
    ) -> Result<Option<(Computation, WindowFrame)>> {
        if let Some(frame) = &over.frame
            && self.frame_varies(over, cx)?
        {
            check_frame(frame, over)?;
            let call = self.over_varying_frames(call, (frame, over), order_by, (window_cx, cx))?;
            return Ok(Some((call, WindowFrame::new(None))));
        }
        let (frame, key) = self.frame(over, window_cx, cx)?;
        if let (Some(key), Some(first)) = (key, order_by.first_mut()) {
            first.expr = operators::sort_key(key).expr;
        }
        if !never_holds_rows(&frame) {
            return Ok(Some((call, frame)));
        }
        if matches!(call.fun, WindowFunctionDefinition::WindowUDF(_)) {
            return Ok(None);
        }
        // DataFusion refuses such a frame; an aggregate over no rows is an aggregate that filters all out.
        call.filter = Some(Box::new(datafusion::logical_expr::lit(false)));
        Ok(Some((call, WindowFrame::new(None))))
    }

    #[expect(clippy::type_complexity)]
    fn window_computation(
        &self,
        call: &Call,
        cx: Context<'_>,
    ) -> Result<(
        WindowFunctionDefinition,
        Vec<Expr>,
        Type,
        Option<std::sync::Arc<dyn Fn(Expr) -> Expr + Send + Sync>>,
        Option<Box<Expr>>,
    )> {
        let name = &call.name.value;
        match library(&call.name)?.kind {
            FunctionKind::Scalar(_) => {
                Err(SqlError::invalid(format!("`{name}` is neither an aggregate nor a window function")))
            }
            FunctionKind::Aggregate(bind) => {
                let mut bound = self.bind_aggregate(bind, call, cx)?;
                if !bound.order_by.is_empty() {
                    bound.call.udaf = super::ordered::ordered(&bound.call.udaf, bound.args.len(), &bound.order_by);
                    bound.args.extend(bound.order_by.iter().map(|s| s.expr.clone()));
                }
                let fun = WindowFunctionDefinition::AggregateUDF(bound.call.udaf);
                Ok((fun, bound.args, bound.call.returns, bound.call.finish, bound.filter))
            }
            FunctionKind::Window(bind) => {
                if call.distinct || call.filter.is_some() || !call.order_by.is_empty() || call.star {
                    let message = format!("`{name}` takes no DISTINCT, FILTER, ORDER BY or `*`");
                    return Err(SqlError::invalid(message));
                }
                let captured = std::cell::RefCell::default();
                let (values, lambdas) = self.arguments(&call.args, cx, &captured)?;
                let bound = bind(&arguments(&call.args, &values, &lambdas))?;
                let values = coerced(name, call, values, &bound.args)?;
                let fun = WindowFunctionDefinition::WindowUDF(bound.udwf);
                Ok((fun, values.into_iter().map(|v| v.expr).collect(), bound.returns, bound.finish, None))
            }
        }
    }

    /// `m OVER w`
    pub(super) fn measure(&self, name: &ast::Ident, over: &Over, cx: Context<'_>) -> Result<Typed> {
        if !cx.stage.windowed {
            return Err(SqlError::invalid(format!("{} cannot contain window functions", cx.stage.clause)));
        }
        let spec = resolve_over(over, cx)?;
        self.window_measure(name, &spec, cx.with_env(cx.env.outside_lambdas()))
    }

    /// Checks WINDOW, also what nothing uses.
    pub(super) fn check_windows(&self, windows: &[(ast::Ident, WindowSpec)], cx: Context<'_>) -> Result<()> {
        for (i, (name, spec)) in windows.iter().enumerate() {
            if windows[..i].iter().any(|(n, _)| n.is_exactly(name)) {
                let message = format!("WINDOW names `{}` twice", name.value);
                return Err(SqlError::invalid(message).at(name.at.into()));
            }
            let before = cx.stage.windows.borrow().len();
            let spec = extended(spec, cx)?;
            for key in &spec.partition_by {
                self.expr(key, cx)?;
            }
            self.sort_keys(&spec.order_by, cx)?;
            match &spec.frame {
                Some(frame) if self.frame_varies(&spec, cx)? => {
                    check_frame(frame, &spec)?;
                    self.check_offsets(frame, &spec, cx)?;
                }
                _ => drop(self.frame(&spec, cx, cx)?),
            }
            if cx.stage.windows.borrow().len() > before {
                return Err(SqlError::invalid("window functions cannot be nested").at(name.at.into()));
            }
        }
        Ok(())
    }

    /// The frame, and the sort key in the type in which its offsets are added to it.
    fn frame(
        &self,
        over: &WindowSpec,
        window_cx: Context<'_>,
        cx: Context<'_>,
    ) -> Result<(WindowFrame, Option<Typed>)> {
        let Some(frame) = &over.frame else {
            return Ok((WindowFrame::new((!over.order_by.is_empty()).then_some(false)), None));
        };
        check_frame(frame, over)?;
        let units = match frame.unit {
            FrameUnit::Rows => WindowFrameUnits::Rows,
            FrameUnit::Range => WindowFrameUnits::Range,
            FrameUnit::Groups => WindowFrameUnits::Groups,
        };
        let key = match over.order_by.first() {
            Some(item) if frame.unit == FrameUnit::Range => Some(self.range_key((&item.expr, window_cx), frame, cx)?),
            _ => None,
        };
        let key_type = key.as_ref().map(|k| &k.ty);
        let bound = |b: &FrameBound| -> Result<WindowFrameBound> {
            Ok(match b {
                FrameBound::UnboundedPreceding => WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                FrameBound::UnboundedFollowing => WindowFrameBound::Following(ScalarValue::UInt64(None)),
                FrameBound::CurrentRow => WindowFrameBound::CurrentRow,
                FrameBound::Preceding(e) => WindowFrameBound::Preceding(self.frame_offset(e, key_type, cx)?),
                FrameBound::Following(e) => WindowFrameBound::Following(self.frame_offset(e, key_type, cx)?),
            })
        };
        let frame = WindowFrame::new_bounds(units, bound(&frame.start)?, bound(&frame.end)?);
        Ok((frame, key))
    }

    /// The sort key of a RANGE frame, in a type that takes its offsets: `1.5 PRECEDING` makes decimals of integers.
    fn range_key(&self, (key, window_cx): (&ast::Expr, Context<'_>), frame: &Frame, cx: Context<'_>) -> Result<Typed> {
        let mut key = self.expr(key, window_cx)?;
        for bound in [&frame.start, &frame.end] {
            let (FrameBound::Preceding(e) | FrameBound::Following(e)) = bound else { continue };
            let offset = self.expr(e, cx)?;
            if key.ty.is_numeric()
                && offset.ty.is_numeric()
                && let Some(common) = coercion::common_type(&key.ty, &offset.ty)
            {
                key = coercion::coerce(key, &common)?;
            }
        }
        Ok(key)
    }

    /// The offset of a frame: a count of rows or groups, or a distance between sort keys.
    fn frame_offset(&self, e: &ast::Expr, key: Option<&Type>, cx: Context<'_>) -> Result<ScalarValue> {
        let place = |err: SqlError| err.at(e.at.into());
        let offset = self.expr(e, cx)?;
        let constant = |value: &Typed| {
            value
                .literal()
                .cloned()
                .ok_or_else(|| place(SqlError::unsupported("the offset of a frame must be a constant")))
        };
        let Some(key) = key else {
            let whole = matches!(offset.ty, Type::Decimal(_, 0));
            if !offset.ty.is_integer() && !whole {
                return Err(place(SqlError::invalid(format!(
                    "the offset of a frame must be a number of rows, not {}",
                    offset.ty
                ))));
            }
            let count = constant(&offset)?;
            return match count.cast_to(&arrow::datatypes::DataType::Decimal128(38, 0)).map_err(internal)? {
                // More rows than there are is as good as all of them.
                ScalarValue::Decimal128(Some(n), ..) if n >= 0 => {
                    Ok(ScalarValue::UInt64(Some(u64::try_from(n).unwrap_or(u64::MAX).min(i64::MAX as u64))))
                }
                _ => Err(place(SqlError::invalid("the offset of a frame must not be negative or NULL"))),
            };
        };
        distance(key, offset, constant).map_err(place)
    }
}

/// The distance of a RANGE frame, as DataFusion adds it to the sort key.
fn distance(key: &Type, offset: Typed, constant: impl Fn(&Typed) -> Result<ScalarValue>) -> Result<ScalarValue> {
    let value = match (key, &offset.ty) {
        // Intervals among themselves are numbers.
        (Type::IntervalDayToSecond, Type::IntervalDayToSecond)
        | (Type::IntervalYearToMonth, Type::IntervalYearToMonth) => constant(&offset)?,
        (_, Type::IntervalDayToSecond) => match constant(&offset)? {
            ScalarValue::Int64(Some(ms)) => ScalarValue::new_interval_mdn(0, 0, ms.saturating_mul(1_000_000)),
            _ => ScalarValue::Null,
        },
        (_, Type::IntervalYearToMonth) => match constant(&offset)? {
            ScalarValue::Int32(Some(months)) => ScalarValue::new_interval_mdn(months, 0, 0),
            _ => ScalarValue::Null,
        },
        _ if key.is_numeric() && offset.ty.is_numeric() => constant(&coercion::coerce(offset, key)?)?,
        _ => return Err(SqlError::invalid(format!("a RANGE frame over {key} cannot have an offset of {}", offset.ty))),
    };
    let negative = match &value {
        ScalarValue::IntervalMonthDayNano(Some(i)) => i.months < 0 || i.nanoseconds < 0,
        number => ScalarValue::new_zero(&number.data_type()).is_ok_and(|zero| *number < zero),
    };
    if value.is_null() || negative {
        return Err(SqlError::invalid("the offset of a frame must not be negative or NULL"));
    }
    Ok(value)
}

fn check_frame(frame: &Frame, over: &WindowSpec) -> Result<()> {
    let fail = |message: &str| Err(SqlError::invalid(message).at(frame.at.into()));
    let rank = |b: &FrameBound| match b {
        FrameBound::UnboundedPreceding => 0,
        FrameBound::Preceding(_) => 1,
        FrameBound::CurrentRow => 2,
        FrameBound::Following(_) => 3,
        FrameBound::UnboundedFollowing => 4,
    };
    let offset = |b: &FrameBound| matches!(b, FrameBound::Preceding(_) | FrameBound::Following(_));
    if matches!(frame.start, FrameBound::UnboundedFollowing) {
        return fail("a frame cannot start at UNBOUNDED FOLLOWING");
    }
    if matches!(frame.end, FrameBound::UnboundedPreceding) {
        return fail("a frame cannot end at UNBOUNDED PRECEDING");
    }
    if rank(&frame.start) > rank(&frame.end) {
        return fail("a frame cannot end before it starts");
    }
    if frame.unit == FrameUnit::Groups && over.order_by.is_empty() {
        return fail("a GROUPS frame needs ORDER BY");
    }
    if frame.unit == FrameUnit::Range && (offset(&frame.start) || offset(&frame.end)) && over.order_by.len() != 1 {
        return fail("a RANGE frame with an offset needs exactly one ORDER BY");
    }
    Ok(())
}

/// The rows of the query, beneath what ORDER BY sees first.
fn rows_env<'e>(env: &'e Env<'e>) -> &'e Env<'e> {
    match (&env.frame, env.outer) {
        (super::scope::Frame::Outputs(_) | super::scope::Frame::Refused(_), Some(outer)) => outer,
        _ => env,
    }
}

/// What a window function demands of its window.
fn check_function(name: &str, call: &Call, over: &WindowSpec) -> Result<()> {
    let ranks = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"].contains(&name);
    let shifts = ["lead", "lag"].contains(&name);
    let picks = ["first_value", "last_value", "nth_value"].contains(&name);
    if (ranks || shifts) && over.frame.is_some() {
        return Err(SqlError::invalid(format!("`{name}` takes no frame")));
    }
    if shifts && over.order_by.is_empty() {
        return Err(SqlError::invalid(format!("`{name}` needs ORDER BY in its window")));
    }
    if call.ignore_nulls.is_some() && !shifts && !picks {
        return Err(SqlError::invalid(format!("`{name}` takes neither IGNORE NULLS nor RESPECT NULLS")));
    }
    Ok(())
}

/// Whether a frame of rows or groups ends before it begins, wherever it stands.
fn never_holds_rows(frame: &WindowFrame) -> bool {
    if frame.units == WindowFrameUnits::Range {
        return false;
    }
    match (&frame.start_bound, &frame.end_bound) {
        (WindowFrameBound::Preceding(from), WindowFrameBound::Preceding(to)) => {
            !from.is_null() && !to.is_null() && from < to
        }
        (WindowFrameBound::Following(from), WindowFrameBound::Following(to)) => {
            !from.is_null() && !to.is_null() && from > to
        }
        _ => false,
    }
}

/// The window that OVER names or spells, with what it extends.
fn resolve_over(over: &Over, cx: Context<'_>) -> Result<WindowSpec> {
    match over {
        Over::Named(name) => named_window(name, cx),
        Over::Spec(spec) => extended(spec, cx),
    }
}

fn named_window(name: &ast::Ident, cx: Context<'_>) -> Result<WindowSpec> {
    match cx.stage.named_windows.iter().find(|(n, _)| n.is_exactly(name)) {
        Some((_, spec)) => extended(spec, cx),
        None => Err(SqlError::not_found(format!("window `{}` does not exist", name.value)).at(name.at.into())),
    }
}

/// `w AS (base ORDER BY …)`: a window may add to what it is based on, not replace it.
fn extended(spec: &WindowSpec, cx: Context<'_>) -> Result<WindowSpec> {
    let Some(name) = &spec.base else { return Ok(spec.clone()) };
    // A window can only be based on one that stands before it, so this ends.
    let before = cx.stage.named_windows.iter().position(|(_, s)| std::ptr::eq(s, spec)).unwrap_or(usize::MAX);
    let at = cx.stage.named_windows.iter().position(|(n, _)| n.is_exactly(name)).filter(|i| *i < before);
    let Some(at) = at else {
        return Err(SqlError::not_found(format!("window `{}` does not exist", name.value)).at(name.at.into()));
    };
    let mut base = extended(&cx.stage.named_windows[at].1, cx)?;
    let fail = |what: &str| Err(SqlError::invalid(format!("window `{}` {what}", name.value)).at(name.at.into()));
    if !spec.partition_by.is_empty() {
        return fail("is extended, so PARTITION BY is not allowed");
    }
    if !spec.order_by.is_empty() && !base.order_by.is_empty() {
        return fail("has an ORDER BY already");
    }
    if base.frame.is_some() {
        return fail("has a frame and cannot be extended");
    }
    if !spec.order_by.is_empty() {
        base.order_by.clone_from(&spec.order_by);
    }
    base.frame.clone_from(&spec.frame);
    base.measures.clone_from(&spec.measures);
    base.pattern.clone_from(&spec.pattern);
    Ok(base)
}

/// Adds window columns; those over the same partitions and order are computed together.
pub(super) fn plan_windows(mut plan: LogicalPlan, windows: Vec<(String, Expr)>) -> Result<LogicalPlan> {
    let mut groups: Vec<Vec<(String, Expr)>> = Vec::new();
    for window in windows {
        match groups.iter_mut().find(|g| same_window(&g[0].1, &window.1)) {
            Some(group) => group.push(window),
            None => groups.push(vec![window]),
        }
    }
    for group in groups {
        let exprs = group.into_iter().map(|(id, e)| e.alias(id)).collect();
        let window = Window::try_new(exprs, std::sync::Arc::new(plan)).map_err(internal)?;
        plan = LogicalPlan::Window(window);
    }
    Ok(plan)
}

fn same_window(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::WindowFunction(a), Expr::WindowFunction(b)) => {
            a.params.partition_by == b.params.partition_by && a.params.order_by == b.params.order_by
        }
        _ => false,
    }
}
