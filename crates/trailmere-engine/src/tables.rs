//! Which table does a name in SQL mean? Stores by every name they have, and the lake's own tables.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::MemTable;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableSource};
use trailmere_model::{Error, EventDataStore, Result, StoreType, retention_cutoff, scanned_type};
use trailmere_sql::Type;
use trailmere_sql::catalog::{Catalog, Table, TableColumn, TableName};
use trailmere_store::{ledger_schema, quarantine_schema};

use crate::athena;
use crate::columns::table_columns;
use crate::engine::Engine;
use crate::jobs::AskedStore;
use crate::options::QueryRequest;
use crate::scan::StoreScan;

/// The tables that a statement names, opened at one snapshot each.
#[derive(Default)]
pub(crate) struct OpenTables {
    /// By the name as written, lower case.
    tables: HashMap<String, Table>,
    /// Every name that could have been meant, for "did you mean".
    known: Vec<String>,
    /// The stores behind the tables.
    pub(crate) stores: Vec<AskedStore>,
}

impl Catalog for OpenTables {
    fn table(&self, name: &TableName) -> Option<Table> {
        self.tables.get(&name.text().to_lowercase()).cloned()
    }

    fn table_names(&self) -> Vec<String> {
        self.known.clone()
    }
}

impl OpenTables {
    fn note(&mut self, store: &EventDataStore) {
        if self.stores.iter().all(|known| known.id != store.id) {
            let (name, account, region) = (store.name.clone(), store.account.clone(), store.region.clone());
            self.stores.push(AskedStore { id: store.id, name, account, region });
        }
    }
}

/// Tables by type of store.
const BY_TYPE: &[(&str, StoreType)] = &[
    ("events", StoreType::CloudTrail),
    ("insights", StoreType::Insights),
    ("configuration", StoreType::Configuration),
    ("evidence", StoreType::Evidence),
    ("activity", StoreType::ActivityAuditLog),
];

/// What generated queries and dashboards write for the store.
const PLACEHOLDERS: &[&str] = &["$eds_id", "$eventdatastoreid$"];

impl Engine {
    /// Opens the tables of these names; what is none is left out, and the analyzer says so with its place.
    pub(crate) async fn open_tables(&self, names: &[String], request: &QueryRequest) -> Result<OpenTables> {
        let mut open = OpenTables::default();
        let stores = self.lake().stores().await?;
        let has = |wanted: StoreType| stores.iter().any(|s| s.store_type == wanted);
        open.known = BY_TYPE.iter().filter(|(_, ty)| has(*ty)).map(|(name, _)| name.to_string()).collect();
        open.known.extend(["trailmere.stores", "trailmere.ledger", "trailmere.quarantine"].map(String::from));
        open.known.extend(stores.iter().map(|s| s.name.clone()));
        let viewed = stores.iter().filter(|s| s.store_type == StoreType::CloudTrail);
        open.known.extend(viewed.map(|s| format!("athena.{}", s.name)));
        open.known.sort();
        open.known.dedup();
        for name in names {
            let key = name.to_lowercase();
            if open.tables.contains_key(&key) {
                continue;
            }
            let table = match key.as_str() {
                "trailmere.stores" => Some(stores_table(&stores)?),
                "trailmere.ledger" => Some(self.ledger_table(&stores).await?),
                "trailmere.quarantine" => Some(self.quarantine_table(&stores).await?),
                _ => match self.table_named(name, &stores, request).await? {
                    Some((store, table)) => {
                        open.note(&store);
                        Some(table)
                    }
                    None => None,
                },
            };
            open.tables.extend(table.map(|table| (key, table)));
        }
        Ok(open)
    }

