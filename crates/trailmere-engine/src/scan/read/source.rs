//! The scan as DataFusion sees it: planning is that of its own Parquet source, reading is ours.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::physical_expr::expressions::DynamicFilterTracking;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr, conjunction};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use super::conjunct::{Conjunct, conjuncts};
use super::input::Inputs;
use super::kept::KeptColumns;
use super::opener::Opener;
use super::shape::Shapes;
use super::steps::Steps;
use super::unreadable::Unreadable;
use crate::coded::Compact;
use crate::scan::kept_needles::KeptNeedles;
use crate::scan::listing::Listings;

/// Read of a file's end at once: the footer and page indexes of most files, in one request instead of three.
const FOOTER_BYTES: usize = 64 << 10;

/// What all scans of an engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    kept: KeptColumns,
    shapes: Shapes,
    /// Files as scans want them.
    pub(crate) listings: Listings,
    /// Bloom filters that were asked before.
    pub(crate) needles: KeptNeedles,
}

impl Shared {
    /// A statement begins: what one reads twice need not be read again.
    pub(crate) fn begin_statement(&self) {
        self.kept.next_statement();
    }

    /// Keeps up to so many bytes of decoded columns.
    pub(crate) fn new(kept: usize) -> Self {
        Shared {
            kept: KeptColumns::new(kept),
            shapes: Shapes::default(),
            listings: Listings::default(),
            needles: KeptNeedles::default(),
        }
    }
}

/// Reads data files of a store.
#[derive(Clone)]
pub(crate) struct EventSource {
    /// Plans: projection, predicate, order.
    planned: ParquetSource,
    shared: Arc<Shared>,
    footers: Arc<FileMetadataCache>,
    batch_rows: usize,
    statement: u64,
    /// Whether texts are put out by their positions in dictionaries, where files have them so: then columns of batches
    /// differ from the schema in that.
    is_coded: bool,
}

impl EventSource {
    /// Reads what `planned` plans.
    pub(crate) fn new(planned: ParquetSource, shared: Arc<Shared>, footers: Arc<FileMetadataCache>) -> Self {
        let statement = shared.kept.statement();
        EventSource { planned, shared, footers, batch_rows: 8192, statement, is_coded: false }
    }

    /// The same with texts as they are coded.
    pub(crate) fn coded(&self) -> Self {
        EventSource { is_coded: true, ..self.clone() }
    }

    fn with(&self, planned: ParquetSource) -> Arc<dyn FileSource> {
        Arc::new(EventSource { planned, ..self.clone() })
    }

    /// The same around what the Parquet source made of itself.
    fn around(&self, planned: &Arc<dyn FileSource>) -> Result<Arc<dyn FileSource>> {
        let planned = planned.downcast_ref::<ParquetSource>();
        let planned = planned.ok_or_else(|| DataFusionError::Internal("a Parquet source became another".to_owned()))?;
        Ok(self.with(planned.clone()))
    }
}

