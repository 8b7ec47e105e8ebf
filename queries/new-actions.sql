-- title: Actions seen for the first time
-- description: Actions that a principal used for the first time within a number of days before the newest event.
-- tags: anomaly, actions, hunting
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: days bigint = 7 -- days before the newest event

WITH newest AS (
  SELECT max(eventTime) AS lastTime
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
), firsts AS (
  SELECT userIdentity.arn AS principal,
         eventSource,
         eventName,
         min(eventTime) AS firstSeen,
         count(*) AS events
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
    AND userIdentity.arn IS NOT NULL
  GROUP BY 1, 2, 3
)
SELECT firsts.principal,
       firsts.eventSource,
       firsts.eventName,
       firsts.firstSeen,
       firsts.events
FROM firsts
CROSS JOIN newest
WHERE firsts.firstSeen >= date_add('day', -$days, newest.lastTime)
ORDER BY firsts.firstSeen DESC
LIMIT 500
