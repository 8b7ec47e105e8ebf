//! How is a window function computed whose frame is another for each row? Over the whole partition, frame by frame.
//!
//! The call gets, after its own arguments, what bounds the frame: for ROWS and GROUPS the offsets, for RANGE the sort key
//! at which the frame begins or ends; and the sort keys where rows count by their groups.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::compute::{SortOptions, concat, filter};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    AggregateUDF, PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::Column;

use super::udwf::{Compute, NullTreatment, Window};
use crate::canonical::Keys;
use crate::error::fail;

/// Where a frame begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Edge {
    /// At the end of the partition on its side.
    Unbounded,
    /// At the row, or with those of its sort key.
    Current,
    /// So many rows or groups before.
    Before,
    /// So many after.
    After,
    /// At a sort key.
    Key,
}

/// What a frame is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    Rows,
    Groups,
    Range,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) unit: Unit,
    pub(crate) start: Edge,
    pub(crate) end: Edge,
    /// The order of each sort key that follows the bounds.
    pub(crate) order: Vec<SortOptions>,
}

/// What is computed of the rows in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Inner {
    Aggregate { udaf: Arc<AggregateUDF>, distinct: bool, filtered: bool },
    Window(Arc<WindowUDF>),
}

/// `inner` over such frames. It takes `args` arguments (and a condition where it is filtered), the bounds, the sort keys.
pub(crate) fn framed(inner: Inner, args: usize, shape: Shape) -> WindowUDF {
    let bounds = [shape.start, shape.end].iter().filter(|e| is_given(**e)).count();
    let total = args + bounds + shape.order.len() + usize::from(is_filtered(&inner));
    let signature = if total == 0 { TypeSignature::Nullary } else { TypeSignature::Any(total) };
    let signature = Signature::new(signature, Volatility::Immutable);
    WindowUDF::new_from_impl(Framed { inner, args, shape, signature })
}

fn is_given(edge: Edge) -> bool {
    matches!(edge, Edge::Before | Edge::After | Edge::Key)
}

fn is_filtered(inner: &Inner) -> bool {
    matches!(inner, Inner::Aggregate { filtered: true, .. })
}

#[derive(Debug, PartialEq, Eq)]
struct Framed {
    inner: Inner,
    args: usize,
    shape: Shape,
    signature: Signature,
}

impl Hash for Framed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.inner, self.args, &self.shape).hash(state);
    }
}

impl WindowUDFImpl for Framed {
    fn name(&self) -> &str {
        match &self.inner {
            Inner::Aggregate { udaf, .. } => udaf.name(),
            Inner::Window(udwf) => udwf.name(),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, args: PartitionEvaluatorArgs<'_>) -> DfResult<Box<dyn PartitionEvaluator>> {
        let nulls = if args.ignore_nulls() { NullTreatment::Ignore } else { NullTreatment::Respect };
        let computation = match &self.inner {
            Inner::Window(udwf) => match udwf.inner().downcast_ref::<Window>().map(Window::compute) {
                Some(Compute::Frame(compute)) => Computation::Value(compute, nulls),
                _ => return fail("this function takes no frame"),
            },
            Inner::Aggregate { udaf, distinct, .. } => {
                Computation::Aggregate(Box::new(aggregate(udaf, &args.input_fields()[..self.args], *distinct)?))
            }
        };
        let filtered = is_filtered(&self.inner);
        Ok(Box::new(Evaluator { computation, args: self.args, filtered, shape: self.shape.clone() }))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> DfResult<FieldRef> {
        let inputs = &args.input_fields()[..self.args];
        match &self.inner {
            Inner::Aggregate { udaf, .. } => {
                let returns = udaf.return_field(inputs)?;
                Ok(Arc::new(Field::new(args.name(), returns.data_type().clone(), true)))
            }
            Inner::Window(udwf) => udwf.field(WindowUDFFieldArgs::new(inputs, args.name())),
        }
    }
}

fn aggregate(udaf: &Arc<AggregateUDF>, inputs: &[FieldRef], distinct: bool) -> DfResult<AggregateFunctionExpr> {
    let names = (0..inputs.len()).map(|i| format!("a{i}"));
    let fields: Vec<Field> = inputs.iter().zip(names).map(|(f, n)| f.as_ref().clone().with_name(n)).collect();
    let columns = fields.iter().enumerate().map(|(i, f)| Arc::new(Column::new(f.name(), i)) as Arc<dyn PhysicalExpr>);
    let builder = AggregateExprBuilder::new(Arc::clone(udaf), columns.collect());
    let builder = builder.schema(Arc::new(Schema::new(fields.clone()))).alias("framed");
    if distinct { builder.distinct().build() } else { builder.build() }
}

enum Computation {
    Aggregate(Box<AggregateFunctionExpr>),
    Value(fn(&[ArrayRef], usize, &Range<usize>, NullTreatment) -> DfResult<ScalarValue>, NullTreatment),
}

struct Evaluator {
    computation: Computation,
    args: usize,
    filtered: bool,
    shape: Shape,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.shape)
    }
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> DfResult<ArrayRef> {
        let (args, rest) = values.split_at(self.args);
        let (condition, bounds) = rest.split_at(usize::from(self.filtered));
        let frames = Frames::of(&self.shape, bounds, rows)?;
        let mut results = Vec::with_capacity(rows);
        for row in 0..rows {
            let frame = frames.at(row)?;
            results.push(match &self.computation {
                Computation::Value(compute, nulls) => compute(args, row, &frame, *nulls)?,
                Computation::Aggregate(of) => {
                    let mut accumulator = of.create_accumulator()?;
                    accumulator.update_batch(&within(args, condition, &frame)?)?;
                    accumulator.evaluate()?
                }
            });
        }
        if results.is_empty() {
            return Ok(new_null_array(&DataType::Null, 0));
        }
        let parts = results.iter().map(|value| value.to_array()).collect::<DfResult<Vec<_>>>()?;
        Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
    }

