//! The table that looks like Athena's: what it shows, and what it leaves unread.

use trailmere_engine::EngineOptions;

use crate::lake::{TestLake, logs};

/// Files opened, files there are, and bytes read.
async fn cost(lake: &TestLake, sql: &str) -> (u64, u64, u64) {
    let mut run = lake.run(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
    while run.next_batch().await.unwrap().is_some() {}
    let statistics = run.statistics();
    (statistics.files_scanned, statistics.files_total, statistics.bytes_scanned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_found_under_athena_by_every_name() {
    let lake = TestLake::of(&logs()).await;
    let id = lake.cell("SELECT id FROM trailmere.stores WHERE name = 'events'").await;
    let arn = lake.cell("SELECT arn FROM trailmere.stores WHERE name = 'events'").await;
    let all = lake.cell("SELECT count(*) FROM events").await;
    for name in [
        "athena.events".to_string(),
        "ATHENA.\"events\"".to_string(),
        "\"athena\".\"events\"".to_string(),
        "\"athena.events\"".to_string(),
        format!("athena.{id}"),
        format!("athena.\"{id}\""),
        format!("athena.\"{arn}\""),
    ] {
        assert_eq!(lake.cell(&format!("SELECT count(eventid) FROM {name}")).await, all, "{name}");
    }
    assert_eq!(lake.cell("SELECT count(e.region) FROM athena.events e").await, all);
    assert_eq!(lake.cell("SELECT count(events.eventid) FROM athena.events").await, all);
    let e = lake.run("SELECT 1 FROM athena.insights").await.unwrap_err().to_string();
    assert!(e.contains("Athena's table is of CloudTrail events"), "{e}");
    let e = lake.run("SELECT 1 FROM athena.evnts").await.unwrap_err().to_string();
    assert!(e.contains("does not exist"), "{e}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_times_and_partitions_opens_only_their_days() {
    let lake = TestLake::of(&logs()).await;
    for condition in [
        "eventtime >= '2026-03-03T00:00:00Z' AND eventtime < '2026-03-04T00:00:00Z'",
        "eventtime BETWEEN '2026-03-03T00:00:01Z' AND '2026-03-03T23:59:58Z'",
        "eventtime LIKE '2026-03-03%'",
        "eventtime > date_format(date_add('day', -29, current_date), '%Y-%m-%dT%H:%i:%SZ') AND eventtime < '2026-03-04'",
        "substr(eventtime, 1, 10) = '2026-03-03'",
        "eventtime > timestamp '2026-03-03 00:00:01' AND eventtime < timestamp '2026-03-03 23:59:00'",
        "from_iso8601_timestamp(eventtime) BETWEEN timestamp '2026-03-03 00:00:01 UTC' AND timestamp '2026-03-03 23:00:00 UTC'",
        "date(from_iso8601_timestamp(eventtime)) = date '2026-03-03'",
        "date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ') BETWEEN timestamp '2026-03-03 00:00:01' AND timestamp '2026-03-03 23:00:00'",
        "year = '2026' AND month = '03' AND day = '03'",
        "\"timestamp\" = '2026/03/03'",
        "date_partition >= '2026/03/03' AND date_partition <= '2026/03/03'",
        "p_date BETWEEN '2026/03/03' AND '2026/03/03'",
        "dt IN ('2026/03/03', '2025/01/01')",
        "concat(year, '-', month, '-', day) = '2026-03-03'",
        "(year = '2026' AND month = '03' AND day = '03' AND awsregion = 'us-east-1') OR (year = '2020')",
    ] {
        let sql = format!("SELECT count(DISTINCT eventname) FROM athena.events WHERE {condition}");
        let (scanned, total, _) = cost(&lake, &sql).await;
        assert!(scanned >= 1 && scanned < total, "{condition}: {scanned} of {total}");
        // A condition that nothing prunes by.
        let pruned = lake.cell(&format!("SELECT count(*) FROM athena.events WHERE {condition}")).await;
        let computed = lake.cell(&format!("SELECT count_if({condition}) FROM athena.events")).await;
        assert_eq!(pruned, computed, "{condition}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lake_computes_from_the_time_prunes_too() {
    let lake = TestLake::of(&logs()).await;
    for condition in [
        "date_trunc('day', eventTime) = timestamp '2026-03-03 00:00:00'",
        "to_iso8601(eventTime) LIKE '2026-03-03%'",
        "date_add('hour', 1, eventTime) BETWEEN '2026-03-03 01:00:01' AND '2026-03-03 23:00:00'",
    ] {
        let sql = format!("SELECT count(DISTINCT eventName) FROM events WHERE {condition}");
        let (scanned, total, _) = cost(&lake, &sql).await;
        assert!(scanned >= 1 && scanned < total, "{condition}: {scanned} of {total}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_read_that_is_not_asked_for() {
    // What an earlier question read is not read again, which would hide what this one asks for.
    let options = EngineOptions { column_cache: 0, ..EngineOptions::default() };
    let lake = TestLake::of_with(&logs(), options).await;
    let pairs = [
        ("useridentity.arn, useridentity.type", "userIdentity.arn, userIdentity.type"),
        ("useridentity.sessioncontext.sessionissuer.username", "userIdentity.sessionContext.sessionIssuer.userName"),
        ("eventtime, eventname", "eventTime, eventName"),
        ("tlsdetails.tlsversion", "tlsDetails.tlsVersion"),
        ("region, year, month, day", "awsRegion"),
    ];
    for (athena, direct) in pairs {
        let (_, _, viewed) = cost(&lake, &format!("SELECT {athena} FROM athena.events")).await;
        let (_, _, plain) = cost(&lake, &format!("SELECT {direct} FROM events")).await;
        assert_eq!(viewed, plain, "{athena}");
    }
    let (_, _, filtered) = cost(&lake, "SELECT eventname FROM athena.events WHERE useridentity.type = 'Root'").await;
    let (_, _, plain) = cost(&lake, "SELECT eventName FROM events WHERE userIdentity.type = 'Root'").await;
    assert_eq!(filtered, plain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_text_is_as_delivered() {
    let lake = TestLake::of(&logs()).await;
    let differing = "SELECT count(*) FROM athena.events a JOIN events e ON a.eventid = e.eventID
        WHERE json_parse(a.requestparameters)
              IS DISTINCT FROM json_parse(json_format(json_extract(e.eventJson, '$.requestParameters')))
          AND NOT (a.requestparameters IS NULL AND json_extract(e.eventJson, '$.requestParameters') = JSON 'null')";
    assert_eq!(lake.cell(differing).await, "0");
    let some = "SELECT count_if(requestparameters LIKE '{%') > 0 FROM athena.events";
    assert_eq!(lake.cell(some).await, "true");
}
