//! How is a store read? One Parquet scan over its active files, pruned before anything is opened, retention applied.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, col, lit};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::metrics::MetricBuilder;
use datafusion::physical_plan::projection::ProjectionExec;
use object_store::ObjectStore;
use trailmere_model::{EVENTTIME, StoreType, sort_columns};
use trailmere_store::DataFile;

use super::files::{Asked, first_event_time, null_count, table_statistics};
use super::listing::Schemas;
use super::needles::{Candidate, look_up, needles};
use super::prune::{of_days, prune};
use super::read::{EventSource, Shared};
use crate::columns::{file_schema, partition_field};

/// The rows of one event data store at one snapshot.
pub(crate) struct StoreScan {
    /// Kind of store, which gives the schema and the sort order.
    store_type: StoreType,
    /// File columns, then the partition column.
    schema: SchemaRef,
    files: Arc<Vec<DataFile>>,
    object_store_url: ObjectStoreUrl,
    object_store: Arc<dyn ObjectStore>,
    /// Rows with an earlier `eventtime` (microseconds) are past retention.
    retention_cutoff: Option<i64>,
    shared: Arc<Shared>,
}

impl StoreScan {
    pub(crate) fn new(
        store_type: StoreType,
        files: Arc<Vec<DataFile>>,
        object_store_url: ObjectStoreUrl,
        object_store: Arc<dyn ObjectStore>,
        retention_cutoff: Option<i64>,
        shared: Arc<Shared>,
    ) -> Self {
        let mut fields = file_schema(store_type).fields().to_vec();
        fields.push(partition_field());
        StoreScan {
            store_type,
            schema: Arc::new(Schema::new(fields)),
            files,
            object_store_url,
            object_store,
            retention_cutoff,
            shared,
        }
    }

    /// `eventtime >= cutoff`, if retention hides anything of these files.
    fn retention_filter<'a>(&self, mut files: impl Iterator<Item = &'a DataFile>) -> Option<Expr> {
        let cutoff = self.retention_cutoff?;
        let hides = files.any(|file| first_event_time(file).is_none_or(|first| first < cutoff));
        hides.then(|| col(EVENTTIME).gt_eq(lit(ScalarValue::TimestampMicrosecond(Some(cutoff), None))))
    }

    /// The order within each file, as far as no sort column has missing values (whose place nobody needs to know);
    /// DataFusion works out what holds across files.
    fn ordering(&self, files: &[Candidate<'_>]) -> Option<LexOrdering> {
        let complete = |name: &&&str| files.iter().all(|candidate| null_count(candidate.file, name) == Some(0));
        let sorts = sort_columns(self.store_type).iter().take_while(complete).filter_map(|name| {
            let index = self.schema.index_of(name).ok()?;
            Some(PhysicalSortExpr::new_default(Arc::new(Column::new(name, index))))
        });
        LexOrdering::new(sorts)
    }

    fn source(&self, state: &dyn Session, pruned: &Pruned<'_>) -> EventSource {
        let table_schema = TableSchema::builder(file_schema(self.store_type))
            .with_table_partition_cols(vec![partition_field()])
            .build();
        let source = ParquetSource::new(table_schema);
        // The predicate stays out: the physical optimizer pushes the filter above down, and would evaluate it twice.
        pruned.record(&source);
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        EventSource::new(source, Arc::clone(&self.shared), footers)
    }
}

impl fmt::Debug for StoreScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreScan({} files)", self.files.len())
    }
}

/// What is left of the files, and what was left out.
struct Pruned<'a> {
    files: Vec<Candidate<'a>>,
    files_total: usize,
    bytes_total: u64,
}

impl Pruned<'_> {
    /// Shows the pruning in `EXPLAIN ANALYZE` and to the query's statistics.
    fn record(&self, source: &ParquetSource) {
        let bytes: u64 = self.files.iter().map(|candidate| candidate.file.size).sum();
        let metric = |name: &'static str, value: u64| {
            MetricBuilder::new(source.metrics()).global_counter(name).add(value as usize);
        };
        metric("files_total", self.files_total as u64);
        metric("files_pruned", (self.files_total - self.files.len()) as u64);
        metric("bytes_total", self.bytes_total);
        metric("bytes_pruned", self.bytes_total - bytes);
    }
}

