//! Which files can hold a row that the predicate wants? Decided from the log's statistics, before any file is opened.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use trailmere_store::DataFile;

use super::files::{max, min, null_count};

/// The files that may hold matching rows, in their order.
pub(crate) fn prune<'a>(
    files: Vec<&'a DataFile>,
    predicate: Option<&Arc<dyn PhysicalExpr>>,
    schema: &SchemaRef,
) -> Result<Vec<&'a DataFile>> {
    let Some(predicate) = predicate else { return Ok(files) };
    // A predicate that cannot be turned into one over statistics prunes nothing.
    let built = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(Arc::clone(predicate));
    let Ok(pruning) = built else { return Ok(files) };
    if pruning.always_true() || files.is_empty() {
        return Ok(files);
    }
    let keep = pruning.prune(&Containers { files: &files, schema })?;
    Ok(files.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
}

struct Containers<'a> {
    files: &'a [&'a DataFile],
    schema: &'a SchemaRef,
}

impl Containers<'_> {
    /// One value a file; NULL where the log does not say.
    fn values(&self, column: &Column, value: impl Fn(&DataFile, &str) -> Option<ScalarValue>) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(column.name()).ok()?;
        let null = ScalarValue::try_from(field.data_type()).ok()?;
        let values: Vec<ScalarValue> =
            self.files.iter().map(|file| value(file, column.name()).unwrap_or_else(|| null.clone())).collect();
        if values.iter().all(ScalarValue::is_null) {
            return None;
        }
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for Containers<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, max)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let counts: UInt64Array = self.files.iter().map(|file| null_count(file, column.name())).collect();
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts: UInt64Array = self.files.iter().map(|file| Some(file.rows)).collect();
        Some(Arc::new(counts))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
