//! Runs statements over an empty catalog and prints one JSON object a statement: the contract of the conformance runner.
//!
//! `conformance [--lake DIR] query --format jsonl --continue-on-error --file FILE`; it has no clock of its own: `now()` is
//! fixed, so that two runs give the same.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::time::Duration;

use chrono::DateTime;
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};
use serde_json::{Map, Value, json};
use trailmere_sql::{EmptyCatalog, PlanOptions, SqlError, Statement, StatementKind, render, session, split_script};

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let file = args.iter().position(|a| a == "--file").and_then(|i| args.get(i + 1));
    let Some(file) = file else {
        eprintln!("usage: conformance query --format jsonl --continue-on-error --file FILE");
        std::process::exit(2);
    };
    let script = std::fs::read_to_string(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()?;
    for fragment in split_script(&script) {
        let text = fragment.text.to_string();
        let run = async { tokio::time::timeout(Duration::from_secs(15), tokio::spawn(answer(text))).await };
        let answer = match runtime.block_on(run) {
            Ok(Ok(Ok(answer))) => answer,
            Ok(Ok(Err(error))) => json!({"error": {"message": error}}),
            Ok(Err(panic)) => json!({"error": {"message": format!("panic: {panic}")}}),
            Err(_) => json!({"error": {"message": "timeout"}}),
        };
        println!("{answer}");
    }
    // A statement that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(())
}

async fn answer(text: String) -> Result<Value, String> {
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
    let statement = Statement::parse(&text).map_err(|e| e.render(&text))?;
    let planned = statement.plan(&EmptyCatalog, &PlanOptions::new(now)).map_err(|e| e.render(&text))?;
    let config = SessionConfig::new().with_target_partitions(1);
    let context = SessionContext::new_with_state(session::session_state(config));
    let frame = context.execute_logical_plan(planned.plan).await.map_err(runtime_error)?;
    let batches = frame.collect().await.map_err(runtime_error)?;
    let mut rows = Vec::new();
    let explain = matches!(planned.kind, StatementKind::Explain | StatementKind::ExplainAnalyze);
    for batch in batches.iter().filter(|_| !explain) {
        for (i, column) in planned.columns.iter().enumerate() {
            let found = batch.column(i).data_type();
            if *found != column.ty.arrow() {
                return Err(format!("column {i} is {found}, not {} as {}", column.ty.arrow(), column.ty));
            }
        }
        for row in 0..batch.num_rows() {
            let cell =
                |(i, c): (usize, &trailmere_sql::OutputColumn)| render::json(&c.ty, batch.column(i).as_ref(), row);
            rows.push(Value::Array(planned.columns.iter().enumerate().map(cell).collect()));
        }
    }
    let mut object = Map::new();
    object.insert("columns".into(), planned.columns.iter().map(|c| c.name.clone()).collect());
    object.insert("types".into(), planned.columns.iter().map(|c| c.ty.to_string()).collect());
    object.insert("rows".into(), Value::Array(rows));
    Ok(Value::Object(object))
}

fn runtime_error(e: DataFusionError) -> String {
    match e.find_root() {
        DataFusionError::External(inner) => match inner.downcast_ref::<SqlError>() {
            Some(own) => own.to_string(),
            None => inner.to_string(),
        },
        other => format!("INTERNAL {}", other.strip_backtrace()),
    }
}
