-- title: Most frequent actions
-- description: Actions by number of calls, with how many principals make them and how many calls fail.
-- tags: overview, actions
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventSource,
       eventName,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals,
       count_if(errorCode IS NOT NULL) AS errors
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY eventSource, eventName
ORDER BY events DESC
LIMIT 100
