//! Lambdas: a body that is evaluated over flattened arrays, with the columns that it captured.
//!
//! The analyzer compiles the body to a physical expression over a batch of `[parameters…, captures…]`. A kernel calls
//! [`BoundLambda::evaluate`] with the flattened parameter arrays and, for each flattened row, the outer row it belongs to.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

use crate::types::Type;

/// A lambda whose parameter types are known.
#[derive(Debug, Clone)]
pub struct BoundLambda {
    /// Type of the body.
    pub returns: Type,
    /// The body over `[parameters…, captures…]`.
    pub body: Arc<dyn PhysicalExpr>,
    /// Schema of that batch.
    pub schema: SchemaRef,
    /// Which of the call's captured columns this body uses, in the order of `schema` after the parameters.
    pub captures: Vec<usize>,
}

/// The captured columns of a call, at the outer rows.
#[derive(Clone, Copy)]
pub struct Captures<'a> {
    /// One per captured column of the call.
    pub values: &'a [ColumnarValue],
    /// Number of outer rows.
    pub rows: usize,
}

impl BoundLambda {
    /// Evaluates the body for `parameters[0].len()` flattened rows; `outer[i]` is the outer row of flattened row `i`.
    pub fn evaluate(&self, parameters: &[ArrayRef], captures: Captures<'_>, outer: &UInt32Array) -> DfResult<ArrayRef> {
        let rows = outer.len();
        let mut columns = parameters.to_vec();
        for &c in &self.captures {
            columns.push(match &captures.values[c] {
                ColumnarValue::Scalar(value) => value.to_array_of_size(rows)?,
                ColumnarValue::Array(array) => take(array, outer, None)?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.body.evaluate(&batch)?.into_array(rows)
    }

    /// The schema for parameters and captures of these types.
    pub fn schema_of(parameters: &[Type], captures: &[Type]) -> SchemaRef {
        let field =
            |prefix: &'static str| move |(i, t): (usize, &Type)| crate::function::field_of(&format!("{prefix}{i}"), t);
        let fields: Vec<_> = (parameters.iter().enumerate().map(field("p")))
            .chain(captures.iter().enumerate().map(field("c")))
            .collect();
        Arc::new(Schema::new(fields))
    }
}
