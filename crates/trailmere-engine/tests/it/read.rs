//! Answers do not depend on how rows are read: from files, from columns that are kept, whole or in pieces.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use trailmere_engine::EngineOptions;

use crate::lake::{TestLake, logs};

/// Statements over the committed logs that read in different ways.
const STATEMENTS: &[&str] = &[
    // Texts that are coded, alone and with others, also with values that no wanted row has.
    "SELECT eventName, count(*) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT eventName, count(*) FROM events WHERE eventSource = 's3.amazonaws.com' GROUP BY 1 ORDER BY 1",
    "SELECT errorCode, count(*) FROM events WHERE eventName LIKE '%Object%' GROUP BY 1 ORDER BY 1",
    "SELECT errorCode IS NULL, awsRegion, readOnly, count(*) FROM events GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT upper(eventName), date_trunc('hour', eventTime), count(errorCode), max(eventID) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT recipientAccountId, count(DISTINCT sourceIPAddress), approx_distinct(userIdentity.arn) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT eventSource, count(*) FILTER (WHERE errorCode IS NOT NULL), count_if(readOnly) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT userIdentity.type, userIdentity.sessionContext.sessionIssuer.arn, min(eventTime) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
    // Groups of groups, and groups that are joined, put together and numbered.
    "SELECT n, count(*) FROM (SELECT eventName, count(*) AS n FROM events GROUP BY 1) GROUP BY 1 ORDER BY 1",
    "SELECT eventSource, count(*), max(n) FROM (SELECT eventSource, eventName, count(*) AS n FROM events GROUP BY 1, 2) GROUP BY 1 ORDER BY 1",
    "SELECT errorCode, count(DISTINCT eventName), count(DISTINCT userIdentity.arn), count(*) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT a.eventName, a.n, b.m FROM (SELECT eventName, count(*) AS n FROM events GROUP BY 1) a
        JOIN (SELECT eventName, min(eventTime) AS m FROM events WHERE readOnly GROUP BY 1) b ON a.eventName = b.eventName ORDER BY 1",
    "SELECT eventName, n, rank() OVER (ORDER BY n DESC, eventName), sum(n) OVER (PARTITION BY eventName) FROM
        (SELECT eventName, count(*) AS n FROM events GROUP BY 1) ORDER BY 3 LIMIT 20",
    "SELECT eventName FROM events UNION SELECT awsRegion FROM events ORDER BY 1",
    "SELECT DISTINCT eventSource, errorCode FROM events ORDER BY 1, 2",
    "SELECT count(DISTINCT sourceIPAddress), count(DISTINCT eventID) FROM events",
    "SELECT eventName, count(*) FROM events GROUP BY 1 HAVING count(*) > (SELECT avg(n) FROM
        (SELECT count(*) AS n FROM events GROUP BY eventSource)) ORDER BY 1",
    "SELECT awsRegion, eventSource, count(*) FROM events GROUP BY ROLLUP (awsRegion, eventSource) ORDER BY 1, 2, 3",
    // The first row of each group, by numbers that are 1.
    "SELECT eventName, eventTime, eventID FROM (SELECT eventName, eventTime, eventID, row_number() OVER
        (PARTITION BY eventName ORDER BY eventTime DESC, eventID) AS n FROM events) WHERE n = 1 ORDER BY 1",
    "SELECT arn, name, id FROM (SELECT userIdentity.arn AS arn, eventName AS name, eventID AS id, errorCode AS error, row_number() OVER
        (PARTITION BY userIdentity.arn, eventSource ORDER BY errorCode NULLS FIRST, eventTime, eventID DESC) AS n FROM events)
        WHERE n <= 1 AND error IS NOT NULL ORDER BY 3",
    "SELECT count(*), min(id), max(bucket) FROM (SELECT eventID AS id, element_at(requestParameters, 'bucketName') AS bucket,
        row_number() OVER (PARTITION BY awsRegion, date_trunc('hour', eventTime) ORDER BY eventID) AS n FROM events) WHERE n < 2",
    "SELECT a.id, b.eventName FROM (SELECT eventID AS id, row_number() OVER (PARTITION BY eventName ORDER BY eventID) AS n FROM events) a
        JOIN events b ON a.id = b.eventID WHERE a.n = 1 ORDER BY 1",
    "SELECT name, id, lag(id) OVER (PARTITION BY source, name ORDER BY time), sum(1) OVER (PARTITION BY source ORDER BY name, time, id)
        FROM (SELECT eventSource AS source, eventName AS name, eventTime AS time, eventID AS id, row_number() OVER
        (PARTITION BY eventSource, eventName, awsRegion ORDER BY eventTime, eventID) AS n FROM events) WHERE n = 1 ORDER BY 2",
    "SELECT eventID, userIdentity, n FROM (SELECT eventID, userIdentity, row_number() OVER (PARTITION BY eventSource ORDER BY eventID) AS n
        FROM events) WHERE n = 1 ORDER BY 1 LIMIT 10",
    // Conditions one by one, on texts, on NULL, on several columns, and some that hold for no row.
    "SELECT eventID FROM events WHERE errorCode IS NULL AND eventName <> 'Decrypt' ORDER BY 1",
    "SELECT eventID FROM events WHERE coalesce(errorCode, 'none') = 'none' AND userIdentity.arn IS NOT NULL ORDER BY 1",
    "SELECT count(*) FROM events WHERE userIdentity.accountId = recipientAccountId OR errorCode = 'AccessDenied'",
    "SELECT count(*) FROM events WHERE eventName = 'no such name' AND eventJson LIKE '%a%'",
    "SELECT eventID, eventName FROM events WHERE calendarday = 20260303 AND eventName < 'D' ORDER BY 1",
    // A text that would fail stands in no wanted row.
    "SELECT count(*) FROM events WHERE eventVersion LIKE '1.%' AND CAST(split_part(eventVersion, '.', 2) AS integer) >= 8",
    // Entries of maps: in few rows, in most, absent, and of maps that are NULL.
    "SELECT element_at(requestParameters, 'bucketName'), count(*) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT eventID FROM events WHERE element_at(requestParameters, 'bucketName') IS NULL ORDER BY 1",
    "SELECT eventID, element_at(requestParameters, 'roleArn') FROM events WHERE eventName = 'AssumeRole' ORDER BY 1",
    "SELECT eventID FROM events WHERE eventName = 'ConsoleLogin' AND element_at(responseElements, 'ConsoleLogin') = 'Success' ORDER BY 1",
    "SELECT count(*) FROM events WHERE element_at(additionalEventData, 'no such key') IS NOT NULL",
    "SELECT requestParameters, count(*) FROM events WHERE eventName LIKE 'Get%' GROUP BY 1 ORDER BY 2 DESC, json_format(cast(requestParameters AS json)) LIMIT 5",
    "SELECT cardinality(requestParameters), element_at(requestParameters, 'key') FROM events ORDER BY eventID LIMIT 50",
    // Wide rows, few and all, and joins that leave out rows while they run.
    "SELECT * FROM events ORDER BY eventTime DESC, eventID LIMIT 7",
    "SELECT count(*), sum(length(eventJson)) FROM events WHERE eventJson LIKE '%arn:aws:iam%'",
    "SELECT a.eventID, b.eventName FROM events a JOIN events b ON a.eventID = b.eventID WHERE a.errorCode IS NOT NULL ORDER BY 1",
    "SELECT r.arn, count(*) FROM events CROSS JOIN UNNEST(resources) AS r(accountid, type, arn, arnprefix) GROUP BY 1 ORDER BY 1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_the_same_however_they_are_read() {
    let keeping = TestLake::of(&logs()).await;
    let options = EngineOptions { column_cache: 0, ..EngineOptions::default() };
    let reading = TestLake::of_with(&logs(), options).await;
    // On one thread, DataFusion groups in one step.
    let alone = TestLake::alone(&logs()).await;
    for sql in STATEMENTS {
        let answer = reading.cells(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
        assert_eq!(alone.cells(sql).await.unwrap(), answer, "{sql}, on one thread");
        for time in 1..=4 {
            assert_eq!(keeping.cells(sql).await.unwrap(), answer, "{sql}, time {time}");
        }
    }
}

