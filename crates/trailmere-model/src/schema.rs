//! Which columns has each type of store, in which order, and what is in its Parquet files?

mod activity;
mod cloudtrail;
mod configuration;
mod evidence;
mod insights;

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::StoreType;
use crate::column_type::{ColumnType, Member};

/// The partition key: `YYYYMMDD` of `eventtime`, UTC, a bigint. Only in the Delta partition values.
pub const CALENDARDAY: &str = "calendarday";
/// The hour of `eventtime`, computed when read.
pub const HOUR: &str = "hour";
/// When the event happened: the column of retention, pruning and sorting.
pub const EVENTTIME: &str = "eventtime";
/// The record exactly as delivered.
pub const EVENTJSON: &str = "eventjson";
/// Base64 SHA-256 of [`EVENTJSON`], computed when read.
pub const EVENTJSONCHECKSUM: &str = "eventjsonchecksum";
/// What an enriched store adds to an event.
pub const EVENTCONTEXT: &str = "eventcontext";
/// The key of the log file that a row came from; `"$path"` in SQL.
pub const PATH: &str = "_path";
/// When the row was ingested; `"$ingested"` in SQL.
pub const INGESTED: &str = "_ingested";
/// How the row's log file stood to CloudTrail's digests when it was ingested; `"$verified"` in SQL. The last column, and
/// the youngest: files written before it lack it, which means NULL.
pub const VERIFIED: &str = "_verified";

/// A column of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in SQL and in the files: lower case.
    pub name: &'static str,
    /// The record's spelling, which heads the columns of `SELECT *`.
    pub display: &'static str,
    /// The Arrow type, as stored.
    pub data_type: DataType,
    /// The same type in Lake's terms, with the record's spelling of struct members.
    pub column_type: ColumnType,
}

/// The columns of a store as Lake publishes them, in its order; `eventjson` last where Lake does not name it.
pub fn published_columns(store_type: StoreType) -> &'static [Column] {
    &tables(store_type).published
}

/// What else is in a store's files, after the published columns.
pub fn extra_columns(store_type: StoreType) -> &'static [Column] {
    &tables(store_type).extra
}

/// The schema of a store's Parquet files: published columns without the computed ones, then the extra ones.
pub fn storage_schema(store_type: StoreType) -> SchemaRef {
    tables(store_type).storage.clone()
}

/// The order of rows within a file: alike events side by side.
pub fn sort_columns(store_type: StoreType) -> &'static [&'static str] {
    match store_type {
        StoreType::CloudTrail => &["eventsource", "eventname", EVENTTIME],
        StoreType::Insights => &["insighteventsource", "insighteventname", EVENTTIME],
        StoreType::Configuration | StoreType::Evidence | StoreType::ActivityAuditLog => &["eventtype", EVENTTIME],
    }
}

/// Finds a published or extra column by name, in any case.
pub fn find_column(store_type: StoreType, name: &str) -> Option<&'static Column> {
    let tables = tables(store_type);
    tables.published.iter().chain(&tables.extra).find(|column| column.name.eq_ignore_ascii_case(name))
}

struct Tables {
    published: Vec<Column>,
    extra: Vec<Column>,
    storage: SchemaRef,
}

static TABLES: LazyLock<[Tables; 5]> = LazyLock::new(|| StoreType::ALL.map(build));

fn tables(store_type: StoreType) -> &'static Tables {
    &TABLES[store_type as usize]
}

fn build(store_type: StoreType) -> Tables {
    let (published, context): (&[Member], &[Member]) = match store_type {
        StoreType::CloudTrail => (cloudtrail::COLUMNS, cloudtrail::CONTEXT),
        StoreType::Insights => (insights::COLUMNS, &[]),
        StoreType::Configuration => (configuration::COLUMNS, &[]),
        StoreType::Evidence => (evidence::COLUMNS, &[]),
        StoreType::ActivityAuditLog => (activity::COLUMNS, &[]),
    };
    let provenance = [Member::text(PATH), Member::new(INGESTED, ColumnType::Timestamp), Member::text(VERIFIED)];
    let published: Vec<Column> = published.iter().map(column).collect();
    let extra: Vec<Column> = context.iter().chain(&provenance).map(column).collect();
    let stored = published.iter().filter(|column| column.name != EVENTJSONCHECKSUM).chain(&extra);
    let fields: Vec<Field> = stored.map(|column| Field::new(column.name, column.data_type.clone(), true)).collect();
    Tables { storage: Arc::new(Schema::new(fields)), published, extra }
}

fn column(member: &Member) -> Column {
    Column {
        // Once per process and column: the tables live as long as the program.
        name: member.name().leak(),
        display: member.display,
        data_type: member.column_type.data_type(),
        column_type: member.column_type,
    }
}

#[cfg(test)]
mod tests;
