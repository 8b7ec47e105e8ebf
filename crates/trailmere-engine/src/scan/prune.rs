//! Which files can hold a row that the predicate wants? Decided from the log's statistics, before any file is opened.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use trailmere_model::CALENDARDAY;
use trailmere_store::DataFile;

use super::files::{max, min, null_count};
use crate::columns::partition_field;

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

/// The files whose day passes what the filters say of the day alone, whatever they compute from it.
pub(crate) fn of_days<'a>(
    state: &dyn Session,
    files: Vec<&'a DataFile>,
    filters: &[Expr],
) -> Result<Vec<&'a DataFile>> {
    let day = Arc::new(Schema::new(vec![partition_field()]));
    let planned = DFSchema::try_from(Arc::clone(&day))?;
    let mut kept = files;
    for filter in filters.iter().filter_map(on_day) {
        let test = state.create_physical_expr(filter, &planned)?;
        let days: Int64Array = kept.iter().map(|file| Some(file.day)).collect();
        let rows = RecordBatch::try_new(Arc::clone(&day), vec![Arc::new(days)])?;
        // What fails is left to fail, or not, where rows are read.
        let Ok(passes) = test.evaluate(&rows).and_then(|v| v.into_array(kept.len())) else { continue };
        let Some(passes) = passes.as_boolean_opt() else { continue };
        kept = kept.into_iter().zip(passes.iter()).filter_map(|(file, passes)| passes?.then_some(file)).collect();
    }
    Ok(kept)
}

/// What holds of the day wherever the filter holds; `None` where that is nothing.
fn on_day(filter: &Expr) -> Option<Expr> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => match (on_day(left), on_day(right)) {
            (Some(left), Some(right)) => Some(left.and(right)),
            (one, other) => one.or(other),
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => Some(on_day(left)?.or(on_day(right)?)),
        other => {
            let columns = other.column_refs();
            let alone = !columns.is_empty() && columns.iter().all(|c| c.name == CALENDARDAY);
            (alone && !other.is_volatile()).then(|| other.clone())
        }
    }
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