/// Grouping by numbers against the same over texts that are computed, which no dictionary has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_those_of_the_texts() {
    let lake = TestLake::of(&logs()).await;
    for key in ["eventName", "errorCode", "userIdentity.type", "element_at(requestParameters, 'bucketName')"] {
        for condition in ["true", "awsRegion = 'us-east-1'", "errorCode IS NULL", "eventID < '8'"] {
            let grouped = |key: &str| {
                format!("SELECT {key}, count(*), min(eventTime) FROM events WHERE {condition} GROUP BY 1 ORDER BY 1")
            };
            let numbers = lake.cells(&grouped(key)).await.unwrap();
            // The key depends on a column that differs in each row.
            let texts = lake.cells(&grouped(&format!("if(length(eventID) > 0, {key}, eventID)"))).await.unwrap();
            assert_eq!(numbers, texts, "{key} where {condition}");
        }
    }
    let plan = lake.cells("EXPLAIN SELECT eventName, count(*) FROM events GROUP BY 1").await.unwrap();
    assert!(format!("{plan:?}").contains("by=numbers, whole"), "{plan:?}");
    let first = "EXPLAIN SELECT * FROM (SELECT eventName, row_number() OVER (PARTITION BY eventName ORDER BY eventTime) AS n FROM events)";
    let plan = lake.cells(&format!("{first} WHERE n = 1")).await.unwrap();
    assert!(format!("{plan:?}").contains("FirstOfGroups"), "{plan:?}");
    // All rows are wanted, or their order.
    let ordered =
        first.replace("SELECT *", "SELECT eventName, count(n) OVER (PARTITION BY eventName)") + " WHERE n = 1";
    let others =
        [format!("{first} WHERE n = 2"), format!("{first} WHERE n = 1 OR eventName > 'P'"), first.to_owned(), ordered];
    for other in others {
        let plan = lake.cells(&other).await.unwrap();
        assert!(!format!("{plan:?}").contains("FirstOfGroups"), "{plan:?}");
    }
}

