//! Is every row in order, of its file's day, within what the log says, and accounted for?

use std::collections::HashMap;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::SortOptions;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::{OwnedRow, RowConverter, SortField};
use trailmere_model::time::calendarday;
use trailmere_model::{EVENTTIME, Error, EventDataStore, PATH, Result, StoreType, sort_columns};

use super::catalog::said;
use super::ledger::Counts;
use super::table::Sound;
use super::{Ailment, Examination, Finding};
use crate::failure;
use crate::rows;
use crate::snapshot::DataFile;
use crate::stats::{ColumnStats, FileStats};

/// Log files that are named one by one; of more only their number is said.
const NAMED: usize = 20;

/// Rows of each log file.
type Rows = HashMap<String, u64>;

/// Reads every row of the files that can be read.
pub(super) async fn examine(
    sound: &Sound,
    store: &EventDataStore,
    known: (&[DataFile], Counts),
    examination: &mut Examination,
) -> Result<()> {
    let (files, counts) = known;
    let mut rows = Rows::new();
    let mut is_complete = files.len() == sound.snapshot.files.len() && counts.version == Some(sound.snapshot.version);
    for file in files {
        match read(sound, file).await {
            Ok((findings, found)) => {
                examination.findings.extend(findings.into_iter().map(|finding| finding.of(&store.name)));
                for (log_file, count) in found {
                    *rows.entry(log_file).or_default() += count;
                }
            }
            Err(error) => {
                is_complete = false;
                let finding = Ailment::FileUnreadable.found(&file.path, said(&error));
                examination.findings.push(finding.of(&store.name));
            }
        }
    }
    balance(store, &rows, &counts, is_complete, examination);
    Ok(())
}

/// A log file never has more rows than it gave. It may have fewer only where rows were removed, or files are lost.
fn balance(store: &EventDataStore, rows: &Rows, counts: &Counts, is_complete: bool, examination: &mut Examination) {
    let given = |log_file: &str| counts.by_log_file.get(log_file).copied().unwrap_or(0);
    let mut odd: Vec<(&str, u64, u64)> = rows
        .iter()
        .map(|(log_file, count)| (log_file.as_str(), *count, given(log_file)))
        .filter(|(_, rows, given)| rows > given)
        .collect();
    if is_complete && counts.removed.total() == 0 {
        let fewer = counts
            .by_log_file
            .iter()
            .map(|(log_file, given)| (log_file.as_str(), rows.get(log_file).copied().unwrap_or(0), *given));
        odd.extend(fewer.filter(|(_, rows, given)| rows < given));
    }
    odd.sort_unstable();
    for (log_file, rows, given) in odd.iter().take(NAMED) {
        let seen = format!("{rows} of its events are there, the ledger says {given}");
        examination.findings.push(Ailment::LogFileBalance.found(*log_file, seen).of(&store.name));
    }
    if odd.len() > NAMED {
        let seen = "the same of these";
        let place = format!("{} more log files", odd.len() - NAMED);
        examination.findings.push(Ailment::LogFileBalance.found(place, seen).of(&store.name));
    }
}

async fn read(sound: &Sound, file: &DataFile) -> Result<(Vec<Finding>, Rows)> {
    let bytes = sound.table.fetch(file).await?;
    let (table, file) = (sound.table.clone(), file.clone());
    let look = move || {
        let batches = rows::decode(&file, bytes, Ok)?;
        let mut look = Look::new(&file, table.store_type())?;
        for rows in &batches {
            look.see(rows)?;
        }
        let schema = batches.first().map(RecordBatch::schema);
        if let Some(schema) = schema {
            let rows = arrow::compute::concat_batches(&schema, &batches);
            let rows = rows.map_err(|error| failure::arrow(error, "put the rows of a file together"))?;
            look.compare(&FileStats::of_rows(&table.inner.stat_columns, &rows)?);
        }
        Ok((look.findings, look.rows))
    };
    tokio::task::spawn_blocking(look).await.map_err(failure::task)?
}

