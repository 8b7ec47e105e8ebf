//! How is an expression that needs no query evaluated over arrays? Compiled once, at binding, like a lambda's body.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::physical_expr::create_physical_expr;

use crate::call::Typed;
use crate::cast;
use crate::error::{Kind, Result, SqlError};
use crate::lambda::BoundLambda;
use crate::types::Type;

/// A function of one array.
#[derive(Clone)]
pub(crate) struct Compiled(BoundLambda);

impl Compiled {
    /// CAST from one type to another.
    pub(crate) fn cast(from: &Type, to: &Type) -> Result<Compiled> {
        Self::of(from, |value| cast::cast(value, to))
    }

    /// What `build` makes of a value.
    pub(crate) fn of(from: &Type, build: impl FnOnce(Typed) -> Result<Typed>) -> Result<Compiled> {
        let schema = BoundLambda::schema_of(std::slice::from_ref(from), &[]);
        let value = Typed::new(Expr::Column(Column::from_name("p0")), from.clone());
        let built = build(value)?;
        let internal = |e: datafusion::error::DataFusionError| SqlError::new(Kind::Internal, e.to_string());
        let df_schema = DFSchema::try_from(Arc::clone(&schema)).map_err(internal)?;
        let body = create_physical_expr(&built.expr, &df_schema, &ExecutionProps::new(), &Default::default());
        let body = body.map_err(internal)?;
        Ok(Compiled(BoundLambda { returns: built.ty, body, schema, captures: vec![] }))
    }

    /// Evaluates it.
    pub(crate) fn run(&self, values: &ArrayRef) -> DfResult<ArrayRef> {
        let options = RecordBatchOptions::new().with_row_count(Some(values.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.0.schema), vec![Arc::clone(values)], &options)?;
        self.0.body.evaluate(&batch)?.into_array(values.len())
    }
}
