//! How is a window function written with little code? As a function of a partition, or of each row's frame.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

use crate::types::Type;

/// Whether NULLs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NullTreatment {
    Respect,
    Ignore,
}

/// What a window function computes.
#[derive(Clone, Copy)]
pub(super) enum Compute {
    /// All rows of a partition at once.
    Partition(fn(&[ArrayRef], usize, NullTreatment) -> DfResult<ArrayRef>),
    /// A row of the partition, given its frame.
    Frame(fn(&[ArrayRef], usize, &Range<usize>, NullTreatment) -> DfResult<ScalarValue>),
}

/// Makes a DataFusion window function of it.
pub(super) fn udwf(name: &'static str, args: usize, returns: &Type, compute: Compute) -> WindowUDF {
    let signature = if args == 0 { TypeSignature::Nullary } else { TypeSignature::Any(args) };
    let signature = Signature::new(signature, Volatility::Immutable);
    WindowUDF::new_from_impl(Window { name, returns: returns.arrow(), signature, compute })
}

/// A window function of ours.
pub(super) struct Window {
    name: &'static str,
    returns: DataType,
    signature: Signature,
    compute: Compute,
}

impl Window {
    /// What it computes.
    pub(super) fn compute(&self) -> Compute {
        self.compute
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.returns == other.returns && self.signature == other.signature
    }
}

impl Eq for Window {}

impl Hash for Window {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.returns).hash(state);
    }
}

impl WindowUDFImpl for Window {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, args: PartitionEvaluatorArgs<'_>) -> DfResult<Box<dyn PartitionEvaluator>> {
        let nulls = if args.ignore_nulls() { NullTreatment::Ignore } else { NullTreatment::Respect };
        Ok(Box::new(Evaluator { compute: self.compute, nulls, row: 0 }))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> DfResult<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), self.returns.clone(), true)))
    }

    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::Unknown
    }
}

struct Evaluator {
    compute: Compute,
    nulls: NullTreatment,
    /// The row of the partition that comes next: frames are asked for in order.
    row: usize,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evaluator")
    }
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> DfResult<ArrayRef> {
        match self.compute {
            Compute::Partition(compute) => compute(values, rows, self.nulls),
            Compute::Frame(_) => crate::error::fail("this function needs a window frame"),
        }
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> DfResult<ScalarValue> {
        let row = self.row;
        self.row += 1;
        match self.compute {
            Compute::Frame(compute) => compute(values, row, range, self.nulls),
            Compute::Partition(_) => crate::error::fail("this function has no window frame"),
        }
    }

    fn uses_window_frame(&self) -> bool {
        matches!(self.compute, Compute::Frame(_))
    }
}
