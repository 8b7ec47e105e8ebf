//! Where do the rows of an export come from: a kept result, the same sorted by its partition, or a query that runs?

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Column;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use object_store::ObjectStore;
use trailmere_model::{Error, Result};
use trailmere_store::ResultPart;

use crate::engine::Engine;
use crate::error::run_error;
use crate::jobs::PartRows;
use crate::query::QueryRun;

/// The column that keeps rows of one folder in their order.
const PLACE: &str = "\u{0}place";

/// Rows for an export, in order.
pub(crate) enum Rows {
    /// A kept result.
    Kept(Box<PartRows>),
    /// A kept result in the order of its folders, less the rows that were written already.
    Sorted {
        /// The rows.
        stream: SendableRecordBatchStream,
        /// Rows that were written already.
        skip: u64,
        /// What the sort may hold in memory.
        memory_limit: usize,
    },
    /// A query that runs.
    Run(Box<QueryRun>),
}

impl Rows {
    pub(crate) async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        match self {
            Rows::Kept(rows) => rows.next_batch().await,
            Rows::Run(run) => run.next_batch().await,
            Rows::Sorted { stream, skip, memory_limit } => loop {
                let Some(batch) = stream.next().await else { return Ok(None) };
                let batch = batch.map_err(|e| run_error(e, "", *memory_limit))?;
                let dropped = (*skip).min(batch.num_rows() as u64);
                *skip -= dropped;
                if dropped < batch.num_rows() as u64 {
                    let dropped = dropped as usize;
                    return Ok(Some(batch.slice(dropped, batch.num_rows() - dropped)));
                }
            },
        }
    }
}

/// A kept result sorted by columns, the rows of one value in their order; spills where memory does not suffice.
pub(crate) async fn sorted(
    engine: &Engine,
    schema: &SchemaRef,
    parts: Vec<ResultPart>,
    by: &[usize],
    skip: u64,
) -> Result<Rows> {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(PLACE, DataType::UInt64, false)));
    let placed = Arc::new(Schema::new(fields));
    let kept = KeptStream { schema: Arc::clone(&placed), store: engine.lake().object_store(), parts };
    let memory_limit = engine.options().memory_limit;
    let failed = |e: DataFusionError| run_error(e, "", memory_limit);
    let table = StreamingTable::try_new(Arc::clone(&placed), vec![Arc::new(kept)]).map_err(failed)?;
    let context = SessionContext::new_with_state(engine.session_state());
    let column = |field: &Arc<Field>| Expr::Column(Column::new_unqualified(field.name()));
    let keys = by.iter().map(|i| &placed.fields()[*i]).chain(placed.fields().last());
    let keys = keys.map(|field| column(field).sort(true, false)).collect();
    let frame = context.read_table(Arc::new(table)).map_err(failed)?.sort(keys).map_err(failed)?;
    let frame = frame.select(schema.fields().iter().map(column).collect::<Vec<_>>()).map_err(failed)?;
    Ok(Rows::Sorted { stream: frame.execute_stream().await.map_err(failed)?, skip, memory_limit })
}

/// The parts of a kept result as a table that can be sorted.
struct KeptStream {
    schema: SchemaRef,
    store: Arc<dyn ObjectStore>,
    parts: Vec<ResultPart>,
}

impl std::fmt::Debug for KeptStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeptStream({} parts)", self.parts.len())
    }
}

impl PartitionStream for KeptStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = PartRows::new(Arc::clone(&self.store), self.parts.clone(), 0..u64::MAX);
        let schema = Arc::clone(&self.schema);
        let batches = futures::stream::try_unfold((rows, 0_u64), move |(mut rows, start)| {
            let schema = Arc::clone(&schema);
            async move {
                let batch = rows.next_batch().await.map_err(|e| DataFusionError::External(Box::new(e)))?;
                let Some(batch) = batch else { return Ok(None) };
                let end = start + batch.num_rows() as u64;
                let places = Arc::new(UInt64Array::from_iter_values(start..end)) as ArrayRef;
                let columns = batch.columns().iter().cloned().chain([places]).collect();
                Ok(Some((RecordBatch::try_new(schema, columns)?, (rows, end))))
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

/// The places of the columns of these names.
pub(crate) fn places(schema: &SchemaRef, names: &[String]) -> Result<Vec<usize>> {
    let place = |name: &String| {
        let found = schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name));
        let place = found.ok_or_else(|| {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            Error::not_found(format!("the result has no column `{name}` to make folders of"))
                .hint(format!("its columns are {}", names.join(", ")))
        })?;
        if schema.field(place).data_type().is_nested() {
            return Err(Error::invalid(format!("`{name}` holds values of several parts, which make no folders"))
                .hint("name a column of text, numbers or times"));
        }
        Ok(place)
    };
    names.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_from_simple_columns_only() {
        let list = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
        let fields = vec![Field::new("eventName", DataType::Utf8, true), Field::new("l", list, true)];
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        assert_eq!(places(&schema, &["eventname".into()]).unwrap(), [0]);
        assert!(places(&schema, &["l".into()]).unwrap_err().to_string().contains("several parts"));
        assert!(places(&schema, &["x".into()]).unwrap_err().to_string().contains("eventName"));
    }
}
