//! How does an event data store appear as a Delta table: created, opened, written to?

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use deltalake::DeltaTableError;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::{Action, MetadataExt, StructType};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use tokio::sync::Mutex;
use trailmere_model::{CALENDARDAY, Error, EventDataStore, Result, Retention, StoreType, VERIFIED, storage_schema};
use url::Url;
use uuid::Uuid;

use crate::commit::{attempts, is_collision, pause, too_busy};
use crate::encode::{self, Effort, EncodedFile};
use crate::failure;
use crate::lake::{Lake, table_path};
use crate::snapshot::{DataFile, Snapshot};
use crate::sorted_rows::SortedRows;
use crate::state::{self, State};
use crate::stats::StatColumns;

/// Delta writes a checkpoint after this many commits.
pub(crate) const CHECKPOINT_COMMITS: u32 = 32;

/// How long commits stay that a checkpoint has made superfluous: for readers that stand still, and for questions later.
const LOG_RETENTION: &str = "interval 7 days";
pub(crate) const LOG_RETENTION_DAYS: i64 = 7;

/// Larger files go up in parts, several at a time.
const PART_BYTES: usize = 16 << 20;
const PARTS_AT_ONCE: usize = 4;

/// The events of one event data store. Clones share what they have read.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) definition: EventDataStore,
    pub(crate) path: Path,
    pub(crate) log: LogStoreRef,
    pub(crate) stat_columns: StatColumns,
    pub(crate) state: Mutex<State>,
    /// Commits of one process wait for each other here instead of colliding in the log.
    pub(crate) commits: Mutex<()>,
}

impl Table {
    pub(crate) fn open(lake: &Lake, definition: &EventDataStore) -> Result<Self> {
        let path = table_path(definition.id);
        let store = lake.object_store();
        let log = log_store(store.clone(), &path)?;
        let stat_columns = StatColumns::of_schema(&storage_schema(definition.store_type));
        let inner = Inner {
            store,
            definition: definition.clone(),
            path,
            log,
            stat_columns,
            state: Mutex::default(),
            commits: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Creates the table; one that a process left behind after dying here is taken as it is.
    pub(crate) async fn create(lake: &Lake, definition: &EventDataStore) -> Result<Self> {
        let table = Self::open(lake, definition)?;
        let columns = delta_columns(definition.store_type)?;
        let mut properties = properties(definition)?;
        properties.push(("delta.checkpointInterval".to_owned(), CHECKPOINT_COMMITS.to_string()));
        properties.push(("delta.logRetentionDuration".to_owned(), LOG_RETENTION.to_owned()));
        properties.push(("delta.dataSkippingStatsColumns".to_owned(), table.inner.stat_columns.property()));
        CreateBuilder::new()
            .with_log_store(table.inner.log.clone())
            .with_save_mode(SaveMode::Ignore)
            .with_table_name(definition.name.clone())
            .with_columns(columns)
            .with_partition_columns([CALENDARDAY])
            .with_raise_if_key_not_exists(false)
            .with_configuration(properties.into_iter().map(|(key, value)| (key, Some(value))))
            .await
            .map_err(|error| table.failed(error, "create").at(table.place()))?;
        Ok(table)
    }

    /// The type of the store.
    pub fn store_type(&self) -> StoreType {
        self.inner.definition.store_type
    }

    /// The definition that the table was opened with.
    pub fn definition(&self) -> &EventDataStore {
        &self.inner.definition
    }

    /// The files that hold the store's events now, with their statistics.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        self.inner.state.lock().await.snapshot(&self.inner).await
    }

    /// Encodes one day's rows, sorted by the store type's sort columns, as a Parquet file. Pure computing: call it from
    /// as many threads as there are.
    pub fn encode(&self, day: i64, rows: SortedRows<'_>) -> Result<EncodedFile> {
        self.encode_with(Effort::Quick, day, rows)
    }

    /// Encodes rows that were stored before, smaller and at leisure.
    pub(crate) fn encode_again(&self, day: i64, rows: &RecordBatch) -> Result<EncodedFile> {
        self.encode_with(Effort::Thorough, day, SortedRows::of_batch(self.store_type(), rows))
    }

    fn encode_with(&self, effort: Effort, day: i64, rows: SortedRows<'_>) -> Result<EncodedFile> {
        encode::encode(self.store_type(), &self.inner.stat_columns, (day, rows), effort)
            .map_err(|error| error.at(self.place()))
    }

    /// Writes a file durably; no query sees it until it is committed.
    pub async fn upload(&self, file: EncodedFile) -> Result<DataFile> {
        let name = format!("{}.parquet", Uuid::new_v4());
        let folder = format!("{CALENDARDAY}={}", file.day);
        let path = Path::from_iter(self.inner.path.parts().chain([folder.as_str().into(), name.as_str().into()]));
        let size = file.size();
        put(self.inner.store.as_ref(), &path, file.bytes)
            .await
            .map_err(|error| failure::storage(error, format!("write `{path}`")))?;
        Ok(DataFile {
            path: path.to_string(),
            size,
            day: file.day,
            rows: file.rows,
            raw_bytes: file.raw_bytes,
            stats: file.stats,
            needles: file.needles,
        })
    }

    /// Writes the definition into the table's properties, for those who read the table without us.
    pub(crate) async fn publish_properties(&self) -> Result<()> {
        for attempt in attempts() {
            match self.try_publish().await {
                Err(error) if is_collision(&error) => tokio::time::sleep(pause(attempt)).await,
                Err(error) => return Err(self.failed(error, "set the properties of").at(self.place())),
                Ok(()) => return Ok(()),
            }
        }
        Err(too_busy().at(self.place()))
    }

    /// The library's own operation would also turn on a table feature that it then cannot write to.
    async fn try_publish(&self) -> Result<(), DeltaTableError> {
        let generic = |error: Error| DeltaTableError::Generic(error.to_string());
        let (_, delta) = state::load(&self.inner).await.map_err(generic)?;
        let mut metadata = delta.metadata().clone();
        let mut changed = HashMap::new();
        let name = &self.inner.definition.name;
        if metadata.name() != Some(name) {
            metadata = metadata.with_name(name.clone())?;
            changed.insert("name".to_owned(), name.clone());
        }
        for (key, value) in properties(&self.inner.definition).map_err(generic)? {
            if metadata.configuration().get(&key) != Some(&value) {
                metadata = metadata.add_config_key(key.clone(), value.clone())?;
                changed.insert(key, value);
            }
        }
        if let Some(columns) = self.newer_columns(&delta).map_err(generic)? {
            metadata = metadata.with_schema(&columns)?;
            changed.insert("columns".to_owned(), VERIFIED.to_owned());
        }
        if changed.is_empty() {
            return Ok(());
        }
        let operation = DeltaOperation::SetTableProperties { properties: changed };
        self.write_actions(&delta, vec![Action::Metadata(metadata)], operation).await
    }

    /// Whether the log knows all columns that new files have: tables outlive versions of the program.
    pub(crate) async fn has_todays_columns(&self) -> Result<bool> {
        let (_, delta) = state::load(&self.inner).await?;
        Ok(self.newer_columns(&delta)?.is_none())
    }

    /// The columns that files have now, if the log lacks some of them.
    fn newer_columns(&self, delta: &DeltaTableState) -> Result<Option<StructType>> {
        let columns = delta_columns(self.store_type())?;
        let known = delta.schema();
        if columns.iter().all(|column| known.field(column.name()).is_some()) {
            return Ok(None);
        }
        let columns = StructType::try_new(columns)
            .map_err(|error| Error::internal("the columns of a store make no Delta schema").source(error))?;
        Ok(Some(columns))
    }

    pub(crate) fn place(&self) -> String {
        format!("event data store `{}`", self.inner.definition.name)
    }

    pub(crate) fn failed(&self, error: DeltaTableError, doing: &str) -> Error {
        failure::delta(error, format!("{doing} the table"))
    }
}

/// Delta's view of a store's folder. The scheme only has to be one that its library takes as ordered and not as a file.
fn log_store(root: Arc<dyn ObjectStore>, path: &Path) -> Result<LogStoreRef> {
    let url = Url::parse(&format!("memory:///{path}"));
    let url = url.map_err(|error| Error::internal(format!("`{path}` makes no URL")).source(error))?;
    let table: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(root.clone(), path.clone()));
    Ok(default_logstore(table, root, &url, &StorageConfig::default()))
}