    /// A store as Lake shows it, or, as `athena.<store>`, as Athena does.
    async fn table_named(
        &self,
        name: &str,
        stores: &[EventDataStore],
        request: &QueryRequest,
    ) -> Result<Option<(EventDataStore, Table)>> {
        let is_store = stores.iter().any(|s| s.name.eq_ignore_ascii_case(name));
        let Some(viewed) = athena_name(name).filter(|_| !is_store) else {
            let Some(store) = self.store_named(name, stores, request).await? else { return Ok(None) };
            let source = self.store_rows(&store, request).await?;
            let columns = table_columns(store.store_type);
            return Ok(Some((store, Table { source, columns })));
        };
        let Some(store) = self.store_named(viewed, stores, request).await? else { return Ok(None) };
        if store.store_type != StoreType::CloudTrail {
            let message = format!("Athena's table is of CloudTrail events; `{viewed}` has {} events", store.store_type);
            return Err(Error::invalid(message).hint(format!("name the store itself: FROM {viewed}")));
        }
        let source = self.store_rows(&store, request).await?;
        Ok(Some((store, Table { source, columns: athena::table_columns() })))
    }

    /// The store that a table name means.
    async fn store_named(
        &self,
        name: &str,
        stores: &[EventDataStore],
        request: &QueryRequest,
    ) -> Result<Option<EventDataStore>> {
        let key = name.to_lowercase();
        if let Some(exact) = stores.iter().find(|s| s.name.eq_ignore_ascii_case(name)) {
            return Ok(Some(exact.clone()));
        }
        if PLACEHOLDERS.contains(&key.as_str()) {
            return self.chosen(StoreType::CloudTrail, stores, request).await.map(Some);
        }
        if let Some((_, store_type)) = BY_TYPE.iter().find(|(table, _)| *table == key) {
            return self.chosen(*store_type, stores, request).await.map(Some);
        }
        match self.lake().find_store(name).await {
            Ok(store) => Ok(Some(store)),
            Err(e) if e.kind() == trailmere_model::Kind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The store that was asked for, or the only one of its type, or the default one.
    async fn chosen(
        &self,
        wanted: StoreType,
        stores: &[EventDataStore],
        request: &QueryRequest,
    ) -> Result<EventDataStore> {
        if let Some(name) = &request.store {
            let store = self.lake().find_store(name).await?;
            if store.store_type == wanted {
                return Ok(store);
            }
        }
        let fitting: Vec<&EventDataStore> =
            stores.iter().filter(|s| s.store_type == wanted && s.check_active().is_ok()).collect();
        match fitting.as_slice() {
            [] => Err(Error::not_found(format!(
                "there is no event data store of {wanted} events in {}",
                self.lake().location()
            ))
            .hint("`trailmere ingest SOURCE` makes one")),
            [only] => Ok((*only).clone()),
            several => match several.iter().find(|s| s.is_default) {
                Some(default) => Ok((*default).clone()),
                None => {
                    let names: Vec<&str> = several.iter().map(|s| s.name.as_str()).collect();
                    Err(Error::invalid(format!("there are several event data stores: {}", names.join(", ")))
                        .hint("name one after FROM, or say `--store NAME`"))
                }
            },
        }
    }

    async fn store_rows(&self, store: &EventDataStore, request: &QueryRequest) -> Result<Arc<dyn TableSource>> {
        store.check_active()?;
        let snapshot = self.table(store).await?.snapshot().await?;
        let cutoff = retention_cutoff(store.retention, request.now.timestamp_micros());
        let (url, objects) = (lake_url()?, self.lake().object_store());
        let scan = StoreScan::new(store.store_type, snapshot.files, url, objects, cutoff, self.scans());
        Ok(provider_as_source(Arc::new(scan)))
    }

    async fn ledger_table(&self, stores: &[EventDataStore]) -> Result<Table> {
        let mut batches = vec![];
        for store in stores {
            let ledger = self.table(store).await?.ledger().await?;
            batches.extend(ledger.entries().await?.into_iter().map(|batch| (store.name.clone(), batch)));
        }
        memory_table(ledger_schema(), batches)
    }

    async fn quarantine_table(&self, stores: &[EventDataStore]) -> Result<Table> {
        let mut batches = vec![];
        for store in stores {
            let ledger = self.table(store).await?.ledger().await?;
            batches.extend(ledger.quarantine().await?.into_iter().map(|batch| (store.name.clone(), batch)));
        }
        memory_table(quarantine_schema(), batches)
    }
}

/// The store in `athena.<store>`.
fn athena_name(name: &str) -> Option<&str> {
    let (schema, store) = name.split_once('.')?;
    schema.eq_ignore_ascii_case("athena").then_some(store)
}

/// Where DataFusion finds the lake's files: a name within the process, not a place.
pub(crate) fn lake_url() -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse("trailmere://lake").map_err(|e| Error::internal("the lake's URL is no URL").source(e))
}

/// The definitions of the stores, as a table.
fn stores_table(stores: &[EventDataStore]) -> Result<Table> {
    type Cell = fn(&EventDataStore) -> String;
    let columns: [(&str, Cell); 7] = [
        ("name", |s| s.name.clone()),
        ("id", |s| s.id.to_string()),
        ("type", |s| s.store_type.to_string()),
        ("status", |s| s.status.to_string()),
        ("retention", |s| s.retention.to_string()),
        ("created", |s| trailmere_model::time::format_timestamp(s.created.timestamp_micros())),
        ("arn", |s| s.arn.clone()),
    ];
    let schema = Arc::new(Schema::new(
        columns.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>(),
    ));
    let arrays = columns
        .iter()
        .map(|(_, cell)| Arc::new(stores.iter().map(|s| Some(cell(s))).collect::<StringArray>()) as ArrayRef);
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).map_err(defect)?;
    provide(schema, vec![batch])
}

