//! Does the doctor find what is wrong with a lake, each thing by its name, and nothing else?

use std::path::{Path, PathBuf};
use std::time::Duration;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Field, Schema};
use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use trailmere_model::{EventDataStore, Retention};
use trailmere_store::{
    Ailment, Append, Committed, Depth, Examination, Lake, LakeOptions, MaintainOptions, Severity, Table,
};

use crate::events::{DAY, MIDNIGHT, definition, encoded, entry, ids, now, rows};

/// A lake in a folder with one store: two files of one day, of four log files.
struct Sick {
    folder: tempfile::TempDir,
    lake: Lake,
    store: EventDataStore,
}

impl Sick {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path()).await;
        let store = definition("events");
        lake.create_store(&store).await.unwrap();
        let table = lake.table(&store).await.unwrap();
        for files in [["a", "b"], ["c", "d"]] {
            take(&table, &files).await;
        }
        Self { folder, lake, store }
    }

    async fn table(&self) -> Table {
        open(self.folder.path()).await.table(&self.store).await.unwrap()
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("stores").join(self.store.id.to_string())
    }

    /// A file of the store.
    async fn file(&self) -> PathBuf {
        self.folder.path().join(&self.table().await.snapshot().await.unwrap().files[0].path)
    }

    async fn examine(&self, depth: Depth) -> Examination {
        open(self.folder.path()).await.examine(later(), depth).await.unwrap()
    }

    /// What is found, in the quick look and in the deep one; but for heads of the ledger that later commits replaced.
    async fn found(&self) -> (Vec<Ailment>, Vec<Ailment>) {
        let names = |examination: Examination| {
            let all = examination.findings.iter().map(|finding| finding.ailment);
            all.filter(|ailment| *ailment != Ailment::FilesUnused).collect()
        };
        (names(self.examine(Depth::Quick).await), names(self.examine(Depth::Deep).await))
    }

    async fn assert_both(&self, expected: &[Ailment]) {
        let (quick, deep) = self.found().await;
        assert_eq!(quick, expected);
        assert_eq!(deep, expected);
    }

    async fn assert_deep(&self, expected: &[Ailment]) {
        let (quick, deep) = self.found().await;
        assert_eq!(quick, []);
        assert_eq!(deep, expected);
    }

    /// Writes a file anew with other rows, and lets the log agree in size.
    async fn rewrite(&self, change: impl Fn(RecordBatch) -> RecordBatch) {
        let path = self.file().await;
        let before = std::fs::metadata(&path).unwrap().len();
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
        let schema = reader.schema().clone();
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        let rows = change(arrow::compute::concat_batches(&schema, &batches).unwrap());
        let index = |name: &str| {
            let leaves = parquet::arrow::ArrowSchemaConverter::new().convert(&rows.schema()).unwrap();
            (0..leaves.num_columns()).find(|leaf| leaves.column(*leaf).path().string() == name).unwrap() as i32
        };
        let sorting = ["eventsource", "eventname", "eventtime"].map(|name| SortingColumn {
            column_idx: index(name),
            descending: false,
            nulls_first: false,
        });
        let properties = WriterProperties::builder().set_sorting_columns(Some(sorting.to_vec())).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
        writer.write(&rows).unwrap();
        let bytes = writer.into_inner().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        self.edit_log(|line| {
            if line.contains(name) {
                line.replace(&format!("\"size\":{before}"), &format!("\"size\":{}", bytes.len()))
            } else {
                line.to_owned()
            }
        });
    }

    /// Changes lines of the Delta log.
    fn edit_log(&self, change: impl Fn(&str) -> String) {
        for entry in std::fs::read_dir(self.root().join("_delta_log")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = std::fs::read_to_string(&path).unwrap();
                let changed: Vec<String> = text.lines().map(&change).collect();
                std::fs::write(&path, changed.join("\n")).unwrap();
            }
        }
    }

    fn documents(&self, kind: &str) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in std::fs::read_dir(self.folder.path().join("catalog").join(kind)).unwrap() {
            found.extend(std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
        }
        found.sort();
        found
    }
}

/// Takes log files, in one file of rows that say where they come from.
async fn take(table: &Table, log_files: &[&str]) {
    let of_one = |log_file: &&str| with_text(&rows(&ids(log_file), MIDNIGHT), "_path", log_file);
    let parts: Vec<RecordBatch> = log_files.iter().map(of_one).collect();
    let all = arrow::compute::concat_batches(&parts[0].schema(), &parts).unwrap();
    let order = arrow::compute::sort_to_indices(all.column_by_name("eventtime").unwrap(), None, None).unwrap();
    let file = table.upload(encoded(table, DAY, take_record_batch(&all, &order).unwrap()).unwrap()).await.unwrap();
    let ledger = log_files.iter().map(|file| entry(file, 3)).collect();
    let append = Append { files: vec![file], ledger, ledger_sequence: u64::MAX, ..Append::default() };
    assert!(matches!(table.commit(append).await.unwrap(), Committed::Done { .. }));
}

