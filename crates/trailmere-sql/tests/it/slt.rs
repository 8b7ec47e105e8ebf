//! The golden files under `testdata/slt`: facts from Trino's manual, each file naming its oracle.

use std::path::{Path, PathBuf};

use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::run::{Tables, run};

struct Engine;

#[derive(Debug)]
struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

#[async_trait::async_trait]
impl AsyncDB for Engine {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let rows = run(sql, &Tables::default()).await.map_err(Failure)?;
        let width = rows.first().map_or(0, Vec::len);
        let shown = |cell: String| if cell.is_empty() { "(empty)".to_string() } else { cell };
        let rows = rows.into_iter().map(|r| r.into_iter().map(shown).collect()).collect();
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; width], rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "trailmere"
    }
}

/// Every file of ours; those of `lake` need a store and run elsewhere.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "lake") {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "slt") {
            found.push(path);
        }
    }
}

#[test]
fn golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/slt");
    let mut all = Vec::new();
    files(&folder, &mut all);
    all.sort();
    assert!(!all.is_empty(), "no golden files in {}", folder.display());
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let mut failures = Vec::new();
    for file in &all {
        let text = std::fs::read_to_string(file).unwrap();
        if !text.starts_with("# ") || !text.lines().take(5).any(|l| l.contains("racle")) {
            failures.push(format!("{} does not name its oracle", file.display()));
        }
        let file = file.clone();
        let task = runtime.spawn(async move {
            let mut runner = Runner::new(|| async { Ok(Engine) });
            runner.run_file_async(&file).await.map_err(|e| e.display(false).to_string())
        });
        if let Err(e) = runtime.block_on(task).unwrap() {
            failures.push(e);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