    fn uses_window_frame(&self) -> bool {
        false
    }

    fn supports_bounded_execution(&self) -> bool {
        false
    }
}

/// The arguments of the rows in a frame that pass the condition.
fn within(args: &[ArrayRef], condition: &[ArrayRef], frame: &Range<usize>) -> DfResult<Vec<ArrayRef>> {
    let slice = |array: &ArrayRef| array.slice(frame.start, frame.len());
    let rows = args.iter().map(slice);
    match condition.first() {
        None => Ok(rows.collect()),
        Some(condition) => {
            let passing = slice(condition);
            let passing = passing.as_boolean();
            rows.map(|r| Ok(filter(&r, passing)?)).collect()
        }
    }
}

/// The frames of a partition.
struct Frames<'a> {
    shape: &'a Shape,
    rows: usize,
    /// Offsets or sort keys of the start and the end, where they are given.
    start: Option<&'a ArrayRef>,
    end: Option<&'a ArrayRef>,
    /// The sort keys of the rows, and of the bounds, in their order.
    keys: Option<Keys>,
    start_keys: Option<Keys>,
    end_keys: Option<Keys>,
    /// The first row of each group, then the number of rows; and the group of each row.
    groups: Vec<usize>,
    group_of: Vec<usize>,
}

impl<'a> Frames<'a> {
    fn of(shape: &'a Shape, given: &'a [ArrayRef], rows: usize) -> DfResult<Self> {
        let mut given = given.iter();
        let mut bound = |edge: Edge| if is_given(edge) { given.next() } else { None };
        let (start, end) = (bound(shape.start), bound(shape.end));
        let sorted: Vec<ArrayRef> = given.cloned().collect();
        let keys = match shape.unit {
            Unit::Rows => None,
            _ if sorted.is_empty() => None,
            _ => Some(Keys::as_stored(&sorted, &shape.order)?),
        };
        let of_bound = |edge: Edge, bound: Option<&ArrayRef>| match (edge, bound) {
            (Edge::Key, Some(bound)) => Keys::as_stored(std::slice::from_ref(bound), &shape.order[..1]).map(Some),
            _ => Ok(None),
        };
        let (start_keys, end_keys) = (of_bound(shape.start, start)?, of_bound(shape.end, end)?);
        let (mut groups, mut group_of) = (vec![], Vec::with_capacity(rows));
        for row in 0..rows {
            let same = |k: &Keys| row > 0 && k.get(row) == k.get(row - 1);
            if row == 0 || keys.as_ref().is_some_and(|k| !same(k)) {
                groups.push(row);
            }
            group_of.push(groups.len() - 1);
        }
        groups.push(rows);
        Ok(Frames { shape, rows, start, end, keys, start_keys, end_keys, groups, group_of })
    }

    fn at(&self, row: usize) -> DfResult<Range<usize>> {
        let start = match self.shape.start {
            Edge::Unbounded => 0,
            Edge::Key => self.passed(row, self.start_keys.as_ref(), |key, bound| key < bound),
            edge => self.place(row, edge, self.start, 0)?,
        };
        let end = match self.shape.end {
            Edge::Unbounded => self.rows,
            Edge::Key => self.passed(row, self.end_keys.as_ref(), |key, bound| key <= bound),
            edge => self.place(row, edge, self.end, 1)?,
        };
        Ok(start..end.max(start))
    }

    /// The row at which the frame begins, or, one further on, before which it ends.
    fn place(&self, row: usize, edge: Edge, offsets: Option<&ArrayRef>, further: i64) -> DfResult<usize> {
        let offset = match offsets {
            None => 0,
            Some(offsets) if offsets.is_null(row) => {
                return fail("Window frame offset value must not be negative or null");
            }
            Some(offsets) => match offsets.as_primitive::<Int64Type>().value(row) {
                n if n < 0 => return fail("Window frame offset value must not be negative or null"),
                n => n,
            },
        };
        let (here, most) = match self.shape.unit {
            Unit::Rows => (row, self.rows),
            _ => (self.group_of[row], self.groups.len() - 1),
        };
        let there = match edge {
            Edge::Before => (here as i64).saturating_sub(offset),
            _ => (here as i64).saturating_add(offset),
        };
        let there = there.saturating_add(further).clamp(0, most as i64) as usize;
        Ok(if self.shape.unit == Unit::Rows { there } else { self.groups[there] })
    }

    /// The first row whose key does not stand before the bound, as `stands` has it.
    fn passed(&self, row: usize, bound: Option<&Keys>, stands: fn(&[u8], &[u8]) -> bool) -> usize {
        let (Some(keys), Some(bound)) = (&self.keys, bound) else { return 0 };
        let bound = bound.get(row);
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if stands(keys.get(middle), bound) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
