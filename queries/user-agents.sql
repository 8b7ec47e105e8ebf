-- title: User agents
-- description: The programs that calls are made with, cut to their first word, and how many principals use each.
-- tags: user agent, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT split_part(userAgent, ' ', 1) AS program,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userAgent IS NOT NULL
GROUP BY 1
ORDER BY events DESC
LIMIT 100
