//! Opens a data file: which row groups, which rows of them, and what of those.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, ParquetFileMetrics, RowGroupAccessPlanFilter};
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_adapter::replace_columns_with_literals;
use datafusion::physical_optimizer::pruning::{FilePruner, PruningPredicateBuilder};
use datafusion::physical_plan::metrics::Count;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use parquet::file::metadata::ParquetMetaData;

use super::columns::Columns;
use super::conjunct::{Conjunct, conjuncts};
use super::group::{File, Group};
use super::lists::Lists;
use super::rows::Rows;
use super::source::Scan;
use crate::coded::{Compact, of_columns};

/// Views of more bytes than this are copied out, so that a few rows do not hold all the others in memory.
const HELD_BYTES: usize = 1 << 20;

/// Opens the files of one partition of a scan.
pub(crate) struct Opener {
    pub(crate) scan: Arc<Scan>,
}

impl FileOpener for Opener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        Ok(open(Arc::clone(&self.scan), file).boxed())
    }
}

async fn open(scan: Arc<Scan>, file: PartitionedFile) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    if is_excluded(&scan, &file)? {
        scan.counters.files_left_out.add(1);
        return Ok(stream::empty().boxed());
    }
    let metadata = scan.metadata(&file.object_meta).await?;
    let groups = row_groups(&scan, &file, &metadata);
    let opened = Arc::new(File {
        name: Arc::from(file.object_meta.location.as_ref()),
        location: file.object_meta.location,
        shapes: scan.shapes().of(&metadata.file_metadata().schema_descr_ptr()),
        metadata,
        partition_values: file.partition_values,
    });
    let batches = stream::iter(groups).then(move |index| read(Arc::clone(&scan), Arc::clone(&opened), index));
    Ok(batches.map_ok(stream::iter).try_flatten().boxed())
}

/// Whether a filter that became known while the query runs leaves out the file.
fn is_excluded(scan: &Scan, file: &PartitionedFile) -> Result<bool> {
    let Some(predicate) = scan.predicate.as_ref().filter(|_| scan.is_dynamic) else { return Ok(false) };
    let predicate = of_file(scan, file, predicate)?;
    let schema = scan.table.file_schema();
    match FilePruner::try_new(predicate, schema, file, Count::new()) {
        Some(mut pruner) => pruner.should_prune(),
        None => Ok(false),
    }
}

/// The predicate as it is for the rows of one file, whose partition columns are known.
fn of_file(scan: &Scan, file: &PartitionedFile, predicate: &Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
    let columns = scan.table.table_partition_cols().iter().map(|field| field.name().as_str());
    let values: HashMap<&str, &ScalarValue> = columns.zip(&file.partition_values).collect();
    replace_columns_with_literals(Arc::clone(predicate), &values)
}

/// The row groups that may hold wanted rows.
fn row_groups(scan: &Scan, file: &PartitionedFile, metadata: &ParquetMetaData) -> Vec<usize> {
    let count = metadata.num_row_groups();
    let plan = file.extension::<ParquetAccessPlan>().filter(|plan| plan.len() == count).cloned();
    let mut filter = RowGroupAccessPlanFilter::new(plan.unwrap_or_else(|| ParquetAccessPlan::new_all(count)));
    if let Some(range) = &file.range {
        filter.prune_by_range(metadata.row_groups(), range);
    }
    if let Some(predicate) = scan.predicate.as_ref().filter(|_| count > 1) {
        // A predicate that says nothing of statistics leaves out nothing.
        let schema = scan.table.file_schema();
        let pruning = of_file(scan, file, predicate).and_then(|predicate| {
            PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(predicate)
        });
        if let Ok(pruning) = pruning
            && !pruning.always_true()
        {
            let metrics = ParquetFileMetrics::new(0, file.object_meta.location.as_ref(), &scan.metrics);
            let descriptor = metadata.file_metadata().schema_descr();
            filter.prune_by_statistics(schema, descriptor, metadata.row_groups(), &pruning, &metrics);
        }
    }
    filter.row_group_indexes().collect()
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

async fn read(scan: Arc<Scan>, file: Arc<File>, index: usize) -> Result<Batches> {
    let group = Group { scan: &scan, file: &file, index, lists: Lists::default() };
    let all = group.rows();
    let mut rows = Rows::All(all);
    for conjunct in ordered(&scan, &group)? {
        rows = conjunct.narrow(&group, rows).await?;
        if rows.len() == 0 {
            break;
        }
    }
    scan.counters.rows_filtered.add(all - rows.len());
    if let Some(limit) = scan.limit.filter(|limit| *limit < rows.len()) {
        rows = rows.slice(0, limit);
    }
    if rows.len() == 0 {
        return Ok(Box::new(std::iter::empty()));
    }
    let projection = &scan.projection;
    let exprs = group.exprs()?;
    let is_read = |input: usize| exprs.iter().any(|expr| expr.columns().contains(&input));
    let sources = group.load_where(&projection.inputs, &rows, is_read).await?;
    let is_coded = scan.is_coded || !projection.is_plain();
    let columns = Columns::new(sources, Arc::clone(&projection.read), rows, scan.batch_rows).coded(is_coded);
    let (scan, mut exprs) = (Arc::clone(&scan), exprs);
    Ok(Box::new(columns.map(move |batch| project(&scan, &mut exprs, &batch?))))
}

/// The conditions, the cheapest first.
fn ordered(scan: &Scan, group: &Group<'_>) -> Result<Vec<Conjunct>> {
    let mut found = match (&scan.predicate, scan.is_dynamic) {
        (Some(predicate), true) => {
            let now = datafusion::physical_expr_common::physical_expr::snapshot_physical_expr(Arc::clone(predicate))?;
            conjuncts(&now, &scan.table)?
        }
        _ => scan.conjuncts.clone(),
    };
    if found.len() > 1 {
        found.sort_by_cached_key(|conjunct| conjunct.cost(group));
    }
    Ok(found)
}

fn project(scan: &Scan, exprs: &mut [Compact], batch: &RecordBatch) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let columns = exprs.iter_mut().map(|expr| match scan.is_coded {
        true => expr.coded(batch),
        false => expr.array(batch),
    });
    let columns = columns.map(|column| column.map(compact)).collect::<Result<Vec<_>>>()?;
    let schema = match scan.is_coded {
        true => of_columns(&scan.projection.output, &columns),
        false => Arc::clone(&scan.projection.output),
    };
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

/// Lets go the texts of other rows, where those are many.
fn compact(column: ArrayRef) -> ArrayRef {
    let Some(texts) = column.as_string_view_opt() else { return column };
    let held: usize = texts.data_buffers().iter().map(|buffer| buffer.len()).sum();
    if held < HELD_BYTES || texts.total_buffer_bytes_used() * 4 > held {
        return column;
    }
    Arc::new(texts.gc())
}
