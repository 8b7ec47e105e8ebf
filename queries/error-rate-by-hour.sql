-- title: Error rate by hour
-- description: How many calls were made and how many failed, hour by hour.
-- tags: errors, trend
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       100.0 * count_if(errorCode IS NOT NULL) / count(*) AS errorPercent
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1
ORDER BY 1