/// A grouping that may hold next to nothing hands its groups on, and the next step puts them together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_the_same_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    for day in 5..9 {
        write_log(folder.path(), day, 10_000);
    }
    let plenty = TestLake::of(folder.path()).await;
    let with = |memory_limit| EngineOptions { memory_limit, ..EngineOptions::default() };
    let little = TestLake::of_with(folder.path(), with(8 << 20)).await;
    // Sorting, which the first rows of groups fall back to, takes ten megabytes before it sorts anything.
    let some = TestLake::of_with(folder.path(), with(36 << 20)).await;
    let grouped = "SELECT count(*), sum(n), min(least), sum(distinct_ids) FROM (SELECT eventName, minute(eventTime), count(*) AS n,
        min(eventID) AS least, approx_distinct(requestID) AS distinct_ids FROM events GROUP BY 1, 2)";
    let many = "SELECT count(*), sum(n), max(name) FROM
        (SELECT lower(eventID), requestID || '', count(*) AS n, max(eventName) AS name FROM events GROUP BY 1, 2)";
    let first =
        "SELECT count(*), max(length(eventJson)), min(eventTime) FROM (SELECT eventJson, eventTime, row_number() OVER
        (PARTITION BY eventID, requestID ORDER BY eventTime) AS n FROM events) WHERE n = 1";
    for (little, sql) in [(&little, grouped), (&little, many), (&some, first)] {
        assert_eq!(little.cells(sql).await.unwrap(), plenty.cells(sql).await.unwrap(), "{sql}");
    }
    let handed_on = async |lake: &TestLake, sql: &str| {
        let plan = format!("{:?}", lake.cells(&format!("EXPLAIN ANALYZE {sql}")).await.unwrap());
        let (_, after) = plan.split_once("s_handed_on=").unwrap_or_else(|| panic!("{plan}"));
        after.chars().take_while(|c| !matches!(c, ',' | ']')).collect::<String>()
    };
    for (little, sql) in [(&little, many), (&some, first)] {
        assert_eq!(handed_on(&plenty, sql).await, "0", "{sql}");
        assert_ne!(handed_on(little, sql).await, "0", "{sql}");
    }
}