impl FileSource for EventSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let table = self.planned.table_schema().clone();
        let projection = Projection::new(self.planned.projection(), &table)?;
        let predicate = self.planned.filter();
        let is_dynamic = predicate
            .as_ref()
            .is_some_and(|predicate| DynamicFilterTracking::classify(predicate).contains_dynamic_filter());
        let conjuncts = match &predicate {
            Some(predicate) if !is_dynamic => conjuncts(predicate, &table)?,
            _ => vec![],
        };
        let scan = Scan {
            store,
            table,
            shared: Arc::clone(&self.shared),
            footers: Arc::clone(&self.footers),
            projection,
            predicate,
            is_dynamic,
            conjuncts,
            is_coded: self.is_coded,
            statement: self.statement,
            limit: config.limit,
            batch_rows: self.batch_rows,
            counters: Counters::new(self.planned.metrics(), partition),
            metrics: self.planned.metrics().clone(),
        };
        Ok(Arc::new(Opener { scan: Arc::new(scan) }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.planned.table_schema()
    }

    fn with_batch_size(&self, batch_rows: usize) -> Arc<dyn FileSource> {
        Arc::new(EventSource { batch_rows, ..self.clone() })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.planned.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.planned.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.planned.metrics()
    }

    fn file_type(&self) -> &str {
        self.planned.file_type()
    }

    fn fmt_extra(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.planned.fmt_extra(format, f)
    }

    /// Takes every filter that always gives the same answer: also those on lists and maps, which Parquet's reader leaves.
    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let taken: Vec<bool> = filters.iter().map(|filter| !is_volatile(filter)).collect();
        let answers = taken.iter().map(|taken| if *taken { PushedDown::Yes } else { PushedDown::No }).collect();
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(answers);
        let mut all: Vec<Arc<dyn PhysicalExpr>> =
            filters.into_iter().zip(taken).filter_map(|(filter, taken)| taken.then_some(filter)).collect();
        if all.is_empty() {
            return Ok(propagation);
        }
        all.splice(0..0, self.planned.filter());
        Ok(propagation.with_updated_node(self.with(self.planned.with_predicate(conjunction(all)))))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(match self.planned.try_pushdown_sort(order, properties)? {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact { inner: self.around(&inner)? },
            SortOrderPushdownResult::Inexact { inner } => {
                SortOrderPushdownResult::Inexact { inner: self.around(&inner)? }
            }
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.planned.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        match self.planned.try_pushdown_projection(projection)? {
            Some(planned) => self.around(&planned).map(Some),
            None => Ok(None),
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.planned.apply_expressions(f)
    }
}

/// One partition of a scan, for all its files.
pub(crate) struct Scan {
    store: Arc<dyn ObjectStore>,
    shared: Arc<Shared>,
    footers: Arc<FileMetadataCache>,
    pub(crate) table: TableSchema,
    pub(crate) projection: Projection,
    pub(crate) predicate: Option<Arc<dyn PhysicalExpr>>,
    /// Whether the predicate changes while the query runs.
    pub(crate) is_dynamic: bool,
    /// The predicate's conditions, unless they change.
    pub(crate) conjuncts: Vec<Conjunct>,
    /// Whether texts are put out as they are coded.
    pub(crate) is_coded: bool,
    /// The number of the statement that it is part of.
    pub(crate) statement: u64,
    pub(crate) limit: Option<usize>,
    pub(crate) batch_rows: usize,
    pub(crate) counters: Counters,
    pub(crate) metrics: ExecutionPlanMetricsSet,
}

impl Scan {
    pub(crate) fn kept(&self) -> &KeptColumns {
        &self.shared.kept
    }

    pub(crate) fn shapes(&self) -> &Shapes {
        &self.shared.shapes
    }

    /// Footer and page indexes, read once.
    pub(crate) async fn metadata(&self, file: &ObjectMeta) -> Result<Arc<ParquetMetaData>> {
        DFParquetMetadata::new(&self.store, file)
            .with_file_metadata_cache(Some(Arc::clone(&self.footers)))
            .with_page_index_policy(Some(PageIndexPolicy::Optional))
            .with_metadata_size_hint(Some(FOOTER_BYTES))
            .fetch_metadata()
            .await
            .map_err(|error| Unreadable::error(format!("the footer of {}", file.location), error))
    }

    /// Ranges of a file, in one request where the store can do so.
    pub(crate) async fn fetch(&self, file: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if ranges.is_empty() {
            return Ok(vec![]);
        }
        self.counters.requests.add(1);
        self.counters.bytes_scanned.add(ranges.iter().map(|range| (range.end - range.start) as usize).sum());
        Ok(self.store.get_ranges(file, ranges).await?)
    }
}

/// What is put out.
pub(crate) struct Projection {
    /// Over `inputs`.
    pub(crate) exprs: Vec<Compact>,
    pub(crate) inputs: Inputs,
    /// Those of `exprs` that a row group's first and last time may tell.
    pub(crate) steps: Steps,
    /// The schema of the inputs.
    pub(crate) read: SchemaRef,
    pub(crate) output: SchemaRef,
}

impl Projection {
    fn new(exprs: Option<&ProjectionExprs>, table: &TableSchema) -> Result<Self> {
        let schema = table.table_schema();
        let every: Vec<usize> = (0..schema.fields().len()).collect();
        let exprs = exprs.cloned().unwrap_or_else(|| ProjectionExprs::from_indices(&every, schema));
        let output = Arc::new(exprs.project_schema(schema)?);
        let mut inputs = Inputs::default();
        let exprs = exprs.expr_iter().map(|expr| inputs.rewrite(expr, table)).collect::<Result<Vec<_>>>()?;
        let read = inputs.schema();
        let steps = Steps::of(&exprs, &inputs)?;
        let exprs = exprs.into_iter().map(|expr| Compact::new(expr, &read)).collect::<Result<_>>()?;
        Ok(Projection { exprs, inputs, steps, read, output })
    }

    /// Whether inputs are put out as they are.
    pub(crate) fn is_plain(&self) -> bool {
        self.exprs.iter().all(Compact::is_column)
    }
}

/// What a scan counts, under the names that Parquet scans have.
pub(crate) struct Counters {
    bytes_scanned: Count,
    /// Reads of data files, each of one or more ranges.
    requests: Count,
    pub(crate) rows_filtered: Count,
    pub(crate) files_left_out: Count,
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        Counters {
            bytes_scanned: MetricBuilder::new(metrics).counter("bytes_scanned", partition),
            requests: MetricBuilder::new(metrics).counter("requests", partition),
            rows_filtered: MetricBuilder::new(metrics).counter("pushdown_rows_pruned", partition),
            files_left_out: MetricBuilder::new(metrics).counter("files_left_out_by_dynamic_filters", partition),
        }
    }
}
