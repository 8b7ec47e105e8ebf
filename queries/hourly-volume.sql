-- title: Events by hour
-- description: How many events there were in each hour, reading and writing.
-- tags: volume, trend, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       count(*) AS events,
       count_if(readOnly) AS reads,
       count_if(NOT readOnly) AS writes
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1
ORDER BY 1
