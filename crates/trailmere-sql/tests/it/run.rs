//! Runs statements the way a caller does.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema};
use chrono::DateTime;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext, ident};
use trailmere_sql::catalog::{Catalog, Table, TableColumn, TableName};
use trailmere_sql::{PlanOptions, SqlError, Statement, Type, render, session, type_name};

/// Tables by name.
#[derive(Default, Clone)]
pub(crate) struct Tables(HashMap<String, Table>);

impl Tables {
    /// Adds a table with one row of NULLs. `columns` are `name type` lines.
    pub(crate) fn with(mut self, name: &str, columns: &str) -> Tables {
        let lines = columns.lines().map(str::trim).filter(|l| !l.is_empty());
        let columns: Vec<(String, Type)> = lines
            .map(|line| {
                let (name, ty) = line.split_once(' ').unwrap();
                (name.to_string(), type_name::parse(ty).unwrap())
            })
            .collect();
        let fields: Vec<Field> = columns.iter().map(|(n, t)| Field::new(n, t.arrow(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = schema.fields().iter().map(|f| new_null_array(f.data_type(), 1)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
        let provider = MemTable::try_new(schema, vec![vec![batch]]).unwrap();
        let column = |(name, ty): (String, Type)| TableColumn {
            hidden: name.starts_with('$'),
            expr: ident(&name),
            display: None,
            name,
            ty,
        };
        let columns = columns.into_iter().map(column).collect();
        self.0.insert(name.to_lowercase(), Table { source: provider_as_source(Arc::new(provider)), columns });
        self
    }
}

impl Catalog for Tables {
    fn table(&self, name: &TableName) -> Option<Table> {
        self.0.get(&name.text().to_lowercase()).cloned()
    }

    fn table_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// The rows of a statement as text, or the rendered error.
pub(crate) async fn run(sql: &str, tables: &Tables) -> Result<Vec<Vec<String>>, String> {
    let statement = Statement::parse(sql).map_err(|e| e.render(sql))?;
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let planned = statement.plan(tables, &PlanOptions::new(now)).map_err(|e| e.render(sql))?;
    let config = SessionConfig::new().with_target_partitions(2);
    let context = SessionContext::new_with_state(session::session_state(config));
    let frame = context.execute_logical_plan(planned.plan).await.map_err(runtime_error)?;
    let batches = frame.collect().await.map_err(runtime_error)?;
    let mut rows = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cell = |(i, c): (usize, &trailmere_sql::OutputColumn)| {
                let array = batch.column(i);
                assert_eq!(*array.data_type(), c.ty.arrow(), "Arrow type of `{}` ({})", c.name, c.ty);
                render::string(&c.ty, array, row).unwrap_or_else(|| "NULL".to_string())
            };
            rows.push(planned.columns.iter().enumerate().map(cell).collect());
        }
    }
    Ok(rows)
}

fn runtime_error(e: DataFusionError) -> String {
    match e.find_root() {
        DataFusionError::External(inner) => match inner.downcast_ref::<SqlError>() {
            Some(own) => own.to_string(),
            None => inner.to_string(),
        },
        other => format!("DataFusion: {}", other.strip_backtrace()),
    }
}

/// The optimised plan of a statement.
pub(crate) async fn optimized(sql: &str, tables: &Tables) -> String {
    let statement = Statement::parse(sql).unwrap();
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let planned = statement.plan(tables, &PlanOptions::new(now)).unwrap();
    let context = SessionContext::new_with_state(session::session_state(SessionConfig::new()));
    context.state().optimize(&planned.plan).unwrap().display_indent().to_string()
}