async fn open(folder: &Path) -> Lake {
    Lake::open(folder.to_str().unwrap(), LakeOptions { durable: false }).await.unwrap()
}

/// Long after everything these tests write, whatever the clock of the storage says.
fn later() -> DateTime<Utc> {
    Utc::now() + Duration::from_secs(30 * 24 * 60 * 60)
}

#[tokio::test]
async fn a_healthy_lake_has_no_findings() {
    let sick = Sick::new().await;
    sick.assert_both(&[]).await;
    let examination = sick.examine(Depth::Deep).await;
    assert!(examination.is_healthy());
    assert_eq!((examination.stores, examination.files, examination.documents), (1, 2, 2));
    assert!(examination.rows > 0 && examination.bytes > 0);
    let empty = tempfile::tempdir().unwrap();
    assert!(open(empty.path()).await.examine(later(), Depth::Deep).await.unwrap().is_healthy());
}

#[tokio::test]
async fn what_upkeep_removes_is_accounted_for() {
    let sick = Sick::new().await;
    let table = sick.table().await;
    // Twice the same events, from two log files; and old ones, which expire.
    for (log_file, first) in [("twice", MIDNIGHT), ("old", MIDNIGHT - 30 * 24 * 3_600_000_000)] {
        let day = trailmere_model::time::calendarday(first);
        let ids: Vec<String> = (0..4).map(|id| format!("same{id}")).collect();
        for copy in 0..2 {
            let accounted = with_text(
                &with_text(&rows(&ids, first), "recipientaccountid", "1"),
                "_path",
                &format!("{log_file}{copy}"),
            );
            let files = vec![table.upload(encoded(&table, day, accounted).unwrap()).await.unwrap()];
            let ledger = vec![entry(&format!("{log_file}{copy}"), 4)];
            table.commit(Append { files, ledger, ledger_sequence: u64::MAX, ..Append::default() }).await.unwrap();
        }
    }
    sick.assert_both(&[]).await;
    assert_eq!(table.remove_duplicates(now()).await.unwrap().events, 8);
    let after = now() + Duration::from_secs(7 * 24 * 60 * 60);
    assert_eq!(table.expire(Retention::Days(7), now()).await.unwrap().events, 4);
    let _ = table.expire(Retention::Days(7), after).await.unwrap();
    table.compact(now()).await.unwrap();
    let (quick, deep) = sick.found().await;
    assert!(quick.is_empty() && deep.is_empty(), "{quick:?} {deep:?}");
}

