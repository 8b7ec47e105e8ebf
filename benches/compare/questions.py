"""What is asked: at least the 27 kinds of question that a CloudTrail analyst asks.

`$name` is a needle, chosen from the data by the seed. Ties are broken in the statement, so that there is one answer.
"""
from more_questions import MORE
from needle_questions import NEEDLES
from nested_questions import NESTED
from question import Question, same

OVERVIEW = [
    same("count", "How many events are there?", "SELECT count(*) AS n FROM events"),
    same(
        "top-names",
        "The most frequent source and name",
        "SELECT eventsource, eventname, count(*) AS n FROM events GROUP BY eventsource, eventname"
        " ORDER BY n DESC, eventsource, eventname LIMIT 20",
    ),
    same(
        "day-principals",
        "One day's busiest principals",
        "SELECT {arn} AS arn, count(*) AS n FROM events WHERE eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00'"
        " AND {arn} {present} GROUP BY {arn} ORDER BY n DESC, arn LIMIT 20",
    ),
    same(
        "denied-user-day",
        "Denied calls per user and day",
        "SELECT {day} AS day, {arn} AS arn, count(*) AS n FROM events"
        " WHERE errorcode IN ('AccessDenied', 'AccessDeniedException', 'Client.UnauthorizedOperation') AND {arn} {present}"
        " GROUP BY {day}, {arn} ORDER BY n DESC, day, arn LIMIT 50",
    ),
    same(
        "ips-per-principal",
        "Principals with the most distinct addresses",
        "SELECT {arn} AS arn, count(DISTINCT sourceipaddress) AS addresses FROM events WHERE {arn} {present}"
        " GROUP BY {arn} ORDER BY addresses DESC, arn LIMIT 20",
    ),
    same(
        "first-use",
        "The first use of each writing API by each principal, the latest of them",
        "SELECT arn, eventsource, eventname, eventtime, eventid FROM (SELECT {arn} AS arn, eventsource, eventname, eventtime, eventid,"
        " row_number() OVER (PARTITION BY {arn}, eventsource, eventname ORDER BY eventtime, eventid) AS nth"
        " FROM events WHERE readonly = false AND {arn} {present}) AS uses WHERE nth = 1 ORDER BY eventtime DESC, eventid LIMIT 100",
    ),
    same(
        "hourly",
        "Events by hour",
        "SELECT {hour} AS hour, count(*) AS n FROM events GROUP BY {hour} ORDER BY hour",
    ),
    same(
        "agent-like",
        "User agents that contain a word",
        "SELECT useragent, count(*) AS n FROM events WHERE useragent LIKE '%Terraform%' GROUP BY useragent ORDER BY n DESC, useragent",
    ),
    same(
        "cross-account",
        "Callers from other accounts",
        "SELECT {account} AS caller, recipientaccountid, count(*) AS n, min(eventtime) AS first_seen FROM events"
        " WHERE {account} {present} AND {account} <> recipientaccountid GROUP BY {account}, recipientaccountid"
        " ORDER BY n DESC, caller, recipientaccountid LIMIT 50",
    ),
    Question(
        "arn-regexp",
        "What sessions do whose ARN matches a pattern",
        trailmere="SELECT eventname, count(*) AS n FROM events"
        " WHERE regexp_like(userIdentity.arn, 'assumed-role/(ci|data)-[a-z]+/.*-[0-9]*7$')"
        " GROUP BY eventname ORDER BY n DESC, eventname LIMIT 20",
        duckdb="SELECT eventname, count(*) AS n FROM events"
        " WHERE regexp_matches(user_arn, 'assumed-role/(ci|data)-[a-z]+/.*-[0-9]*7$')"
        " GROUP BY eventname ORDER BY n DESC, eventname LIMIT 20",
        clickhouse="SELECT eventname, count(*) AS n FROM events"
        " WHERE match(user_arn, 'assumed-role/(ci|data)-[a-z]+/.*-[0-9]*7$')"
        " GROUP BY eventname ORDER BY n DESC, eventname LIMIT 20",
    ),
    Question(
        "approx-distinct",
        "About how many addresses per account",
        trailmere="SELECT recipientaccountid, approx_distinct(sourceipaddress) AS addresses FROM events"
        " GROUP BY recipientaccountid ORDER BY recipientaccountid",
        duckdb="SELECT recipientaccountid, approx_count_distinct(sourceipaddress) AS addresses FROM events"
        " GROUP BY recipientaccountid ORDER BY recipientaccountid",
        clickhouse="SELECT recipientaccountid, uniq(sourceipaddress) AS addresses FROM events"
        " GROUP BY recipientaccountid ORDER BY recipientaccountid",
        # Each side's own error is two to five per cent, at the worst of twenty accounts three times that.
        tolerance=0.25,
    ),
    same(
        "error-ratio",
        "The share of errors per service",
        "SELECT eventsource, count(*) AS n, sum(CASE WHEN errorcode {present} THEN 1 ELSE 0 END) AS errors,"
        " CAST(sum(CASE WHEN errorcode {present} THEN 1 ELSE 0 END) AS DOUBLE) / count(*) AS ratio"
        " FROM events GROUP BY eventsource ORDER BY ratio DESC, eventsource",
    ),
    same(
        "two-days",
        "Two days side by side",
        "SELECT day, eventname, count(*) AS n FROM (SELECT 'first' AS day, eventname FROM events"
        " WHERE eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00' UNION ALL SELECT 'second' AS day, eventname FROM events"
        " WHERE eventtime >= '$other_day 00:00:00' AND eventtime < '$after_other_day 00:00:00') AS both_days"
        " GROUP BY day, eventname ORDER BY n DESC, day, eventname LIMIT 50",
    ),
]

# By the names of `--set`. Results are told for the first.
SETS = {"analyst": OVERVIEW + NEEDLES + NESTED, "more": MORE}