/// Batches of several stores as one table, with the store's name first.
fn memory_table(schema: SchemaRef, batches: Vec<(String, RecordBatch)>) -> Result<Table> {
    let mut fields = vec![Arc::new(Field::new("store", DataType::Utf8, true))];
    fields.extend(schema.fields().iter().cloned());
    let schema = Arc::new(Schema::new(fields));
    let mut named = vec![];
    for (store, batch) in batches {
        let names: StringArray = std::iter::repeat_n(Some(store.as_str()), batch.num_rows()).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(names)];
        columns.extend(batch.columns().iter().cloned());
        named.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(defect)?);
    }
    provide(schema, named)
}

/// A table over batches, in the Arrow types that SQL works with.
fn provide(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Table> {
    let scanned =
        |field: &Arc<Field>| field.as_ref().clone().with_data_type(sql_arrow(field.data_type())).with_nullable(true);
    let shown = Arc::new(Schema::new(schema.fields().iter().map(scanned).collect::<Vec<_>>()));
    let mut converted = vec![];
    for batch in batches {
        let columns = batch.columns().iter().zip(shown.fields()).map(|(column, field)| cast(column, field.data_type()));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(defect)?;
        converted.push(RecordBatch::try_new(Arc::clone(&shown), columns).map_err(defect)?);
    }
    let columns = shown.fields().iter().map(|field| table_column(field)).collect::<Result<Vec<_>>>()?;
    let rows = MemTable::try_new(shown, vec![converted]).map_err(defect)?;
    Ok(Table { source: provider_as_source(Arc::new(rows)), columns })
}

/// Strings and bytes as views, everything else as it is.
fn sql_arrow(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::UInt64 => DataType::Int64,
        other => scanned_type(other),
    }
}

fn table_column(field: &Field) -> Result<TableColumn> {
    let ty = match field.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, None) => Some(Type::Timestamp(3)),
        other => Type::from_arrow(other),
    };
    let ty = ty.ok_or_else(|| Error::internal(format!("column `{}` has no SQL type", field.name())))?;
    let expr = Expr::Column(Column::new_unqualified(field.name()));
    Ok(TableColumn { name: field.name().clone(), display: None, ty, hidden: false, expr })
}

fn defect(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("a table of the lake can't be shown").source(e)
}
