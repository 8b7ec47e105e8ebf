//! Retention hides exactly, whatever is still stored.

use trailmere_model::{EventDataStore, Retention};

use crate::lake::{TestLake, logs, request};

async fn with_retention(lake: &TestLake, retention: Retention) {
    let store = lake.engine.lake().find_store("events").await.unwrap();
    let change = |store: &mut EventDataStore| {
        store.retention = retention;
        Ok(())
    };
    lake.engine.lake().change_store(store.id, change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_hidden_from_the_microsecond_on_at_which_it_expires() {
    let lake = TestLake::of(&logs()).await;
    let middle = "(SELECT approx_percentile(to_unixtime(eventTime), 0.5) FROM events)";
    let time: f64 = lake.cell(&format!("SELECT {middle}")).await.parse().unwrap();
    let micros = time as i64 * 1_000_000;
    let at = |shift: i64| {
        let day = 86_400_000_000;
        chrono::DateTime::from_timestamp_micros(micros + 10 * day + shift).unwrap()
    };
    let count = async |now| {
        let mut request = request();
        request.now = now;
        let sql = format!("SELECT count(*) FROM events WHERE eventTime = from_unixtime_nanos({})", micros * 1_000);
        let mut run = lake.engine.query(&sql, &request).await.unwrap();
        let batch = run.next_batch().await.unwrap().unwrap();
        arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(batch.column(0)).value(0)
    };
    with_retention(&lake, Retention::Days(10)).await;
    let there = count(at(0)).await;
    assert!(there > 0, "the event is there to its last microsecond");
    assert_eq!(count(at(1)).await, 0, "and is gone after it");
    with_retention(&lake, Retention::Forever).await;
    assert_eq!(count(at(1)).await, there, "nothing was removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_from_statistics_see_no_expired_events() {
    let lake = TestLake::of(&logs()).await;
    let all: u64 = lake.cell("SELECT count(*) FROM events").await.parse().unwrap();
    let late: u64 = lake
        .cell("SELECT count(*) FROM events WHERE eventTime >= timestamp '2026-03-04 00:00:00'")
        .await
        .parse()
        .unwrap();
    assert!(late > 0 && late < all);
    // The test's now is 1 April: 28 days keep what is from 4 March on.
    with_retention(&lake, Retention::Days(28)).await;
    assert_eq!(lake.cell("SELECT count(*) FROM events").await, late.to_string());
    assert_eq!(lake.cell("SELECT count(eventName) FROM events").await, late.to_string());
    let first = lake.cell("SELECT min(eventTime) >= timestamp '2026-03-04 00:00:00' FROM events").await;
    assert_eq!(first, "true");
    let limited = lake.cells("SELECT eventName FROM events LIMIT 100000").await.unwrap();
    assert_eq!(limited.len() as u64, late);
}