/// What is seen of a file, row by row.
struct Look<'a> {
    file: &'a DataFile,
    store_type: StoreType,
    converter: RowConverter,
    last: Option<OwnedRow>,
    is_unsorted: bool,
    is_of_other_days: bool,
    rows: Rows,
    findings: Vec<Finding>,
}

impl<'a> Look<'a> {
    fn new(file: &'a DataFile, store_type: StoreType) -> Result<Self> {
        let schema = trailmere_model::storage_schema(store_type);
        // Missing values come last, as ingestion and compaction sort them.
        let options = SortOptions { descending: false, nulls_first: false };
        let field = |name: &&str| {
            Some(SortField::new_with_options(schema.field_with_name(name).ok()?.data_type().clone(), options))
        };
        let converter = RowConverter::new(sort_columns(store_type).iter().filter_map(field).collect());
        let converter = converter.map_err(|error| failure::arrow(error, "compare rows"))?;
        Ok(Self {
            file,
            store_type,
            converter,
            last: None,
            is_unsorted: false,
            is_of_other_days: false,
            rows: Rows::new(),
            findings: Vec::new(),
        })
    }

    fn see(&mut self, rows: &RecordBatch) -> Result<()> {
        self.see_order(rows)?;
        self.see_days(rows)?;
        let paths = column(rows, PATH)?.as_string_opt::<i32>().ok_or_else(|| wrong(PATH))?;
        for path in paths.iter().flatten() {
            match self.rows.get_mut(path) {
                Some(count) => *count += 1,
                None => drop(self.rows.insert(path.to_owned(), 1)),
            }
        }
        Ok(())
    }

    fn see_order(&mut self, rows: &RecordBatch) -> Result<()> {
        let columns: Vec<ArrayRef> =
            sort_columns(self.store_type).iter().map(|name| column(rows, name).cloned()).collect::<Result<_>>()?;
        let keys = self.converter.convert_columns(&columns);
        let keys = keys.map_err(|error| failure::arrow(error, "compare rows"))?;
        let mut last = self.last.as_ref().map(OwnedRow::row);
        for key in keys.iter() {
            if !self.is_unsorted && last.is_some_and(|last| last > key) {
                self.is_unsorted = true;
                let seen = "its rows are not in the order that queries count on";
                self.findings.push(Ailment::FileOrder.found(&self.file.path, seen));
            }
            last = Some(key);
        }
        self.last = last.map(|row| row.owned());
        Ok(())
    }

    fn see_days(&mut self, rows: &RecordBatch) -> Result<()> {
        let times = column(rows, EVENTTIME)?;
        let times = times.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| wrong(EVENTTIME))?;
        let foreign = times.iter().flatten().map(calendarday).find(|day| *day != self.file.day);
        if let Some(day) = foreign.filter(|_| !self.is_of_other_days) {
            self.is_of_other_days = true;
            let seen = format!("it is of {}, and has events of {day}", self.file.day);
            self.findings.push(Ailment::FileDay.found(&self.file.path, seen));
        }
        Ok(())
    }

    /// Compares what the log says of the columns with what they are.
    fn compare(&mut self, actual: &FileStats) {
        let told = |name: &str| self.file.stats.column(name).cloned().unwrap_or_default();
        let odd = actual.columns().find(|(name, actual)| !holds(&told(name), actual));
        if let Some((name, _)) = odd {
            let seen = format!("the log is wrong about the values of `{name}`");
            self.findings.push(Ailment::FileStatistics.found(&self.file.path, seen));
        }
    }
}

/// Whether nothing that is said is wrong: a bound may be wide, but not too narrow, and need not be given.
fn holds(told: &ColumnStats, actual: &ColumnStats) -> bool {
    let nulls = told.null_count.is_none() || told.null_count == actual.null_count;
    let min = told.min.as_ref().zip(actual.min.as_ref()).is_none_or(|(told, actual)| told <= actual);
    let max = told.max.as_ref().zip(actual.max.as_ref()).is_none_or(|(told, actual)| told >= actual);
    nulls && min && max
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).ok_or_else(|| wrong(name))
}

fn wrong(name: &str) -> Error {
    Error::corrupt(format!("column `{name}` is missing or of another type"))
}