#[async_trait]
impl TableProvider for StoreScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // The filter stays above the scan until the physical optimizer has pushed it into the Parquet reader.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        let is_all_shown = self.retention_filter(self.files.iter()).is_none();
        let every = Asked::new(&self.schema, self.schema.fields().iter().map(|field| field.name().as_str()));
        is_all_shown.then(|| table_statistics(self.files.iter(), &self.schema, &every))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let df_schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let retention = self.retention_filter(self.files.iter());
        let predicate = conjunction(filters.iter().cloned().chain(retention))
            .map(|filter| state.create_physical_expr(filter, &df_schema))
            .transpose()?;
        let files = of_days(state, self.files.iter().collect(), filters)?;
        let files = prune(files, predicate.as_ref(), &self.schema)?;
        let files = look_up((&self.shared.needles, self.object_store.as_ref()), files, &needles(filters)).await;
        let retention = self.retention_filter(files.iter().map(|candidate| candidate.file));
        let pruned =
            Pruned { files_total: self.files.len(), bytes_total: self.files.iter().map(|f| f.size).sum(), files };
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let time = self.schema.index_of(EVENTTIME)?;
        let mut read = wanted.clone();
        if retention.is_some() && !read.contains(&time) {
            read.push(time);
        }
        // A limit below the retention filter would cut rows that are not hidden.
        let limit = limit.filter(|_| retention.is_none() && filters.is_empty());
        let asked = self.asked(&read, filters);
        let scan = self.scan_files(state, &pruned, (read, asked), limit)?;
        match retention {
            None => Ok(scan),
            Some(filter) => hide_expired(state, scan, filter, &wanted, &self.schema),
        }
    }
}

impl StoreScan {
    fn asked(&self, read: &[usize], filters: &[Expr]) -> Asked {
        let projected = read.iter().map(|index| self.schema.field(*index).name().as_str());
        let filtered = filters.iter().flat_map(Expr::column_refs).map(|column| column.name.as_str());
        Asked::new(&self.schema, projected.chain(filtered).chain(sort_columns(self.store_type).iter().copied()))
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        pruned: &Pruned<'_>,
        (projection, asked): (Vec<usize>, Asked),
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.source(state, pruned);
        let schema = file_schema(self.store_type);
        let schemas = Schemas { file: &schema, table: &self.schema };
        let listing = self.shared.listings.of(&self.files, asked);
        let mut groups =
            FileGroup::new(listing.read(&pruned.files, schemas)).split_files(state.config().target_partitions().max(1));
        if groups.is_empty() {
            // Everything was pruned: one partition without rows, since a plan needs one.
            groups.push(FileGroup::new(vec![]));
        }
        let config = FileScanConfigBuilder::new(self.object_store_url.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(listing.statistics(&pruned.files, schemas))
            .with_output_ordering(self.ordering(&pruned.files).into_iter().collect())
            .with_projection_indices(Some(projection))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Hides what is past retention, exact to the microsecond, and drops `eventtime` again if nobody asked for it.
fn hide_expired(
    state: &dyn Session,
    scan: Arc<dyn ExecutionPlan>,
    filter: Expr,
    wanted: &[usize],
    schema: &SchemaRef,
) -> Result<Arc<dyn ExecutionPlan>> {
    let read = DFSchema::try_from(scan.schema())?;
    let filter = state.create_physical_expr(filter, &read)?;
    let filtered: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(filter, scan)?);
    if read.fields().len() == wanted.len() {
        return Ok(filtered);
    }
    let kept = wanted.iter().enumerate().map(|(i, &index)| {
        let name = schema.field(index).name();
        (Arc::new(Column::new(name, i)) as Arc<dyn PhysicalExpr>, name.clone())
    });
    Ok(Arc::new(ProjectionExec::try_new(kept.collect::<Vec<_>>(), filtered)?))
}
