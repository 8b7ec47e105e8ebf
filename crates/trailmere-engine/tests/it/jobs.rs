//! Queries as records: what is kept, for how long, and how a query can end.

use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::Days;
use trailmere_engine::{EngineOptions, JobFilter, JobRecord, JobRequest, JobStatus, Noted, Origin, QueryStatistics};
use trailmere_model::Error;

use crate::lake::{TestLake, logs, now, request};

pub(crate) fn job(sql: &str) -> JobRequest {
    let who = "tester@here".to_string();
    JobRequest { sql: sql.to_string(), request: request(), delivery: None, origin: Origin::Started, who }
}

/// More rows than a batch holds.
pub(crate) const NUMBERS: &str = "SELECT CAST((a - 1) * 1000 + b AS bigint) AS n, 'text ' || CAST(b AS varchar) AS t
     FROM UNNEST(sequence(1, 30)) AS x(a) CROSS JOIN UNNEST(sequence(1, 1000)) AS y(b) ORDER BY n";

/// Goes on for hours.
const ENDLESS: &str =
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)
     CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE (x * y + z) % 7 = 3";

async fn numbers(lake: &TestLake, record: &JobRecord, from: u64, to: u64) -> Vec<i64> {
    let mut rows = lake.engine.jobs().results(record.id, from..to, now()).await.unwrap();
    let mut found = vec![];
    while let Some(batch) = rows.next_batch().await.unwrap() {
        found.extend(batch.column(0).as_primitive::<Int64Type>().values());
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_kept_and_read_by_pages() {
    let lake = TestLake::empty().await;
    let record = lake.engine.jobs().run(job(NUMBERS), now).await.unwrap();
    assert_eq!((record.status, record.statistics.total_results_count), (JobStatus::Finished, 30_000));
    assert_eq!(record.output_columns().unwrap()[1].name, "t");
    assert_eq!(numbers(&lake, &record, 0, u64::MAX).await, (1..=30_000).collect::<Vec<_>>());
    assert_eq!(numbers(&lake, &record, 12_345, 12_348).await, [12_346, 12_347, 12_348]);
    assert_eq!(numbers(&lake, &record, 29_999, 40_000).await, [30_000]);
    assert_eq!(numbers(&lake, &record, 30_000, 40_000).await, [0_i64; 0]);
    assert_eq!(lake.engine.jobs().get(record.id, now()).await.unwrap(), record);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_without_rows_has_its_columns() {
    let lake = TestLake::of(&logs()).await;
    let sql = "SELECT *, userIdentity.arn, userIdentity.sessionContext.sessionIssuer.arn FROM events WHERE 1 = 0";
    let record = lake.engine.jobs().run(job(sql), now).await.unwrap();
    let rows = lake.engine.jobs().results(record.id, 0..u64::MAX, now()).await.unwrap();
    let run = lake.run(sql).await.unwrap();
    assert_eq!((rows.total, &rows.columns), (0, &run.columns), "with their types, also those of several parts");
    assert_eq!(record.stores.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_a_store_survives_being_kept() {
    let lake = TestLake::of(&logs()).await;
    let record = lake.engine.jobs().run(job("SELECT * FROM events"), now).await.unwrap();
    assert_eq!((record.status, record.error.as_deref()), (JobStatus::Finished, None));
    let mut rows = lake.engine.jobs().results(record.id, 0..u64::MAX, now()).await.unwrap();
    let mut run = lake.run("SELECT * FROM events").await.unwrap();
    let mut count = 0;
    while let Some(batch) = rows.next_batch().await.unwrap() {
        for (column, array) in run.columns.iter().zip(batch.columns()) {
            assert_eq!(*array.data_type(), column.ty.arrow(), "{}", column.name);
        }
        count += batch.num_rows();
    }
    let mut expected = 0;
    while let Some(batch) = run.next_batch().await.unwrap() {
        expected += batch.num_rows();
    }
    assert!(count > 0 && count == expected);
    let cost = &record.statistics;
    assert_eq!((cost.events_matched, cost.total_results_count), (count as u64, count as u64));
    assert!(cost.events_scanned >= cost.events_matched && cost.bytes_scanned > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_every_type_are_read_as_they_were() {
    let lake = TestLake::empty().await;
    let sql = "SELECT NULL AS u, current_timestamp AS tz, time '01:02:03' AS t, interval '2' day AS d, interval '3' month AS m,
               CAST('ab' AS char(3)) AS c, json '{\"a\":1}' AS j, CAST(ROW(1, 'x') AS row(\"a b\" bigint, \"T\" varchar)) AS r,
               ROW(1, 2) AS anonymous, CAST('1.2.3.4' AS ipaddress) AS ip, decimal '1.25' AS de, x'00ff' AS bin,
               map(ARRAY[1], ARRAY[ROW('q')]) AS mm, ARRAY[timestamp '2020-01-01 00:00:00.123456789'] AS ts,
               approx_set(1) AS hll, real '1.5' AS re, CAST('1.2.3.0/24' AS ipprefix) AS pfx";
    let record = lake.engine.jobs().run(job(sql), now).await.unwrap();
    assert_eq!((record.status, record.error.as_deref()), (JobStatus::Finished, None));
    let mut rows = lake.engine.jobs().results(record.id, 0..1, now()).await.unwrap();
    let (kept, mut run) = (rows.next_batch().await.unwrap().unwrap(), lake.run(sql).await.unwrap());
    assert_eq!(rows.columns, run.columns);
    let batch = run.next_batch().await.unwrap().unwrap();
    for (i, column) in run.columns.iter().enumerate() {
        assert_eq!(kept.column(i), batch.column(i), "{}: {}", column.name, column.ty);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn matched_events_are_those_that_pass_the_filters() {
    let lake = TestLake::of(&logs()).await;
    for filter in ["eventName LIKE 'Get%'", "length(eventName) > 12", "eventSource = 's3.amazonaws.com'"] {
        // Not `max`: a scan that knows of it leaves out what can't be the greatest.
        let sql = format!("SELECT count(DISTINCT eventID) FROM events WHERE {filter}");
        let record = lake.engine.jobs().run(job(&sql), now).await.unwrap();
        let matching: u64 = lake.cell(&format!("SELECT count(*) FROM events WHERE {filter}")).await.parse().unwrap();
        assert_eq!(record.statistics.events_matched, matching, "{filter}");
        assert_eq!(record.statistics.total_results_count, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_does_not_plan_leaves_no_record() {
    let lake = TestLake::empty().await;
    assert!(lake.engine.jobs().run(job("SELECT nope"), now).await.is_err());
    assert!(lake.engine.jobs().list(&JobFilter::default(), now()).await.unwrap().jobs.is_empty());
    assert!(lake.engine.lake().live_jobs().list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_fails_says_why() {
    let lake = TestLake::empty().await;
    let sql = "SELECT 1 / (x - 500) FROM UNNEST(sequence(1, 1000)) AS t(x)";
    let record = lake.engine.jobs().run(job(sql), now).await.unwrap();
    assert_eq!(record.status, JobStatus::Failed);
    assert!(record.error.unwrap().to_lowercase().contains("division by zero"));
    let error = lake.engine.jobs().results(record.id, 0..10, now()).await.unwrap_err();
    assert!(error.message().contains("FAILED"), "{error}");
    assert!(lake.engine.lake().live_jobs().list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_timed_out_query_has_found_stays() {
    let lake = TestLake::empty().await;
    let sql = "SELECT to_hex(sha256(to_utf8(CAST(x * y AS varchar)))) AS h
               FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y)";
    let mut asked = job(sql);
    asked.request.timeout = Some(Duration::from_secs(8));
    let record = lake.engine.jobs().run(asked, now).await.unwrap();
    assert_eq!(record.status, JobStatus::TimedOut, "{:?}", record.error);
    assert!(record.error.as_ref().unwrap().contains("8 s"));
    let rows = lake.engine.jobs().results(record.id, 0..10, now()).await.unwrap();
    assert!(rows.total > 0 && rows.total == record.statistics.total_results_count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_over_its_memory_names_the_limit() {
    let lake = TestLake::with(EngineOptions { memory_limit: 4 << 20, ..EngineOptions::default() }).await;
    let sql = "SELECT cardinality(array_agg(CAST(x * 10000 + y AS varchar) || 'some text to fill memory'))
               FROM UNNEST(sequence(1, 1000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000)) AS b(y)";
    let record = lake.engine.jobs().run(job(sql), now).await.unwrap();
    assert_eq!(record.status, JobStatus::Failed, "{:?}", record.error);
    let error = record.error.unwrap();
    assert!(error.contains("4.0 MB") && error.contains("--memory-limit"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_query_stops_and_stays_cancelled() {
    let lake = TestLake::empty().await;
    let jobs = lake.engine.jobs();
    let record = jobs.submit(job(ENDLESS), now).await.unwrap();
    assert_eq!(record.status, JobStatus::Queued);
    let worker = tokio::spawn({
        let jobs = jobs.clone();
        async move { jobs.work(record.id, now).await }
    });
    while jobs.get(record.id, now()).await.unwrap().status == JobStatus::Queued {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(jobs.cancel(record.id, now()).await.unwrap().status, JobStatus::Cancelled);
    let ended =
        tokio::time::timeout(Duration::from_secs(60), worker).await.expect("the worker stops").unwrap().unwrap();
    assert_eq!(ended.status, JobStatus::Cancelled);
    let again = jobs.cancel(record.id, now()).await.unwrap_err();
    assert!(again.message().contains("CANCELLED"), "{again}");
    assert!(lake.engine.lake().live_jobs().list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_without_a_worker_is_lost_after_a_while_and_not_before() {
    let mut options = EngineOptions::default();
    options.jobs.patience = Duration::from_secs(2);
    let lake = TestLake::with(options).await;
    let jobs = lake.engine.jobs();
    let record = jobs.submit(job("SELECT 1"), now).await.unwrap();
    assert_eq!(jobs.get(record.id, now()).await.unwrap().status, JobStatus::Queued);
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    // Looking at the list settles it too.
    let page = jobs.list(&JobFilter::default(), now()).await.unwrap();
    assert_eq!(page.jobs[0].status, JobStatus::Failed);
    assert_eq!(page.jobs[0].error.as_deref(), Some("worker lost"));
    // A worker that comes too late leaves it so.
    assert_eq!(jobs.work(record.id, now).await.unwrap().status, JobStatus::Failed);
    assert!(lake.engine.lake().live_jobs().list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_wait_for_their_turn() {
    let mut options = EngineOptions::default();
    options.jobs.concurrency = 1;
    let lake = TestLake::with(options).await;
    let jobs = lake.engine.jobs();
    let first = jobs.submit(job("SELECT 1"), now).await.unwrap();
    let second = jobs.submit(job("SELECT 2"), now).await.unwrap();
    let waiting = tokio::spawn({
        let jobs = jobs.clone();
        async move { jobs.work(second.id, now).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(jobs.get(second.id, now()).await.unwrap().status, JobStatus::Queued, "the first has not run yet");
    assert_eq!(jobs.work(first.id, now).await.unwrap().status, JobStatus::Finished);
    let ended = tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("its turn comes").unwrap().unwrap();
    assert_eq!(ended.status, JobStatus::Finished);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_filter_and_page_newest_first() {
    let lake = TestLake::of(&logs()).await;
    let jobs = lake.engine.jobs();
    let plain = jobs.run(job("SELECT 1"), now).await.unwrap();
    let store = jobs.run(job("SELECT count(*) FROM events"), now).await.unwrap();
    let error = Error::cancelled("the query was cancelled");
    let (stores, statistics) = (vec![], QueryStatistics::default());
    let noted = Noted { stores, statistics, error: Some(&error), started: now(), finished: now() };
    let watched = JobRequest { origin: Origin::Interactive, ..job("SELECT 2") };
    let watched = jobs.note(&watched, noted).await.unwrap();
    let list = async |filter: JobFilter| {
        let page = jobs.list(&filter, now()).await.unwrap();
        (page.jobs.iter().map(|record| record.id).collect::<Vec<_>>(), page.next)
    };
    let (mut all, _) = list(JobFilter::default()).await;
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    let newest = all[0];
    let (first, next) = list(JobFilter { limit: Some(1), ..JobFilter::default() }).await;
    assert_eq!((first, next), (vec![newest], Some(newest)));
    let (rest, next) = list(JobFilter { limit: Some(2), after: Some(newest), ..JobFilter::default() }).await;
    assert_eq!((&rest[..], next), (&all[1..], None));
    all.sort();
    let mut expected = vec![plain.id, store.id, watched.id];
    expected.sort();
    assert_eq!(all, expected);
    let status = Some(JobStatus::Cancelled);
    assert_eq!(list(JobFilter { status, ..JobFilter::default() }).await.0, [watched.id]);
    let named = Some("events".to_string());
    assert_eq!(list(JobFilter { store: named, ..JobFilter::default() }).await.0, [store.id]);
    let start = now().checked_add_days(Days::new(1));
    assert_eq!(jobs.list(&JobFilter { start, ..JobFilter::default() }, now()).await.unwrap().jobs, []);
    let resolved = jobs.resolve(&plain.id.to_string()[..36], now()).await.unwrap();
    assert_eq!(resolved, plain.id);
    let error = jobs.results(watched.id, 0..1, now()).await.unwrap_err();
    assert!(error.message().contains("not kept"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_expire_before_their_records() {
    let lake = TestLake::empty().await;
    let jobs = lake.engine.jobs();
    let record = jobs.run(job("SELECT 1 AS one"), now).await.unwrap();
    let after = |days| now().checked_add_days(Days::new(days)).unwrap();
    let soon = jobs.expire(after(7)).await.unwrap();
    assert_eq!((soon.result_files, soon.record_days), (0, 0), "seven days are seven days");
    let would = jobs.expirable(after(8)).await.unwrap();
    assert_eq!(would.result_files, 1);
    assert_eq!(jobs.expire(after(8)).await.unwrap(), would);
    let gone = jobs.results(record.id, 0..1, now()).await.unwrap_err();
    assert!(gone.message().contains("past their time"), "{gone}");
    assert_eq!(jobs.get(record.id, now()).await.unwrap().id, record.id, "the record stays");
    assert_eq!(jobs.expire(after(91)).await.unwrap().record_days, 1);
    assert!(jobs.get(record.id, now()).await.is_err());
}
