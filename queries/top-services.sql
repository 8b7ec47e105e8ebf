-- title: Most used services
-- description: Services by number of calls, reading and writing.
-- tags: service, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT replace(eventSource, '.amazonaws.com') AS service,
       count(*) AS events,
       count_if(readOnly) AS reads,
       count_if(NOT readOnly) AS writes,
       count_if(errorCode IS NOT NULL) AS errors
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY eventSource
ORDER BY events DESC
LIMIT 100
