//! Lakes for tests.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeZone, Utc};
use tempfile::TempDir;
use trailmere_engine::{Engine, EngineOptions, QueryRequest, QueryRun};
use trailmere_ingest::{IngestRequest, IngestSummary, NoProgress, ingest};
use trailmere_model::{Error, Result};
use trailmere_store::{Lake, LakeOptions};

/// A lake in a temporary folder with an engine over it.
pub(crate) struct TestLake {
    _folder: TempDir,
    pub(crate) engine: Engine,
    pub(crate) summary: IngestSummary,
}

impl TestLake {
    /// An empty lake.
    pub(crate) async fn empty() -> TestLake {
        TestLake::with(EngineOptions::default()).await
    }

    /// An empty lake with an engine of these options.
    pub(crate) async fn with(options: EngineOptions) -> TestLake {
        TestLake::with_all(EngineOptions { threads: 2, ..options }).await
    }

    async fn with_all(options: EngineOptions) -> TestLake {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap(), LakeOptions { durable: false }).await.unwrap();
        let engine = Engine::new(lake, options).unwrap();
        TestLake { _folder: folder, engine, summary: IngestSummary::default() }
    }

    /// A lake that holds the logs of a folder.
    pub(crate) async fn of(logs: &Path) -> TestLake {
        TestLake::of_with(logs, EngineOptions::default()).await
    }

    /// The same, asked by an engine of these options.
    pub(crate) async fn of_with(logs: &Path, options: EngineOptions) -> TestLake {
        TestLake::with(options).await.filled(logs).await
    }

    /// The same, asked by an engine of one thread.
    pub(crate) async fn alone(logs: &Path) -> TestLake {
        TestLake::with_all(EngineOptions { threads: 1, ..EngineOptions::default() }).await.filled(logs).await
    }

    async fn filled(mut self, logs: &Path) -> TestLake {
        let request = IngestRequest::of(logs.to_str().unwrap());
        self.summary = ingest(self.engine.lake(), &request, now(), &NoProgress).await.unwrap();
        self
    }

    /// Starts a statement.
    pub(crate) async fn run(&self, sql: &str) -> Result<QueryRun> {
        self.engine.query(sql, &request()).await
    }

    /// All cells of a result as text, NULL as `NULL`.
    pub(crate) async fn cells(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut run = self.run(sql).await?;
        let mut rows = vec![];
        while let Some(batch) = run.next_batch().await? {
            for row in 0..batch.num_rows() {
                let cell =
                    |(i, c): (usize, &trailmere_engine::OutputColumn)| text(batch.column(i).as_ref(), row, &c.ty);
                rows.push(run.columns.iter().enumerate().map(cell).collect());
            }
        }
        Ok(rows)
    }

    /// The only cell of a result.
    pub(crate) async fn cell(&self, sql: &str) -> String {
        let rows = self.cells(sql).await.unwrap_or_else(|e: Error| panic!("{sql}\n{e}"));
        assert_eq!((rows.len(), rows[0].len()), (1, 1), "{sql}");
        rows[0][0].clone()
    }
}

fn text(array: &dyn arrow::array::Array, row: usize, ty: &trailmere_sql::Type) -> String {
    if array.is_null(row) || array.data_type().is_null() {
        return "NULL".into();
    }
    let mut out = String::new();
    trailmere_sql::render::text(ty, array, row, &mut out);
    if out.is_empty() { "(empty)".into() } else { out }
}

/// The time of all tests.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 4, 1, 0, 0, 0).unwrap()
}

pub(crate) fn request() -> QueryRequest {
    QueryRequest { store: None, parameters: vec![], now: now(), timeout: None }
}

/// The committed logs.
pub(crate) fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs")
}

/// A folder of shared material beside the checkout; `None` where there is none, and the test says that it skips.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let base = std::env::var_os("TRAILMERE_SHARED").map(PathBuf::from);
    let base = base.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let folder = base.join(folder);
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}