/// A window carries the members of a struct that are read, not all of it; where the whole is read too, it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_and_joins_carry_members() {
    let lake = TestLake::of(&logs()).await;
    let first = |shown: &str| {
        format!(
            "SELECT {shown} FROM (SELECT *, row_number() OVER (PARTITION BY userIdentity.arn, eventName
             ORDER BY eventTime, eventID) AS nth FROM events) uses WHERE nth = 1 ORDER BY eventID"
        )
    };
    let members = "userIdentity.arn, userIdentity.sessionContext.sessionIssuer.userName, eventID";
    let sql = "SELECT userIdentity.arn, userIdentity.sessionContext.sessionIssuer.userName, eventID FROM
        (SELECT userIdentity, eventID, row_number() OVER (PARTITION BY userIdentity.arn, eventName ORDER BY eventTime, eventID) AS nth
         FROM events) uses WHERE nth = 1 ORDER BY eventID";
    let direct = "WITH uses AS (SELECT userIdentity.arn AS arn, userIdentity.sessionContext.sessionIssuer.userName AS name, eventID,
        row_number() OVER (PARTITION BY userIdentity.arn, eventName ORDER BY eventTime, eventID) AS nth FROM events)
        SELECT arn, name, eventID FROM uses WHERE nth = 1 ORDER BY eventID";
    let answer = lake.cells(direct).await.unwrap();
    assert_eq!(lake.cells(&first(members)).await.unwrap(), answer);
    assert_eq!(lake.cells(sql).await.unwrap(), answer);
    let whole = lake.cells(&first("userIdentity, userIdentity.arn")).await.unwrap();
    assert_eq!(
        whole.iter().map(|row| &row[1]).collect::<Vec<_>>(),
        answer.iter().map(|row| &row[0]).collect::<Vec<_>>()
    );
    let joined = "SELECT a.userIdentity.type, b.userIdentity.arn, count(*) FROM events a JOIN events b
        ON a.eventID = b.eventID AND a.userIdentity.accountId = b.userIdentity.accountId
        WHERE EXISTS (SELECT 1 FROM events c WHERE c.userIdentity.arn = a.userIdentity.arn) GROUP BY 1, 2 ORDER BY 1, 2";
    let flat = "WITH e AS (SELECT eventID, userIdentity.type AS type, userIdentity.arn AS arn, userIdentity.accountId AS account FROM events)
        SELECT a.type, b.arn, count(*) FROM e a JOIN e b ON a.eventID = b.eventID AND a.account = b.account
        WHERE EXISTS (SELECT 1 FROM e c WHERE c.arn = a.arn) GROUP BY 1, 2 ORDER BY 1, 2";
    assert_eq!(lake.cells(joined).await.unwrap(), lake.cells(flat).await.unwrap());
    let plan = format!("{:?}", lake.cells(&format!("EXPLAIN {direct}")).await.unwrap());
    let window = plan.split("WindowAggr").nth(1).unwrap();
    assert!(!window.contains("useridentity AS"), "{plan}");
}

