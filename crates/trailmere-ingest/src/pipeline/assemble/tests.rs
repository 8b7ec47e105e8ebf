//! Which rows does a batch leave to the next one, and when can log files be committed?

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::Schema;
use trailmere_model::{StoreType, storage_schema};

use super::super::parcel::{FileResult, Row};
use super::super::plan::Task;
use super::*;
use crate::source::{LogFile, Place};

/// Rows of these days, and the log file that they are of, delivered on a day of March at this hour.
fn parcel(number: u64, (day, hour): (u32, u32), days: &[i64]) -> Parcel {
    let name = format!("123456789012_CloudTrail_eu-west-1_202603{day:02}T{hour:02}05Z_{number}.json.gz");
    let location = format!("/logs/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/{day:02}/{name}");
    let file = LogFile::new(location.clone(), 1, Place::Folder(PathBuf::from(location)));
    let task = Task { file, wanted: 1, taken: vec![], sequences: Arc::new([]), is_counted: false };
    let rows: Vec<Row> = days.iter().map(|day| Row { day: 20_260_300 + day, targets: 1 }).collect();
    let schema = storage_schema(StoreType::CloudTrail);
    let columns = schema.fields().iter().map(|field| new_null_array(field.data_type(), rows.len())).collect();
    let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(nullable)), columns).unwrap();
    let chunk = Chunk { store_type: StoreType::CloudTrail, batch, bytes: 10 * rows.len(), rows };
    Parcel { thread: 0, chunks: vec![chunk], files: vec![FileResult::begin(number, task, 1)], open: None }
}

/// The days of the rows that a batch writes.
fn days(batch: &Batch) -> Vec<i64> {
    let rows = batch.chunks.iter().flat_map(|chunk| &chunk.rows);
    rows.filter(|row| row.targets != 0).map(|row| row.day - 20_260_300).collect()
}

fn filling(limit: usize, parcels: Vec<Parcel>) -> Filling {
    let mut filling = Filling::new(limit, 1);
    parcels.into_iter().for_each(|parcel| filling.add(parcel));
    filling
}

#[test]
fn rows_of_the_newest_day_wait_and_so_does_the_commit() {
    let mut filling =
        filling(40, vec![parcel(1, (1, 9), &[1, 1]), parcel(2, (2, 0), &[1, 2]), parcel(3, (2, 4), &[2])]);
    assert!(filling.is_full());
    let first = filling.take(false);
    assert_eq!((days(&first), first.whole.is_some()), (vec![1, 1, 1], false));
    assert_eq!(filling.over(), [] as [i64; 0], "what was written is not there any more");
    filling.add(parcel(4, (2, 23), &[2, 2]));
    let last = filling.take(true);
    assert_eq!(days(&last), [2, 2, 2, 2]);
    assert_eq!(last.whole.map(|files| files.len()), Some(4));
    assert!(filling.is_empty());
}

#[test]
fn a_day_is_over_when_late_log_files_are_there() {
    let mut early = filling(30, vec![parcel(1, (1, 23), &[1, 1]), parcel(2, (2, 0), &[1, 2])]);
    let batch = early.take(false);
    // Just after midnight, nothing is over: everything goes rather than nothing.
    assert_eq!((days(&batch), batch.whole.is_some()), (vec![1, 1, 1, 2], true));
}

#[test]
fn a_day_larger_than_a_batch_is_written_as_it_comes() {
    let mut filling = filling(100, vec![parcel(1, (1, 23), &[1]), parcel(2, (2, 5), &[2; 9])]);
    assert!(filling.is_full());
    let batch = filling.take(false);
    assert_eq!((days(&batch).len(), batch.whole.is_some()), (10, true));
    assert!(filling.is_empty());
}

#[test]
fn much_that_is_written_is_committed_with_all_rows_of_its_log_files() {
    let mut filling = filling(20, vec![]);
    let mut whole = vec![];
    for day in 1..=UNCOMMITTED_BATCHES as u32 * 2 {
        filling.add(parcel(u64::from(day), (day % 28 + 1, 5), &[i64::from(day % 28), i64::from(day % 28) + 1]));
        if !filling.is_full() {
            continue;
        }
        let batch = filling.take(false);
        whole.push(batch.whole.is_some());
        if batch.whole.is_some() {
            assert!(filling.is_empty());
        }
    }
    assert!(whole.contains(&false) && whole.contains(&true), "{whole:?}");
}

#[test]
fn a_day_is_not_over_while_a_thread_still_decodes_it() {
    let mut filling = Filling::new(30, 2);
    filling.add(parcel(1, (2, 4), &[1, 2, 2]));
    assert_eq!(filling.over(), [] as [i64; 0]);
    filling.add(Parcel { thread: 1, ..parcel(2, (1, 20), &[1, 1]) });
    assert_eq!(filling.over(), [] as [i64; 0]);
    filling.add(Parcel { thread: 1, ..parcel(3, (2, 1), &[1, 2]) });
    assert_eq!(filling.over(), [20_260_301]);
}

#[test]
fn a_few_late_rows_wait_for_more_without_the_others_beside_them() {
    let late = [vec![3], vec![1; 40], vec![2]].concat();
    let mut filling = filling(640, vec![parcel(1, (1, 23), &[1; 30]), parcel(2, (2, 9), &late)]);
    assert!(filling.is_full());
    let batch = filling.take(false);
    assert_eq!((days(&batch), batch.whole.is_some()), (vec![1; 70], false));
    let left: Vec<usize> = filling.chunks.iter().map(|chunk| chunk.rows.len()).collect();
    assert_eq!(left, [2], "only the rows that wait");
    assert_eq!(days(&filling.take(true)), [3, 2]);
}
