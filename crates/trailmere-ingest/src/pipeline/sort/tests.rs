//! Are rows in order, each exactly once, and ties as they came?

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray, new_null_array};
use trailmere_model::storage_schema;

use super::super::parcel::Row;
use super::*;

type Event = (Option<&'static str>, Option<&'static str>, i64, i64, u64);

/// A chunk of events: source, name, time, day, targets. Their IDs are `chunk-row`.
fn chunk(number: usize, events: &[Event]) -> Chunk {
    let schema = storage_schema(StoreType::CloudTrail);
    let ids: StringArray = (0..events.len()).map(|row| Some(format!("{number}-{row}"))).collect();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            "eventsource" => Arc::new(events.iter().map(|event| event.0).collect::<StringArray>()),
            "eventname" => Arc::new(events.iter().map(|event| event.1).collect::<StringArray>()),
            "eventtime" => Arc::new(events.iter().map(|event| Some(event.2)).collect::<TimestampMicrosecondArray>()),
            "eventid" => Arc::new(ids.clone()),
            _ => new_null_array(field.data_type(), events.len()),
        }
    });
    let batch = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
    let rows = events.iter().map(|event| Row { day: event.3, targets: event.4 }).collect();
    Chunk { store_type: StoreType::CloudTrail, batch, rows, bytes: 1000 * events.len() }
}

/// The IDs in each file, by day.
fn sorted(chunks: &[Chunk], target: usize, file_bytes: usize) -> Vec<(i64, Vec<String>)> {
    let chunks: Vec<&Chunk> = chunks.iter().collect();
    let slices = sort(StoreType::CloudTrail, &chunks, target, file_bytes).unwrap();
    let ids = |slice: &Slice| {
        let pieces: Vec<RecordBatch> =
            gather(StoreType::CloudTrail, &chunks, slice).slices.collect::<Result<_>>().unwrap();
        let of_piece = |rows: &RecordBatch| {
            let ids = rows.column_by_name("eventid").unwrap().as_string::<i32>().clone();
            ids.iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
        };
        pieces.iter().flat_map(of_piece).collect()
    };
    slices.iter().map(|slice| (slice.day, ids(slice))).collect()
}

#[test]
fn by_day_then_source_name_and_time_and_what_is_missing_last() {
    let one = chunk(
        0,
        &[
            (Some("s3"), Some("Get"), 5, 2, 1),
            (None, Some("Get"), 1, 2, 1),
            (Some("ec2"), Some("Run"), 9, 2, 1),
            (Some("ec2"), None, 1, 2, 1),
        ],
    );
    let two = chunk(
        1,
        &[
            (Some("s3"), Some("Get"), 4, 2, 1),
            (Some("zzz"), Some("Z"), 1, 1, 1),
            (Some("ec2"), Some("Run"), 9, 2, 1),
            (Some("ec2"), Some("Describe"), 99, 2, 1),
        ],
    );
    let files = sorted(&[one, two], 0, 1 << 30);
    let first = (1, vec!["1-1".to_owned()]);
    let second = (2, ["1-3", "0-2", "1-2", "0-3", "1-0", "0-0", "0-1"].map(str::to_owned).to_vec());
    assert_eq!(files, [first, second]);
}

#[test]
fn a_target_gets_its_own_rows() {
    let events =
        [(Some("a"), Some("b"), 1, 1, 0b01), (Some("a"), Some("b"), 2, 1, 0b10), (Some("a"), Some("b"), 3, 1, 0b11)];
    let chunks = [chunk(0, &events)];
    assert_eq!(sorted(&chunks, 0, 1 << 30), [(1, vec!["0-0".to_owned(), "0-2".to_owned()])]);
    assert_eq!(sorted(&chunks, 1, 1 << 30), [(1, vec!["0-1".to_owned(), "0-2".to_owned()])]);
    assert_eq!(sorted(&chunks, 2, 1 << 30), []);
}

#[test]
fn a_large_day_is_cut_into_files_of_about_equal_size() {
    let events: Vec<Event> = (0..100).map(|n| (Some("a"), Some("b"), (n * 37) % 100, 1, 1)).collect();
    let files = sorted(&[chunk(0, &events)], 0, 30_000);
    assert_eq!(files.iter().map(|(_, ids)| ids.len()).collect::<Vec<_>>(), [25, 25, 25, 25]);
    let times: Vec<i64> =
        files.iter().flat_map(|(_, ids)| ids).map(|id| (id[2..].parse::<i64>().unwrap() * 37) % 100).collect();
    assert_eq!(times, (0..100).collect::<Vec<_>>());
}
