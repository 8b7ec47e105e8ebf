//! What a scan leaves out.

use crate::lake::{TestLake, logs};

async fn files(lake: &TestLake, sql: &str) -> (u64, u64) {
    let mut run = lake.run(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
    while run.next_batch().await.unwrap().is_some() {}
    let statistics = run.statistics();
    (statistics.files_scanned, statistics.files_total)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_of_time_opens_only_its_days() {
    let lake = TestLake::of(&logs()).await;
    let (all, total) = files(&lake, "SELECT count(DISTINCT eventName) FROM events").await;
    assert_eq!(all, total);
    for condition in [
        "eventTime >= timestamp '2026-03-03 00:00:00' AND eventTime < timestamp '2026-03-04 00:00:00'",
        "eventTime >= '2026-03-03' AND eventTime < '2026-03-04'",
        "eventTime BETWEEN '2026-03-03T00:00:00Z' AND '2026-03-03 23:59:59.999'",
        "calendarday = 20260303",
        "eventTime >= date_add('day', -29, current_timestamp) AND eventTime < date_add('day', -28, now())",
        "date_trunc('day', eventTime) = timestamp '2026-03-03 00:00:00' AND calendarday = 20260303",
    ] {
        let (scanned, _) =
            files(&lake, &format!("SELECT count(DISTINCT eventName) FROM events WHERE {condition}")).await;
        assert!(scanned >= 1 && scanned < total, "{condition}: {scanned} of {total}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_everything_reads_nothing() {
    let lake = TestLake::of(&logs()).await;
    let mut run = lake.run("SELECT count(*), min(eventTime), max(eventTime) FROM events").await.unwrap();
    while run.next_batch().await.unwrap().is_some() {}
    assert_eq!(run.statistics().bytes_scanned, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_agree_with_and_without_pruning() {
    let lake = TestLake::of(&logs()).await;
    let pruned = lake.cell("SELECT count(*) FROM events WHERE eventTime < '2026-03-03'").await;
    let computed = lake.cell("SELECT count_if(to_iso8601(eventTime) < '2026-03-03') FROM events").await;
    assert_eq!(pruned, computed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_needle_is_found_and_a_missing_one_costs_little() {
    let lake = TestLake::of(&logs()).await;
    let id = lake.cell("SELECT max(eventID) FROM events").await;
    let found = lake.cell(&format!("SELECT count(*) > 0 FROM events WHERE eventID = '{id}'")).await;
    assert_eq!(found, "true");
    let key = lake.cell("SELECT max(userIdentity.accessKeyId) FROM events").await;
    let by_key = lake.cell(&format!("SELECT count(*) FROM events WHERE userIdentity.accessKeyId = '{key}'")).await;
    let slowly = lake.cell(&format!("SELECT count_if(userIdentity.accessKeyId = '{key}') FROM events")).await;
    assert_eq!(by_key, slowly);
    assert_eq!(lake.cell("SELECT count(*) FROM events WHERE eventID = 'no-such-id'").await, "0");
}

/// Whole rows of the newest events are read of the newest files only, and of few pages there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_rows_are_found_before_they_are_read() {
    let lake = TestLake::of(&logs()).await;
    let cost = async |sql: &str| {
        let mut run = lake.run(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
        while run.next_batch().await.unwrap().is_some() {}
        run.statistics()
    };
    let newest = cost("SELECT * FROM events ORDER BY eventTime DESC LIMIT 3").await;
    let all = cost("SELECT * FROM events ORDER BY eventTime DESC").await;
    assert_eq!((newest.rows, newest.files_total), (3, all.files_total));
    assert!(newest.files_scanned < all.files_scanned, "{newest:?} {all:?}");
    assert!(newest.bytes_scanned < all.bytes_scanned / 2, "{newest:?} {all:?}");
}

/// A value that no file holds is told so by the bloom filters, whose places the log knows: no file is opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_needle_opens_the_files_that_hold_it() {
    let lake = TestLake::of(&logs()).await;
    for column in ["eventID", "requestID", "userIdentity.accessKeyId", "userIdentity.sessionContext.sessionIssuer.arn"]
    {
        let (scanned, total) = files(&lake, &format!("SELECT * FROM events WHERE {column} = 'no such thing'")).await;
        assert!(scanned < total, "{column}: {scanned} of {total}");
    }
    let id = lake.cell("SELECT max(eventID) FROM events").await;
    let (scanned, _) = files(&lake, &format!("SELECT * FROM events WHERE eventID = '{id}'")).await;
    assert!((1..=2).contains(&scanned), "{scanned}");
    for condition in ["eventID IN ('{id}', 'another')", "'{id}' = eventID AND readOnly IS NOT DISTINCT FROM readOnly"] {
        let condition = condition.replace("{id}", &id);
        assert_eq!(lake.cell(&format!("SELECT count(*) FROM events WHERE {condition}")).await, "1", "{condition}");
    }
}

/// Filters that are asked again are kept: they say the same of others, and of the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_filters_find_what_those_in_files_do() {
    let lake = TestLake::of(&logs()).await;
    for column in ["eventID", "sourceIPAddress", "userIdentity.arn"] {
        let some = format!("SELECT {column}, count(*) FROM events WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1");
        let all = lake.cells(&some).await.unwrap();
        let asked: Vec<_> = all.iter().step_by(all.len() / 12 + 1).collect();
        assert!(asked.len() > 5, "{column}: {}", all.len());
        for row in &asked {
            let found = lake.cell(&format!("SELECT count(*) FROM events WHERE {column} = '{}'", row[0])).await;
            assert_eq!(found, row[1], "{column} = {}", row[0]);
        }
        // By now all filters of the column are kept; they still leave files out.
        let (scanned, total) = files(&lake, &format!("SELECT * FROM events WHERE {column} = 'no such thing'")).await;
        assert!(scanned < total, "{column}: {scanned} of {total}");
    }
}