fn with_text(rows: &RecordBatch, name: &str, text: &str) -> RecordBatch {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        if field.name() == name {
            std::sync::Arc::new(arrow::array::StringArray::from(vec![text; rows.num_rows()])) as arrow::array::ArrayRef
        } else {
            column.clone()
        }
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

#[tokio::test]
async fn files_that_are_missing_cut_or_no_parquet() {
    let sick = Sick::new().await;
    let path = sick.file().await;
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    sick.assert_both(&[Ailment::FileSize]).await;
    let mut scrambled = bytes.clone();
    let end = scrambled.len();
    scrambled[end - 4..].copy_from_slice(b"!!!!");
    std::fs::write(&path, &scrambled).unwrap();
    sick.assert_both(&[Ailment::FileUnreadable]).await;
    let mut pages = bytes.clone();
    pages[4..200].fill(0xff);
    std::fs::write(&path, &pages).unwrap();
    sick.assert_deep(&[Ailment::FileUnreadable]).await;
    std::fs::remove_file(&path).unwrap();
    sick.assert_both(&[Ailment::FileMissing]).await;
    assert!(!sick.examine(Depth::Quick).await.is_healthy());
    std::fs::write(&path, &bytes).unwrap();
    sick.assert_both(&[]).await;
}

#[tokio::test]
async fn a_file_with_other_columns() {
    let sick = Sick::new().await;
    sick.rewrite(|rows| {
        let renamed = |field: &std::sync::Arc<Field>| match field.name().as_str() {
            "useragent" => field.as_ref().clone().with_name("agent"),
            _ => field.as_ref().clone(),
        };
        let fields: Vec<Field> = rows.schema().fields().iter().map(renamed).collect();
        RecordBatch::try_new(std::sync::Arc::new(Schema::new(fields)), rows.columns().to_vec()).unwrap()
    })
    .await;
    sick.assert_both(&[Ailment::FileSchema]).await;
}

#[tokio::test]
async fn a_file_with_fewer_rows() {
    let sick = Sick::new().await;
    sick.rewrite(|rows| rows.slice(1, rows.num_rows() - 1)).await;
    sick.assert_both(&[Ailment::FileRows]).await;
}

#[tokio::test]
async fn a_file_that_is_not_sorted() {
    let sick = Sick::new().await;
    sick.rewrite(|rows| {
        let backwards = UInt32Array::from_iter_values((0..rows.num_rows() as u32).rev());
        take_record_batch(&rows, &backwards).unwrap()
    })
    .await;
    sick.assert_deep(&[Ailment::FileOrder]).await;
}

#[tokio::test]
async fn a_file_whose_statistics_or_day_are_wrong() {
    let sick = Sick::new().await;
    let name = sick.file().await.file_name().unwrap().to_str().unwrap().to_owned();
    let told =
        |line: &str, from: &str, to: &str| if line.contains(&name) { line.replace(from, to) } else { line.to_owned() };
    sick.edit_log(|line| told(line, "s3.amazonaws.com", "t3.amazonaws.com"));
    sick.assert_deep(&[Ailment::FileStatistics]).await;
    sick.edit_log(|line| told(line, "t3.amazonaws.com", "s3.amazonaws.com"));
    sick.assert_both(&[]).await;
    let (right, wrong) = (format!("\"calendarday\":\"{DAY}\""), format!("\"calendarday\":\"{}\"", DAY + 1));
    sick.edit_log(|line| told(line, &right, &wrong));
    sick.assert_deep(&[Ailment::FileDay]).await;
}

#[tokio::test]
async fn files_that_nothing_refers_to() {
    let sick = Sick::new().await;
    let table = sick.table().await;
    sick.lake.maintain(later(), &MaintainOptions::default()).await.unwrap();
    let none: Vec<Ailment> = sick.examine(Depth::Deep).await.findings.iter().map(|finding| finding.ailment).collect();
    assert_eq!(none, []);
    table.upload(encoded(&table, DAY, rows(&["orphan".to_owned()], MIDNIGHT)).unwrap()).await.unwrap();
    let examination = sick.examine(Depth::Quick).await;
    assert_eq!(examination.findings[0].ailment, Ailment::FilesUnused);
    assert!(examination.findings[0].seen.starts_with("1 files, "), "{}", examination.findings[0].seen);
    assert!(examination.is_healthy(), "upkeep is due, nothing is wrong");
    let young = open(sick.folder.path()).await.examine(Utc::now(), Depth::Quick).await.unwrap();
    assert!(young.findings.is_empty(), "an ingestion may be under way");
    let report = sick.lake.maintain(later(), &MaintainOptions::default()).await.unwrap();
    assert_eq!(report.stores[0].unused.files, 1);
    assert!(sick.examine(Depth::Quick).await.findings.is_empty());
}

#[tokio::test]
async fn a_log_or_a_ledger_that_is_broken_or_gone() {
    let sick = Sick::new().await;
    let log = sick.root().join("_delta_log");
    let first = log.join("00000000000000000001.json");
    let text = std::fs::read(&first).unwrap();
    std::fs::write(&first, "{ this is no commit").unwrap();
    sick.assert_both(&[Ailment::Log]).await;
    std::fs::write(&first, &text).unwrap();
    let ledger = sick.root().join("_ledger");
    let aside = sick.folder.path().join("aside");
    std::fs::rename(&ledger, &aside).unwrap();
    sick.assert_both(&[Ailment::Ledger]).await;
    std::fs::rename(&aside, &ledger).unwrap();
    sick.assert_both(&[]).await;
    std::fs::remove_dir_all(&log).unwrap();
    sick.assert_both(&[Ailment::NoTable]).await;
}

#[tokio::test]
async fn a_ledger_that_does_not_add_up() {
    let sick = Sick::new().await;
    let table = sick.table().await;
    // Three events of a log file that the ledger says gave two.
    let ids: Vec<String> = (0..3).map(|id| format!("more{id}")).collect();
    let rows = with_text(&rows(&ids, MIDNIGHT), "_path", "more");
    let files = vec![table.upload(encoded(&table, DAY, rows).unwrap()).await.unwrap()];
    let append = Append { files, ledger: vec![entry("more", 2)], ledger_sequence: u64::MAX, ..Append::default() };
    table.commit(append).await.unwrap();
    let (quick, deep) = sick.found().await;
    assert_eq!(quick, [Ailment::Balance]);
    assert_eq!(deep, [Ailment::Balance, Ailment::LogFileBalance]);
    let examination = sick.examine(Depth::Deep).await;
    let more = examination.findings.iter().find(|finding| finding.ailment == Ailment::LogFileBalance).unwrap();
    assert_eq!((more.place.as_str(), more.seen.as_str()), ("more", "3 of its events are there, the ledger says 2"));
}

#[tokio::test]
async fn documents_and_names() {
    let sick = Sick::new().await;
    let definition_file = sick.documents("event-data-store").remove(0);
    let text = std::fs::read_to_string(&definition_file).unwrap();
    std::fs::write(&definition_file, "{ no document").unwrap();
    let (quick, _) = sick.found().await;
    assert_eq!(quick, [Ailment::Document, Ailment::NameLeftBehind], "and its files are not taken for abandoned ones");
    std::fs::write(&definition_file, text.replace("\"retention\"", "\"retentoin\"")).unwrap();
    let (quick, _) = sick.found().await;
    assert_eq!(quick[0], Ailment::Document);
    std::fs::write(&definition_file, &text).unwrap();

    let name = sick.documents("event-data-store-name").remove(0);
    let held = std::fs::read(&name).unwrap();
    std::fs::remove_file(&name).unwrap();
    sick.assert_both(&[Ailment::NameNotHeld]).await;
    std::fs::write(&name, &held).unwrap();
    let third = name.with_file_name(format!("{:020}.json", 3));
    std::fs::copy(&name, &third).unwrap();
    sick.assert_both(&[Ailment::DocumentVersion]).await;
    std::fs::remove_file(&third).unwrap();

    // A second definition with the same name, as two processes without the rules could leave it.
    let other = definition("events");
    let folder = definition_file.parent().unwrap().parent().unwrap().join(other.id.to_string());
    std::fs::create_dir(&folder).unwrap();
    let copied = text.replace(&sick.store.id.to_string(), &other.id.to_string());
    std::fs::write(folder.join(definition_file.file_name().unwrap()), copied).unwrap();
    let (quick, _) = sick.found().await;
    assert_eq!(quick, [Ailment::NameTwice, Ailment::NoTable]);
}

#[tokio::test]
async fn stores_that_are_half_deleted() {
    let sick = Sick::new().await;
    let definition_file = sick.documents("event-data-store").remove(0);
    let text = std::fs::read(&definition_file).unwrap();
    std::fs::remove_dir_all(definition_file.parent().unwrap()).unwrap();
    let (quick, _) = sick.found().await;
    assert_eq!(quick, [Ailment::NameLeftBehind, Ailment::Abandoned]);
    std::fs::create_dir(definition_file.parent().unwrap()).unwrap();
    std::fs::write(&definition_file, &text).unwrap();
    let lake = open(sick.folder.path()).await;
    let store = lake.change_store(sick.store.id, |store| store.delete(now())).await.unwrap();
    assert!(store.is_gone(later()));
    let (quick, _) = sick.found().await;
    assert!(quick.contains(&Ailment::DeletionDue), "{quick:?}");
    open(sick.folder.path()).await.maintain(later(), &MaintainOptions::default()).await.unwrap();
    sick.assert_both(&[]).await;
}

#[tokio::test]
async fn a_lake_of_an_earlier_version_is_healthy_and_upkeep_brings_it_up_to_date() {
    let sick = Sick::new().await;
    let strip = |rows: RecordBatch| rows.project(&(0..rows.num_columns() - 1).collect::<Vec<_>>()).unwrap();
    sick.rewrite(strip).await;
    let field = r#",{\"name\":\"_verified\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}"#;
    sick.edit_log(|line| line.replace(field, ""));
    sick.assert_both(&[Ailment::LogSchema]).await;
    let table = sick.table().await;
    for file in ["e", "f", "g"] {
        take(&table, &[file]).await;
    }
    let report = open(sick.folder.path()).await.maintain(now(), &MaintainOptions::default()).await.unwrap();
    assert_eq!((report.stores[0].failure.clone(), report.stores[0].compacted.files_before), (None, 5));
    let severe: Vec<_> =
        sick.examine(Depth::Deep).await.findings.into_iter().filter(|f| f.severity == Severity::Problem).collect();
    assert!(severe.is_empty(), "{severe:?}");
    let (quick, _) = sick.found().await;
    assert!(!quick.contains(&Ailment::LogSchema));
}
