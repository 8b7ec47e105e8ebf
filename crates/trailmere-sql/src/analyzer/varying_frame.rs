//! Frames whose offsets are no constants: the call gets what bounds its frames, and finds them itself.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::compute::SortOptions;
use arrow::compute::kernels::cmp::lt;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{ColumnarValue, Expr, WindowFunctionDefinition};

use super::Analyzer;
use super::stage::Context;
use crate::ast::{self, Frame, FrameBound, FrameUnit, WindowSpec};
use crate::call::Typed;
use crate::error::{Result, SqlError, fail};
use crate::functions::window::framed::{Edge, Inner, Shape, Unit, framed};
use crate::types::Type;
use crate::{cast, coercion, operators, scalar};

/// A window call before it is planned.
pub(super) struct Computation {
    pub(super) fun: WindowFunctionDefinition,
    pub(super) args: Vec<Expr>,
    pub(super) filter: Option<Box<Expr>>,
    pub(super) distinct: bool,
}

impl Analyzer<'_> {
    /// Whether an offset of the frame is no constant.
    pub(super) fn frame_varies(&self, over: &WindowSpec, cx: Context<'_>) -> Result<bool> {
        let Some(frame) = &over.frame else { return Ok(false) };
        for bound in [&frame.start, &frame.end] {
            if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound
                && self.expr(e, cx)?.literal().is_none()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses offsets of a wrong type, also where nothing uses the window.
    pub(super) fn check_offsets(&self, frame: &Frame, over: &WindowSpec, cx: Context<'_>) -> Result<()> {
        if let (FrameUnit::Range, Some(first)) = (frame.unit, over.order_by.first()) {
            let key = self.expr(&first.expr, cx)?;
            return self.range_bounds(key, frame, first.descending, cx).map(|_| ());
        }
        for bound in [&frame.start, &frame.end] {
            if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                self.row_offset(e, cx)?;
            }
        }
        Ok(())
    }

    /// The call over whole partitions, with the bounds of its frames and the sort keys as arguments.
    pub(super) fn over_varying_frames(
        &self,
        call: Computation,
        (frame, over): (&Frame, &WindowSpec),
        order_by: &[Sort],
        (window_cx, cx): (Context<'_>, Context<'_>),
    ) -> Result<Computation> {
        let inner = match call.fun {
            WindowFunctionDefinition::AggregateUDF(udaf) => {
                Inner::Aggregate { udaf, distinct: call.distinct, filtered: call.filter.is_some() }
            }
            WindowFunctionDefinition::WindowUDF(udwf) => Inner::Window(udwf),
        };
        let count = call.args.len();
        let mut args = call.args;
        args.extend(call.filter.map(|f| *f));
        let mut keys: Vec<Expr> = order_by.iter().map(|s| s.expr.clone()).collect();
        let order = order_by.iter().map(|s| SortOptions { descending: !s.asc, nulls_first: s.nulls_first }).collect();
        let mut shape = Shape { unit: Unit::Rows, start: edge(&frame.start), end: edge(&frame.end), order };
        match frame.unit {
            FrameUnit::Rows => (shape.order, keys) = (vec![], vec![]),
            FrameUnit::Groups => shape.unit = Unit::Groups,
            FrameUnit::Range => {
                shape.unit = Unit::Range;
                let key = self.expr(&over.order_by[0].expr, window_cx)?;
                let bounds = self.range_bounds(key, frame, over.order_by[0].descending, cx)?;
                for (edge, bound) in [&mut shape.start, &mut shape.end].into_iter().zip(&bounds.edges) {
                    *edge = bound.as_ref().map_or(*edge, |_| Edge::Key);
                }
                args.extend(bounds.edges.into_iter().flatten().map(|b| operators::sort_key(b).expr));
                keys = vec![operators::sort_key(bounds.key).expr];
            }
        }
        if frame.unit != FrameUnit::Range {
            for bound in [&frame.start, &frame.end] {
                if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                    args.push(self.row_offset(e, cx)?);
                }
            }
        }
        args.extend(keys);
        let fun = WindowFunctionDefinition::WindowUDF(Arc::new(framed(inner, count, shape)));
        Ok(Computation { fun, args, filter: None, distinct: false })
    }

    /// A number of rows or groups.
    fn row_offset(&self, e: &ast::Expr, cx: Context<'_>) -> Result<Expr> {
        let offset = self.expr(e, cx)?;
        if !offset.ty.is_integer() && !matches!(offset.ty, Type::Decimal(_, 0)) {
            let message = format!("the offset of a frame must be a number of rows, not {}", offset.ty);
            return Err(SqlError::invalid(message).at(e.at.into()));
        }
        Ok(cast::cast(offset, &Type::BigInt)?.expr)
    }

    /// The sort keys at which the frames of RANGE begin and end, in one type with the sort key.
    fn range_bounds(&self, key: Typed, frame: &Frame, descending: bool, cx: Context<'_>) -> Result<RangeBounds> {
        let mut edges = [None, None];
        let mut ty = key.ty.clone();
        for (edge, bound) in edges.iter_mut().zip([&frame.start, &frame.end]) {
            let (e, before) = match bound {
                FrameBound::Preceding(e) => (e, true),
                FrameBound::Following(e) => (e, false),
                _ => continue,
            };
            let place = |err: SqlError| err.at(e.at.into());
            let offset = checked(self.expr(e, cx)?).map_err(place)?;
            let op = match before == descending {
                true => operators::ArithmeticOp::Add,
                false => operators::ArithmeticOp::Subtract,
            };
            let at = operators::arithmetic(op, key.clone(), offset).map_err(place)?;
            let Some(common) = coercion::common_type(&ty, &at.ty) else {
                let message = format!("a RANGE frame over {} cannot have such an offset", key.ty);
                return Err(place(SqlError::invalid(message)));
            };
            ty = common;
            *edge = Some(at);
        }
        let alike = |value: Typed| coercion::coerce(value, &ty);
        let [start, end] = edges;
        Ok(RangeBounds { key: alike(key)?, edges: [start.map(alike).transpose()?, end.map(alike).transpose()?] })
    }
}

struct RangeBounds {
    key: Typed,
    edges: [Option<Typed>; 2],
}

fn edge(bound: &FrameBound) -> Edge {
    match bound {
        FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => Edge::Unbounded,
        FrameBound::CurrentRow => Edge::Current,
        FrameBound::Preceding(_) => Edge::Before,
        FrameBound::Following(_) => Edge::After,
    }
}

/// The offset, which must not be negative or NULL.
fn checked(offset: Typed) -> Result<Typed> {
    let number = offset.ty.is_numeric();
    if !number && !matches!(offset.ty, Type::IntervalDayToSecond | Type::IntervalYearToMonth) {
        return Err(SqlError::invalid(format!(
            "the offset of a frame must be a number or an interval, not {}",
            offset.ty
        )));
    }
    let ty = offset.ty.clone();
    Ok(scalar::lenient("frame_offset", vec![offset], ty, |call| {
        let offsets = call.array(0)?;
        let zero = ScalarValue::new_zero(offsets.data_type())?.to_scalar()?;
        let negative: BooleanArray = lt(&offsets, &zero)?;
        if offsets.null_count() > 0 || negative.has_true() {
            return fail("Window frame offset value must not be negative or null");
        }
        Ok(ColumnarValue::Array(offsets))
    }))
}
