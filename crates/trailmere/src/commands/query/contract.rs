//! One JSON object per statement, in order, whatever happens: for programs that feed many statements.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use trailmere_engine::{Engine, Fragment, QueryRun};
use trailmere_model::Error;
use trailmere_shell::printers::Cells;

use super::Output;
use super::note::Watched;
use crate::context::now;
use crate::exit;

pub(super) async fn run(engine: &Engine, statements: &[Fragment<'_>], output: &Output) -> Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout());
    let mut code = ExitCode::SUCCESS;
    for statement in statements {
        let answer = match answer(engine, statement.text, output).await {
            Ok(answer) => answer,
            Err(error) => {
                code = exit::FAILED;
                error_object(&error, statement)
            }
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(code)
}

async fn answer(engine: &Engine, sql: &str, output: &Output) -> Result<Value, Error> {
    let mut watched = Watched { sql, request: output.request(output.parameters()), stores: vec![], started: now() };
    let mut run = engine.query(sql, &watched.request).await?;
    watched.stores = run.stores.clone();
    let rows = rows(&mut run, output).await;
    if output.is_recorded() {
        watched.note(engine, run.statistics(), rows.as_ref().err()).await;
    }
    let names: Vec<&str> = run.columns.iter().map(|c| c.name.as_str()).collect();
    let types: Vec<String> = run.columns.iter().map(|c| c.ty.to_string()).collect();
    Ok(json!({ "columns": names, "types": types, "rows": rows?, "statistics": run.statistics() }))
}

async fn rows(run: &mut QueryRun, output: &Output) -> Result<Vec<Value>, Error> {
    let cells = Cells::new(&run.columns);
    let width = run.columns.len();
    let mut rows = vec![];
    while let Some(batch) = run.next_batch().await? {
        for row in 0..batch.num_rows() {
            if output.max_rows.is_some_and(|most| rows.len() as u64 >= most) {
                break;
            }
            rows.push(Value::Array((0..width).map(|column| cells.json(&batch, row, column)).collect()));
        }
    }
    Ok(rows)
}

fn error_object(error: &Error, statement: &Fragment<'_>) -> Value {
    json!({ "error": {
        "kind": error.kind().to_string(),
        "message": error.message(),
        "at": error.place(),
        "hint": error.advice(),
        "statementLine": statement.line,
    }})
}
