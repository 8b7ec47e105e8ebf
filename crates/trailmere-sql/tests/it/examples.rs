//! Every function's example must run.

use crate::run::{Tables, run};

#[tokio::test]
async fn every_example_runs() {
    let mut failures = Vec::new();
    for function in trailmere_sql::functions::all() {
        let sql = format!("SELECT {}", function.example);
        if let Err(e) = run(&sql, &Tables::default()).await {
            failures.push(format!("{}: {e}", function.name));
        }
    }
    assert!(failures.is_empty(), "{} examples fail:\n{}", failures.len(), failures.join("\n\n"));
}