/// Texts that are read in batches, of more rows than a batch has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wide_values_are_read_in_batches() {
    const EVENTS: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path(), 5, EVENTS);
    let lake = TestLake::of(folder.path()).await;
    assert_eq!(lake.cell("SELECT count(*) FROM events").await, EVENTS.to_string());
    for (condition, expected) in [
        ("eventJson LIKE '%\"number-7777\"%'", 1),
        ("eventJson LIKE '%number-%'", EVENTS),
        ("eventName = 'Odd' AND eventJson LIKE '%number-%'", EVENTS / 2),
        ("eventName = 'Odd' AND eventJson LIKE '%99\"%'", EVENTS / 100),
        ("requestParameters IS NOT NULL AND element_at(requestParameters, 'number') LIKE '%99'", EVENTS / 100),
    ] {
        let sql = format!(
            "SELECT count(*), count(DISTINCT json_extract_scalar(eventJson, '$.requestParameters.number')) FROM events WHERE {condition}"
        );
        for _ in 0..2 {
            let cells = lake.cells(&sql).await.unwrap();
            assert_eq!(cells, [[expected.to_string(), expected.to_string()]], "{condition}");
        }
    }
    let matching = lake.cell("SELECT count(*) FROM (SELECT * FROM events ORDER BY eventTime) e WHERE json_extract_scalar(eventJson, '$.eventID') = eventID").await;
    assert_eq!(matching, EVENTS.to_string(), "columns of a row belong together");
}

/// Whatever way a damaged file is read in, the error names it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path(), 5, 5_000);
    let lake = TestLake::of(folder.path()).await;
    let file = data_file(Path::new(lake.engine.lake().location())).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let pages = 4..bytes.len() - (100 << 10).min(bytes.len() / 2);
    bytes[pages].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    for sql in [
        "SELECT count(*) FROM events WHERE eventJson LIKE '%number%'",
        "SELECT max(eventName) FROM events WHERE readOnly",
        "SELECT element_at(requestParameters, 'number') FROM events",
    ] {
        let error = format!("{:?}", lake.cells(sql).await.unwrap_err());
        assert!(error.contains(name), "{sql}: {error}");
    }
}

fn data_file(folder: &Path) -> Option<std::path::PathBuf> {
    let mut entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.find_map(|path| match path.is_dir() {
        true => data_file(&path),
        false => path
            .to_str()
            .is_some_and(|path| path.contains("calendarday=") && path.ends_with(".parquet"))
            .then_some(path),
    })
}

/// One delivered log file of a day of March.
fn write_log(folder: &Path, day: usize, events: usize) {
    let prefix = format!("AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/{day:02}");
    std::fs::create_dir_all(folder.join(&prefix)).unwrap();
    let name = format!("111122223333_CloudTrail_us-east-1_202603{day:02}T0000Z_abcdefghijklmnop.json.gz");
    let file = std::fs::File::create(folder.join(prefix).join(name)).unwrap();
    let mut log = GzEncoder::new(file, Compression::fast());
    let pad = "x".repeat(400);
    write!(log, "{{\"Records\":[").unwrap();
    for event in 0..events {
        let (comma, second) = (if event == 0 { "" } else { "," }, event * 86_400 / events);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let name = if event % 2 == 1 { "Odd" } else { "Even" };
        write!(
            log,
            r#"{comma}{{"eventVersion":"1.11","userIdentity":{{"type":"Root","accountId":"111122223333"}},
            "eventTime":"2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z","eventSource":"test.amazonaws.com","eventName":"{name}",
            "awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"test","requestParameters":{{"number":"number-{event}","pad":"{pad}"}},
            "responseElements":null,"requestID":"r-{day}-{event}","eventID":"00000000-0000-4000-{day:04}-{event:012}","readOnly":true,
            "eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#
        )
        .unwrap();
    }
    write!(log, "]}}").unwrap();
    log.finish().unwrap();
}
