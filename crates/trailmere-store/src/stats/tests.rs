//! Do statistics bound what they were made from, also after a way through Delta's JSON?

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray, TimestampMicrosecondArray};
use proptest::prelude::*;

use super::*;

fn rows(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true))).unwrap()
}

fn stats_of(kept: &StatColumns, rows: &RecordBatch) -> FileStats {
    let mut builder = FileStats::builder(kept);
    builder.add(rows).unwrap();
    let stats = builder.finish();
    // In two parts, wherever the cut is, bounds are the same.
    for cut in 0..=rows.num_rows() {
        let mut parts = FileStats::builder(kept);
        parts.add(&rows.slice(0, cut)).unwrap();
        parts.add(&rows.slice(cut, rows.num_rows() - cut)).unwrap();
        assert_eq!(parts.finish(), stats, "cut at {cut}");
    }
    stats
}

fn text_stats(values: &[Option<&str>]) -> ColumnStats {
    let rows = rows(vec![("awsregion", Arc::new(StringArray::from(values.to_vec())))]);
    let kept = StatColumns::of_schema(&rows.schema());
    let stats = stats_of(&kept, &rows);
    let again = FileStats::from_json(&kept, &stats.to_json(values.len() as u64)).unwrap();
    assert_eq!((Some(values.len() as u64), stats.clone()), again);
    stats.column("awsregion").unwrap().clone()
}

#[test]
fn counts_and_ranges_come_back_from_json() {
    let rows = rows(vec![
        ("awsregion", Arc::new(StringArray::from(vec![Some("us-east-1"), None, Some("eu-west-1")]))),
        ("readonly", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("share", Arc::new(Float64Array::from(vec![0.5, -1.0, 2.25]))),
        ("eventtime", Arc::new(TimestampMicrosecondArray::from(vec![1_700_000_000_000_000, 1_700_000_000_000_001, 5]))),
        ("eventid", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
        ("eventjson", Arc::new(StringArray::from(vec!["{}", "{}", "{}"]))),
    ]);
    let kept = StatColumns::of_schema(&rows.schema());
    assert_eq!(kept.property(), "awsregion,readonly,share,eventtime,eventid");
    let (count, stats) = FileStats::from_json(&kept, &stats_of(&kept, &rows).to_json(3)).unwrap();
    assert_eq!(count, Some(3));
    let region = stats.column("awsregion").unwrap();
    assert_eq!(region.null_count, Some(1));
    assert_eq!(region.min, Some(StatValue::Text("eu-west-1".into())));
    assert_eq!(region.max, Some(StatValue::Text("us-east-1".into())));
    assert_eq!(stats.column("readonly").unwrap().max, Some(StatValue::Boolean(true)));
    assert_eq!(stats.column("share").unwrap().min, Some(StatValue::Double(-1.0)));
    let time = stats.column("eventtime").unwrap();
    assert_eq!(
        (time.min.clone(), time.max.clone()),
        (Some(StatValue::Timestamp(5)), Some(StatValue::Timestamp(1_700_000_000_000_001)))
    );
    assert_eq!(stats.column("eventid").unwrap(), &ColumnStats { null_count: Some(0), min: None, max: None });
    assert_eq!(stats.column("eventjson"), None);
}

#[test]
fn statistics_of_other_programs_are_read_as_far_as_they_go() {
    let rows = rows(vec![
        ("awsregion", Arc::new(StringArray::from(vec!["a"]))),
        ("readonly", Arc::new(BooleanArray::from(vec![true]))),
        ("eventtime", Arc::new(TimestampMicrosecondArray::from(vec![0]))),
    ]);
    let kept = StatColumns::of_schema(&rows.schema());
    let text = r#"{"tightBounds": true, "numRecords": 7, "maxValues": {"eventtime": "1970-01-01 00:00:01.5", "other": {"a": [1]}, "awsregion": "\u00e4\"", "readonly": 1},
        "nullCount": {"useridentity": {"arn": 3}, "readonly": 2, "awsregion": {"odd": 1}}}"#;
    let (rows, stats) = FileStats::from_json(&kept, text).unwrap();
    assert_eq!(rows, Some(7));
    let column = |name: &str| stats.column(name).unwrap().clone();
    assert_eq!(
        column("awsregion"),
        ColumnStats { null_count: None, min: None, max: Some(StatValue::Text("ä\"".into())) }
    );
    assert_eq!(column("readonly"), ColumnStats { null_count: Some(2), min: None, max: None });
    assert_eq!(column("eventtime").max, Some(StatValue::Timestamp(1_500_000)));
    assert!(FileStats::from_json(&kept, "{").is_err());
    assert_eq!(FileStats::from_json(&kept, "{}").unwrap().0, None);
}

#[test]
fn a_text_that_cannot_be_raised_has_no_largest_value() {
    let highest: String = std::iter::repeat_n(char::MAX, STAT_TEXT_CHARS + 1).collect();
    let stats = text_stats(&[Some(&highest)]);
    assert_eq!(stats.max, None);
    assert!(!stats.min.unwrap().is_exact());
}

#[test]
fn columns_without_values_have_no_range() {
    assert_eq!(text_stats(&[None, None]), ColumnStats { null_count: Some(2), min: None, max: None });
    assert_eq!(text_stats(&[]), ColumnStats { null_count: Some(0), min: None, max: None });
}

proptest! {
    #[test]
    fn cut_texts_still_bound_all_values(values in proptest::collection::vec(proptest::option::of("\\PC{0,40}"), 0..20)) {
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let stats = text_stats(&values);
        for value in values.iter().copied().flatten() {
            let Some(StatValue::Text(min)) = &stats.min else { panic!("a smallest value") };
            prop_assert!(min.as_str() <= value);
            if let Some(StatValue::Text(max)) = &stats.max {
                prop_assert!(max.as_str() >= value);
            }
        }
        for bound in [stats.min, stats.max].into_iter().flatten().filter(StatValue::is_exact) {
            let StatValue::Text(bound) = bound else { panic!("a text") };
            prop_assert!(values.contains(&Some(bound.as_str())));
        }
    }
}
