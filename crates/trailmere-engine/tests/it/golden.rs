//! `testdata/slt/lake/*.slt`: SQL over the committed logs. `UPDATE=1` writes the answers anew; read the diff.

use std::path::Path;

use sqllogictest::{
    AsyncDB, DBOutput, DefaultColumnType, Runner, default_column_validator, default_normalizer, default_validator,
};

use crate::lake::{TestLake, logs};

struct Session<'a>(&'a TestLake);

#[async_trait::async_trait]
impl AsyncDB for Session<'_> {
    type Error = trailmere_model::Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Self::ColumnType>, Self::Error> {
        let names = self.0.run(sql).await?.columns.len();
        let rows = self.0.cells(sql).await?;
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Text; names], rows })
    }

    async fn shutdown(&mut self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn golden_sql_over_the_committed_logs() {
    let lake = TestLake::of(&logs()).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/slt/lake");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the golden files are found");
    let mut failures = vec![];
    for file in files {
        let mut runner = Runner::new(|| async { Ok(Session(&lake)) });
        if std::env::var_os("UPDATE").is_some() {
            runner
                .update_test_file(&file, "\t", default_validator, default_normalizer, default_column_validator)
                .await
                .unwrap();
        } else if let Err(e) = runner.run_file_async(&file).await {
            failures.push(format!("{}: {e}", file.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
