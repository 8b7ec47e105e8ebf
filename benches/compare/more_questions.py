"""More questions: what Trailmere was not made for in particular, to see how far it goes beyond the others."""
from question import Question, same

MORE = [
    same(
        "who-meets-errors",
        "Who meets each kind of error",
        "SELECT errorcode, count(*) AS n, count(DISTINCT {arn_or_null}) AS who FROM events WHERE errorcode {present} GROUP "
        "BY errorcode ORDER BY n DESC, errorcode",
    ),
    same(
        "regions",
        "Events by region and source",
        "SELECT awsregion, eventsource, count(*) AS n FROM events GROUP BY awsregion, eventsource ORDER BY n DESC, "
        "awsregion, eventsource LIMIT 50",
    ),
    same(
        "accounts-by-day",
        "Events by day and account",
        "SELECT {day} AS day, recipientaccountid, count(*) AS n FROM events GROUP BY {day}, recipientaccountid "
        "ORDER BY day, recipientaccountid",
    ),
    same(
        "first-and-last",
        "When do events begin and end?",
        "SELECT min(eventtime) AS a, max(eventtime) AS b FROM events",
    ),
    same(
        "key-last-seen",
        "The busiest access keys and when they were last seen",
        "SELECT {key} AS k, max(eventtime) AS last_seen, count(*) AS n FROM events WHERE {key} {present} "
        "AND {key} <> '' GROUP BY {key} ORDER BY n DESC, k LIMIT 20",
    ),
    same(
        "shared-requests",
        "Requests that have several events",
        "SELECT requestid, count(*) AS n FROM events WHERE requestid {present} GROUP BY requestid HAVING count(*) "
        "> 1 ORDER BY n DESC, requestid LIMIT 20",
    ),
    same(
        "different-events",
        "How many different events are there?",
        "SELECT count(DISTINCT eventid) AS n FROM events",
    ),
    same(
        "root-use",
        "What root users did",
        "SELECT eventtime, eventname, sourceipaddress, eventid FROM events WHERE {arn} LIKE '%:root' ORDER BY "
        "eventtime, eventid LIMIT 100",
    ),
    same(
        "deletions",
        "Deletions by name",
        "SELECT eventname, count(*) AS n FROM events WHERE eventname LIKE 'Delete%' GROUP BY eventname ORDER BY n "
        "DESC, eventname",
    ),
    same(
        "error-messages",
        "The most frequent messages of errors",
        "SELECT errormessage, count(*) AS n FROM events WHERE errorcode {present} GROUP BY errormessage ORDER BY n "
        "DESC, errormessage LIMIT 20",
    ),
    same(
        "keys-per-agent",
        "User agents by how many keys use them",
        "SELECT useragent, count(DISTINCT {key_or_null}) AS k FROM events GROUP BY useragent ORDER BY k DESC, useragent "
        "LIMIT 20",
    ),
    same(
        "busy-addresses",
        "The busiest addresses, from when to when",
        "SELECT sourceipaddress, count(*) AS n, min(eventtime) AS a, max(eventtime) AS b FROM events GROUP BY "
        "sourceipaddress ORDER BY n DESC, sourceipaddress LIMIT 20",
    ),
    same(
        "names-by-role",
        "What the sessions of each role do",
        "SELECT {issuer} AS r, eventname, count(*) AS n FROM events WHERE {issuer} {present} GROUP BY {issuer}, "
        "eventname ORDER BY n DESC, r, eventname LIMIT 50",
    ),
    same(
        "writes-by-day",
        "Writing calls by day",
        "SELECT {day} AS day, count(*) AS n FROM events WHERE readonly = false GROUP BY {day} ORDER BY day",
    ),
    same(
        "hour-of-day",
        "Events by hour of the day",
        "SELECT extract(hour FROM eventtime) AS h, count(*) AS n FROM events GROUP BY extract(hour FROM eventtime) "
        "ORDER BY h",
    ),
    same(
        "denied-calls",
        "The calls that are denied most",
        "SELECT eventsource, eventname, errorcode, count(*) AS n FROM events WHERE errorcode LIKE '%Denied%' OR "
        "errorcode LIKE '%Unauthorized%' GROUP BY eventsource, eventname, errorcode ORDER BY n DESC, eventsource, "
        "eventname, errorcode LIMIT 30",
    ),
    same(
        "tls",
        "Versions of TLS",
        "SELECT {tls} AS v, count(*) AS n FROM events GROUP BY {tls} ORDER BY n DESC, v",
    ),
    same(
        "new-addresses",
        "Principals at addresses that are new since a day",
        "SELECT {arn} AS arn, sourceipaddress, min(eventtime) AS f FROM events WHERE {arn} {present} GROUP BY "
        "{arn}, sourceipaddress HAVING min(eventtime) >= '$day 00:00:00' ORDER BY f DESC, arn, sourceipaddress "
        "LIMIT 50",
    ),
    same(
        "top-of-accounts",
        "The three most frequent names of each account",
        "SELECT recipientaccountid, eventname, n, r FROM (SELECT recipientaccountid, eventname, n, row_number() "
        "OVER (PARTITION BY recipientaccountid ORDER BY n DESC, eventname) AS r FROM (SELECT recipientaccountid, "
        "eventname, count(*) AS n FROM events GROUP BY recipientaccountid, eventname) AS x) AS y WHERE r <= 3 "
        "ORDER BY recipientaccountid, r",
    ),
    same(
        "key-used-again",
        "Calls after which time has passed until the key was used again",
        "SELECT count(*) AS n FROM (SELECT eventtime, lag({time_or_null}) OVER (PARTITION BY {key} ORDER BY eventtime) "
        "AS p FROM events WHERE {key} {present} AND {key} <> '') AS x WHERE p IS NOT NULL AND eventtime > p",
    ),
    same(
        "week-average",
        "Events by day with the average of a week",
        "SELECT d, n, avg(n) OVER (ORDER BY d ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS avg7 FROM (SELECT {day} "
        "AS d, count(*) AS n FROM events GROUP BY {day}) AS x ORDER BY d",
    ),
    same(
        "addresses-of-logins",
        "Events from addresses that somebody logged in from",
        "SELECT count(*) AS n FROM events WHERE sourceipaddress IN (SELECT sourceipaddress FROM events WHERE "
        "eventname = 'ConsoleLogin')",
    ),
    same(
        "principals-of-logins",
        "What principals do that have logged in",
        "SELECT a.eventname AS x, count(*) AS n FROM events a JOIN (SELECT DISTINCT {arn} AS arn FROM events WHERE "
        "eventname = 'ConsoleLogin' AND {arn} {present}) b ON a.{arn} = b.arn GROUP BY a.eventname ORDER BY n DESC, x LIMIT 20",
    ),
    same(
        "services-side-by-side",
        "Three services side by side, by account",
        "SELECT recipientaccountid, sum(CASE WHEN eventsource = 's3.amazonaws.com' THEN 1 ELSE 0 END) AS s3, "
        "sum(CASE WHEN eventsource = 'kms.amazonaws.com' THEN 1 ELSE 0 END) AS kms, sum(CASE WHEN eventsource = "
        "'sts.amazonaws.com' THEN 1 ELSE 0 END) AS sts FROM events GROUP BY recipientaccountid ORDER BY "
        "recipientaccountid",
    ),
    same(
        "name-prefix",
        "Names by how they begin",
        "SELECT substr(eventname, 1, 3) AS p, count(*) AS n FROM events GROUP BY substr(eventname, 1, 3) ORDER BY "
        "n DESC, p LIMIT 20",
    ),
    same(
        "lower-agent",
        "User agents with a word, in any case",
        "SELECT count(*) AS n FROM events WHERE lower(useragent) LIKE '%boto%'",
    ),
    same(
        "page-of-day",
        "A page of a day's events, the newest first",
        "SELECT eventtime, eventname, {arn} AS arn, sourceipaddress, errorcode, eventid FROM events WHERE "
        "eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00' ORDER BY eventtime DESC, eventid LIMIT "
        "500",
    ),
    same(
        "iam-changes",
        "The newest changes in IAM",
        "SELECT eventtime, eventname, {arn} AS arn, eventid FROM events WHERE eventsource = 'iam.amazonaws.com' "
        "AND readonly = false ORDER BY eventtime DESC, eventid LIMIT 200",
    ),
    Question(
        "open-groups",
        "Security groups that were opened to all",
        trailmere="SELECT eventtime, element_at(requestparameters, 'groupId') AS g, eventid FROM events WHERE eventname = "
        "'AuthorizeSecurityGroupIngress' AND element_at(requestparameters, 'ipPermissions') LIKE '%0.0.0.0/0%' "
        "ORDER BY eventtime, eventid",
        duckdb="SELECT eventtime, requestparameters['groupId'] AS g, eventid FROM events WHERE eventname = "
        "'AuthorizeSecurityGroupIngress' AND requestparameters['ipPermissions'] LIKE '%0.0.0.0/0%' ORDER BY "
        "eventtime, eventid",
        clickhouse="SELECT eventtime, requestparameters['groupId'] AS g, eventid FROM events WHERE eventname = "
        "'AuthorizeSecurityGroupIngress' AND requestparameters['ipPermissions'] LIKE '%0.0.0.0/0%' ORDER BY "
        "eventtime, eventid",
    ),
    Question(
        "parameters",
        "Which parameters requests have",
        trailmere="SELECT k, count(*) AS n FROM events CROSS JOIN UNNEST(map_keys(requestparameters)) AS t(k) GROUP BY k "
        "ORDER BY n DESC, k LIMIT 20",
        duckdb="SELECT k, count(*) AS n FROM (SELECT unnest(map_keys(requestparameters)) AS k FROM events) GROUP BY k "
        "ORDER BY n DESC, k LIMIT 20",
        clickhouse="SELECT k, count(*) AS n FROM events ARRAY JOIN mapKeys(requestparameters) AS k GROUP BY k ORDER BY n "
        "DESC, k LIMIT 20",
    ),
    Question(
        "resource-counts",
        "How many resources events have",
        trailmere="SELECT coalesce(cardinality(resources), 0) AS c, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC, c",
        duckdb="SELECT coalesce(len(resources), 0) AS c, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC, c",
        clickhouse="SELECT length(resources) AS c, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC, c",
    ),
    Question(
        "resource-types",
        "Kinds of resources",
        trailmere="SELECT r.type AS t, count(*) AS n FROM events CROSS JOIN UNNEST(resources) AS r(accountid, type, arn, "
        "arnprefix) GROUP BY 1 ORDER BY n DESC, t",
        duckdb="SELECT r.type AS t, count(*) AS n FROM (SELECT unnest(resources) AS r FROM events) GROUP BY 1 ORDER BY n "
        "DESC, t",
        clickhouse="SELECT r.type AS t, count(*) AS n FROM events ARRAY JOIN resources AS r GROUP BY 1 ORDER BY n DESC, t",
    ),
    Question(
        "instance-types",
        "Types of instances by account",
        trailmere="SELECT element_at(requestparameters, 'instanceType') AS t, recipientaccountid, count(*) AS n FROM events "
        "WHERE eventname = 'RunInstances' GROUP BY 1, 2 ORDER BY n DESC, t, recipientaccountid LIMIT 20",
        duckdb="SELECT requestparameters['instanceType'] AS t, recipientaccountid, count(*) AS n FROM events WHERE "
        "eventname = 'RunInstances' GROUP BY 1, 2 ORDER BY n DESC, t, recipientaccountid LIMIT 20",
        clickhouse="SELECT requestparameters['instanceType'] AS t, recipientaccountid, count(*) AS n FROM events WHERE "
        "eventname = 'RunInstances' GROUP BY 1, 2 ORDER BY n DESC, t, recipientaccountid LIMIT 20",
    ),
    Question(
        "busy-buckets",
        "Buckets by requests and by who uses them",
        trailmere="SELECT element_at(requestparameters, 'bucketName') AS b, count(*) AS n, count(DISTINCT userIdentity.arn) "
        "AS who FROM events WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY n DESC, b LIMIT 20",
        duckdb="SELECT requestparameters['bucketName'] AS b, count(*) AS n, count(DISTINCT user_arn) AS who FROM events "
        "WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY n DESC, b LIMIT 20",
        clickhouse="SELECT requestparameters['bucketName'] AS b, count(*) AS n, count(DISTINCT user_arn) AS who FROM events "
        "WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY n DESC, b LIMIT 20",
    ),
    Question(
        "agent-lengths",
        "The median length of user agents, by source",
        trailmere="SELECT eventsource, approx_percentile(length(useragent), 0.5) AS m FROM events GROUP BY eventsource ORDER "
        "BY eventsource",
        duckdb="SELECT eventsource, approx_quantile(length(useragent), 0.5) AS m FROM events GROUP BY eventsource ORDER "
        "BY eventsource",
        clickhouse="SELECT eventsource, quantile(0.5)(length(useragent)) AS m FROM events GROUP BY eventsource ORDER BY "
        "eventsource",
        tolerance=0.25,
    ),
    Question(
        "bytes-sent",
        "Bytes that S3 sent, by name",
        trailmere="SELECT eventname, sum(CAST(element_at(additionaleventdata, 'bytesTransferredOut') AS DOUBLE)) AS b FROM "
        "events WHERE eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY b DESC NULLS LAST, eventname LIMIT 20",
        duckdb="SELECT eventname, sum(CAST(additionaleventdata['bytesTransferredOut'] AS DOUBLE)) AS b FROM events WHERE "
        "eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY b DESC NULLS LAST, eventname LIMIT 20",
        clickhouse="SELECT eventname, sum(CAST(additionaleventdata['bytesTransferredOut'] AS DOUBLE)) AS b FROM events WHERE "
        "eventsource = 's3.amazonaws.com' GROUP BY 1 ORDER BY b DESC NULLS LAST, eventname LIMIT 20",
    ),
]
