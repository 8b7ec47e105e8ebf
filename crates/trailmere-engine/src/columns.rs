//! Which columns does SQL see of a store, and from which physical column does each come?

use std::sync::Arc;

use arrow::array::{Array, StringViewArray, StringViewBuilder, TimestampMicrosecondArray};
use arrow::array::{ArrayRef, Int32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use datafusion::common::Column;
use datafusion::logical_expr::{ColumnarValue, Expr};
use sha2::{Digest, Sha256};
use trailmere_model::{
    CALENDARDAY, ColumnType, EVENTCONTEXT, EVENTJSON, EVENTJSONCHECKSUM, EVENTTIME, HOUR, INGESTED, Member, PATH,
    StoreType, VERIFIED, extra_columns, published_columns, scanned_type, storage_schema,
};
use trailmere_sql::call::{Typed, apply, downcast};
use trailmere_sql::catalog::TableColumn;
use trailmere_sql::function::ScalarCall;
use trailmere_sql::{RowField, Type};

/// The schema in which a store's files are read: strings as views.
pub(crate) fn file_schema(store_type: StoreType) -> SchemaRef {
    let stored = storage_schema(store_type);
    let scanned = |field: &Arc<Field>| field.as_ref().clone().with_data_type(scanned_type(field.data_type()));
    Arc::new(Schema::new(stored.fields().iter().map(scanned).collect::<Vec<_>>()))
}

/// The partition column, which is in no file.
pub(crate) fn partition_field() -> Arc<Field> {
    Arc::new(Field::new(CALENDARDAY, DataType::Int64, false))
}

/// The columns of a store in SQL: Lake's in its order, then the hidden ones.
pub(crate) fn table_columns(store_type: StoreType) -> Vec<TableColumn> {
    let mut columns = vec![];
    for column in published_columns(store_type) {
        let expr = match column.name {
            EVENTJSONCHECKSUM => checksum(),
            name => physical(name),
        };
        columns.push(visible(column.name, column.display, sql_type(&column.column_type), expr));
    }
    for column in extra_columns(store_type) {
        let (name, display) = match column.name {
            PATH => ("$path", "$path"),
            INGESTED => ("$ingested", "$ingested"),
            VERIFIED => ("$verified", "$verified"),
            other => (other, column.display),
        };
        debug_assert!([PATH, INGESTED, VERIFIED, EVENTCONTEXT].contains(&column.name));
        columns.push(hidden(visible(name, display, sql_type(&column.column_type), physical(column.name))));
    }
    columns.push(hidden(visible(CALENDARDAY, CALENDARDAY, Type::BigInt, physical(CALENDARDAY))));
    columns.push(hidden(visible(HOUR, HOUR, Type::Integer, hour())));
    columns
}

fn visible(name: &str, display: &str, ty: Type, expr: Expr) -> TableColumn {
    TableColumn { name: name.to_string(), display: Some(display.to_string()), ty, hidden: false, expr }
}

fn hidden(mut column: TableColumn) -> TableColumn {
    column.hidden = true;
    column
}

/// A column of the files.
pub(crate) fn physical(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The SQL type of a column; Lake's `timestamp` shows milliseconds.
fn sql_type(column_type: &ColumnType) -> Type {
    match column_type {
        ColumnType::Text => Type::VARCHAR,
        ColumnType::Boolean => Type::Boolean,
        ColumnType::Integer => Type::Integer,
        ColumnType::Bigint => Type::BigInt,
        ColumnType::Double => Type::Double,
        ColumnType::Timestamp => Type::Timestamp(3),
        ColumnType::Map => Type::map(Type::VARCHAR, Type::VARCHAR),
        ColumnType::List(item) => Type::array(sql_type(item)),
        ColumnType::Struct(members) => Type::Row(members.iter().map(row_field).collect()),
    }
}

fn row_field(member: &Member) -> RowField {
    RowField { name: Some(member.name()), ty: sql_type(&member.column_type) }
}

/// `eventjsonchecksum`: base64 SHA-256 of the record as delivered.
fn checksum() -> Expr {
    let call = ScalarCall::new(vec![Type::VARCHAR], Type::VARCHAR, |args| {
        let json = args.array(0)?;
        let json = downcast::<StringViewArray>(&json)?;
        let mut out = StringViewBuilder::with_capacity(json.len());
        for record in json.iter() {
            out.append_option(record.map(|r| STANDARD.encode(Sha256::digest(r.as_bytes()))));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    });
    apply("eventjsonchecksum", call, vec![Typed::new(physical(EVENTJSON), Type::VARCHAR)], vec![]).expr
}

/// `hour`: the hour of `eventtime`, UTC.
fn hour() -> Expr {
    const HOUR_MICROS: i64 = 3_600_000_000;
    let call = ScalarCall::new(vec![Type::Timestamp(3)], Type::Integer, |args| {
        let time = args.array(0)?;
        let time = downcast::<TimestampMicrosecondArray>(&time)?;
        let hours: Int32Array = time.unary(|t| t.div_euclid(HOUR_MICROS).rem_euclid(24) as i32);
        Ok(ColumnarValue::Array(Arc::new(hours) as ArrayRef))
    });
    apply("hour_of_event", call, vec![Typed::new(physical(EVENTTIME), Type::Timestamp(3))], vec![]).expr
}