fn delta_columns(store_type: StoreType) -> Result<Vec<deltalake::kernel::StructField>> {
    let mut fields: Vec<Arc<Field>> = storage_schema(store_type).fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(CALENDARDAY, DataType::Int64, true)));
    let schema = Schema::new(fields);
    let columns: StructType = (&schema)
        .try_into_kernel()
        .map_err(|error| failure::arrow(error, "write the columns of an event data store for Delta"))?;
    Ok(columns.fields().cloned().collect())
}

fn properties(definition: &EventDataStore) -> Result<Vec<(String, String)>> {
    let retention = match definition.retention {
        Retention::Forever => "forever".to_owned(),
        Retention::Days(days) => days.to_string(),
    };
    let selectors = serde_json::to_string(&definition.selectors).map_err(|error| {
        Error::internal(format!("cannot write the selectors of `{}`: {error}", definition.name)).source(error)
    })?;
    let named = [
        ("id", definition.id.to_string()),
        ("arn", definition.arn.clone()),
        ("name", definition.name.clone()),
        ("storeType", definition.store_type.as_str().to_owned()),
        ("retentionDays", retention),
        ("advancedEventSelectors", selectors),
    ];
    Ok(named.into_iter().map(|(key, value)| (format!("trailmere.{key}"), value)).collect())
}

/// Writes a whole object, in parts if it is large.
pub(crate) async fn put(store: &dyn ObjectStore, path: &Path, bytes: bytes::Bytes) -> object_store::Result<()> {
    if bytes.len() <= PART_BYTES {
        return store.put(path, PutPayload::from(bytes)).await.map(drop);
    }
    let upload = store.put_multipart(path).await?;
    let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes.len().min(start + PART_BYTES);
        parts.wait_for_capacity(PARTS_AT_ONCE).await?;
        parts.put(bytes.slice(start..end));
        start = end;
    }
    parts.finish().await.map(drop)
}
