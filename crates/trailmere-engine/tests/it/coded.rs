//! What is done with positions in dictionaries comes to what is done with texts.

use crate::lake::{TestLake, logs};

/// The same value, of which nothing is known before it is computed for each row.
fn hidden(value: &str) -> String {
    format!("if(length(eventID) > 0, {value}, eventID)")
}

async fn plan(lake: &TestLake, sql: &str) -> String {
    format!("{:?}", lake.cells(&format!("EXPLAIN {sql}")).await.unwrap())
}

/// Asks each statement with a value as it is and with a hidden one; only the first plan has `mark`.
async fn same_with_hidden(lake: &TestLake, value: &str, statements: &[&str], mark: &str) {
    for sql in statements {
        let (known, unknown) = (sql.replace('@', value), sql.replace('@', &hidden(value)));
        let answer = lake.cells(&known).await.unwrap_or_else(|e| panic!("{known}\n{e}"));
        assert!(!answer.is_empty(), "{known}");
        for time in 1..=3 {
            assert_eq!(lake.cells(&known).await.unwrap(), answer, "{known}, time {time}");
        }
        assert_eq!(lake.cells(&unknown).await.unwrap(), answer, "{known}");
        let (with, without) = (plan(lake, &known).await, plan(lake, &unknown).await);
        assert!(with.contains(mark), "{with}");
        assert!(mark == "by=numbers" || !without.contains(mark), "{without}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_computed_of_texts_is_the_same_for_each_row() {
    let lake = TestLake::of(&logs()).await;
    let statements = [
        "SELECT substr(@, 1, 3), count(*) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT length(@), upper(coalesce(@, 'none')), count(*), max(eventTime) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT @ IS NULL, nullif(@, 'Decrypt'), date_trunc('minute', eventTime), count(*) FROM events GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        "SELECT hour(eventTime), @ LIKE '%e%', count(*) FROM events WHERE eventID > '4' GROUP BY 1, 2 ORDER BY 1, 2",
    ];
    for value in ["eventName", "errorCode", "element_at(requestParameters, 'bucketName')", "userIdentity.arn"] {
        same_with_hidden(&lake, value, &statements, "by=numbers").await;
    }
    // A number for each row, though rows have the same text.
    let random = "SELECT count(*), count(DISTINCT name) FROM (SELECT eventSource || cast(random() AS varchar) AS name FROM events)";
    let counts = lake.cells(random).await.unwrap();
    assert_eq!(counts[0][0], counts[0][1]);
    // What fails for a text that no row has does not fail.
    let answer = lake.cells("SELECT 1 / (length(eventName) - 7) FROM events WHERE eventName = 'GetItem'").await;
    assert!(answer.is_err() || answer.is_ok_and(|rows| rows.is_empty()));
    let answer =
        "SELECT 1 / (length(eventName) - 7), count(*) FROM events WHERE length(eventName) <> 7 GROUP BY 1 ORDER BY 1";
    assert!(!lake.cells(answer).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_those_of_the_times() {
    let lake = TestLake::of(&logs()).await;
    // What is read back from seconds may be any time.
    let hidden = "from_unixtime(to_unixtime(eventTime))";
    for of_time in ["date(@)", "date_trunc('day', @)", "date_trunc('month', @)", "year(@)", "CAST(@ AS date)"] {
        for condition in ["true", "readOnly", "eventName = 'Decrypt'", "eventTime > TIMESTAMP '2026-03-02 10:00:00'"] {
            let asked = |time: &str| {
                let key = of_time.replace('@', time);
                format!(
                    "SELECT CAST({key} AS varchar), count(*) FROM (SELECT {key} AS key FROM events WHERE {condition}) GROUP BY key ORDER BY 1"
                )
                .replace(&format!("CAST({key} AS varchar)"), "substr(CAST(key AS varchar), 1, 10)")
            };
            let (known, unknown) = (asked("eventTime"), asked(hidden));
            assert_eq!(lake.cells(&known).await.unwrap(), lake.cells(&unknown).await.unwrap(), "{known}");
        }
    }
}

/// A statement with a text as `#`, and with its bytes, which are joined as DataFusion does; `@` is the text in both.
fn with_keys(sql: &str, text: &str) -> (String, String) {
    let sql = sql.replace('@', text);
    (sql.replace('#', text), sql.replace('#', &format!("to_utf8({text})")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn semi_joins_keep_the_rows_whose_texts_are_there() {
    let lake = TestLake::of(&logs()).await;
    let statements = [
        "SELECT count(*), min(eventID) FROM events WHERE # IN (SELECT # FROM events WHERE readOnly = false)",
        "SELECT @, count(*) FROM events WHERE # IN (SELECT # FROM events WHERE readOnly) GROUP BY 1 ORDER BY 1",
        "SELECT eventID FROM events WHERE # IN (SELECT # FROM events WHERE eventName = 'ConsoleLogin') OR readOnly IS NULL ORDER BY 1",
        "SELECT count(*) FROM events WHERE # IN (SELECT # FROM events WHERE eventName = 'no such name')",
        "SELECT a.eventName, count(*) FROM (SELECT eventName, # AS k FROM events) a JOIN
            (SELECT DISTINCT # AS k FROM events WHERE errorCode IS NOT NULL) b ON a.k = b.k GROUP BY 1 ORDER BY 1",
        "SELECT rank() OVER (PARTITION BY k ORDER BY id), id FROM (SELECT # AS k, eventID AS id FROM events) WHERE k IN
            (SELECT # FROM events WHERE eventName LIKE 'Get%') ORDER BY 2 LIMIT 50",
    ];
    for value in ["sourceIPAddress", "userIdentity.arn", "errorCode"] {
        for sql in statements {
            let (known, unknown) = with_keys(sql, value);
            let answer = lake.cells(&unknown).await.unwrap_or_else(|e| panic!("{unknown}\n{e}"));
            assert_eq!(lake.cells(&known).await.unwrap(), answer, "{known}");
            assert!(!plan(&lake, &unknown).await.contains("KeepAmong"));
        }
        let anti = "SELECT count(*), min(a.id) FROM (SELECT eventID AS id, # AS k FROM events) a
            WHERE NOT EXISTS (SELECT 1 FROM (SELECT # AS k FROM events WHERE readOnly = false) b WHERE b.k = a.k)";
        let (known, unknown) = with_keys(anti, value);
        assert_eq!(lake.cells(&known).await.unwrap(), lake.cells(&unknown).await.unwrap(), "{known}");
        let joined = plan(&lake, &with_keys(statements[0], value).0).await;
        assert!(joined.contains("KeepAmong"), "{joined}");
    }
    // Windows count on all rows of a key in one partition.
    let windows = plan(&lake, &with_keys(statements[5], "sourceIPAddress").0).await;
    assert!(windows.contains("WindowAgg"), "{windows}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unnested_texts_are_those_of_the_elements() {
    let lake = TestLake::of(&logs()).await;
    let pairs = [
        (
            "SELECT r.type, r.arn, count(*) FROM events CROSS JOIN UNNEST(resources) AS r(accountid, type, arn, prefix)
                WHERE r.arn IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT t, a, count(*) FROM events CROSS JOIN
                UNNEST(transform(resources, r -> r.type), transform(resources, r -> r.arn)) AS r(t, a)
                WHERE a IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT eventName, r.accountid, count(*), min(eventID) FROM events CROSS JOIN UNNEST(resources) AS r(accountid, type, arn, prefix)
                WHERE eventSource = 's3.amazonaws.com' GROUP BY 1, 2 ORDER BY 1, 2",
            "SELECT eventName, a, count(*), min(eventID) FROM events CROSS JOIN UNNEST(transform(resources, r -> r.accountid)) AS r(a)
                WHERE eventSource = 's3.amazonaws.com' GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        (
            "SELECT k, count(*), count(DISTINCT eventName) FROM events CROSS JOIN UNNEST(map_keys(requestParameters)) AS t(k) GROUP BY 1 ORDER BY 1",
            "SELECT k, count(*), count(DISTINCT eventName) FROM events CROSS JOIN UNNEST(transform(map_keys(requestParameters), k -> k)) AS t(k) GROUP BY 1 ORDER BY 1",
        ),
        (
            "SELECT k, count(*) FROM events CROSS JOIN UNNEST(map_keys(requestParameters)) AS t(k) WHERE eventName = 'AssumeRole' GROUP BY 1 ORDER BY 1",
            "SELECT k, count(*) FROM events CROSS JOIN UNNEST(transform(map_keys(requestParameters), k -> k)) AS t(k) WHERE eventName = 'AssumeRole' GROUP BY 1 ORDER BY 1",
        ),
    ];
    for (known, unknown) in pairs {
        let answer = lake.cells(unknown).await.unwrap_or_else(|e| panic!("{unknown}\n{e}"));
        assert!(answer.len() > 1, "{answer:?}");
        for time in 1..=3 {
            assert_eq!(lake.cells(known).await.unwrap(), answer, "{known}, time {time}");
        }
        let plan = plan(&lake, known).await;
        assert!(plan.contains("coded") && plan.contains("by=numbers") && plan.contains("[]"), "{plan}");
    }
    // Lists that are computed of one text.
    for (list, parts) in [
        ("split(eventSource, '.')", "'s3'"),
        ("ARRAY[errorCode, awsRegion]", "'us-east-1'"),
        ("ARRAY[errorCode]", "'AccessDenied'"),
    ] {
        let unnested = |list: &str| {
            format!("SELECT p, count(*) FROM events CROSS JOIN UNNEST({list}) AS t(p) GROUP BY 1 ORDER BY 1")
        };
        let answer = lake.cells(&unnested(list)).await.unwrap_or_else(|e| panic!("{list}\n{e}"));
        assert_eq!(
            answer,
            lake.cells(&unnested(&format!("if(length(eventID) > 0, {list}, ARRAY[eventID])"))).await.unwrap(),
            "{list}"
        );
        assert!(answer.iter().any(|row| format!("'{}'", row[0]) == parts), "{answer:?}");
    }
    let numbered = "SELECT n, count(*) FROM events CROSS JOIN UNNEST(split(eventSource, '.')) WITH ORDINALITY AS t(p, n) GROUP BY 1 ORDER BY 1";
    assert_eq!(lake.cells(numbered).await.unwrap().len(), 3);
    // Rows without elements stay.
    let left = "SELECT r.type, count(*) FROM events LEFT JOIN UNNEST(resources) AS r(accountid, type, arn, prefix) ON true GROUP BY 1 ORDER BY 1";
    let of_lists = "SELECT t, count(*) FROM events LEFT JOIN UNNEST(transform(resources, r -> r.type)) AS r(t) ON true GROUP BY 1 ORDER BY 1";
    assert_eq!(lake.cells(left).await.unwrap(), lake.cells(of_lists).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_and_the_oldest_are_found_in_few_files() {
    let lake = TestLake::of(&logs()).await;
    for order in ["DESC", "ASC"] {
        for condition in ["true", "readOnly = false", "eventSource = 's3.amazonaws.com' AND errorCode IS NULL"] {
            let asked = |time: &str| {
                format!(
                    "SELECT eventTime, eventName, eventID FROM events WHERE {condition} ORDER BY {time} {order}, eventID LIMIT 9"
                )
            };
            // No scan is in the order of what is computed from times.
            let answer = lake.cells(&asked("to_unixtime(eventTime)")).await.unwrap();
            assert_eq!(lake.cells(&asked("eventTime")).await.unwrap(), answer, "{condition} {order}");
        }
    }
    let analyzed = "EXPLAIN ANALYZE SELECT eventTime, eventID FROM events ORDER BY eventTime DESC, eventID LIMIT 3";
    let plan = format!("{:?}", lake.cells(analyzed).await.unwrap());
    let left_out = plan.split("files_left_out_by_dynamic_filters=").nth(1).unwrap_or_else(|| panic!("{plan}"));
    assert!(!left_out.starts_with('0'), "{plan}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_on_two_texts_hold_for_the_same_rows() {
    let lake = TestLake::of(&logs()).await;
    for condition in [
        "@ = userIdentity.type",
        "@ <> eventCategory",
        "@ IS NULL OR userIdentity.type = 'Root'",
        "coalesce(@, 'none') < coalesce(userIdentity.type, 'none')",
        "@ IS NOT NULL AND (@ LIKE 'A%' OR awsRegion LIKE 'us-%')",
        "@ IS DISTINCT FROM awsRegion",
    ] {
        for value in ["errorCode", "userIdentity.accountId", "recipientAccountId"] {
            let asked = |value: &str| {
                let condition = condition.replace('@', value);
                format!("SELECT count(*), min(eventID), max(eventID) FROM events WHERE {condition}")
            };
            let known = asked(value);
            assert_eq!(lake.cells(&known).await.unwrap(), lake.cells(&asked(&hidden(value))).await.unwrap(), "{known}");
        }
    }
}
