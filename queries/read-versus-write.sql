-- title: Reading and writing over time
-- description: How many calls read and how many changed something, hour by hour.
-- tags: trend, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       CASE WHEN readOnly THEN 'read' WHEN NOT readOnly THEN 'write' ELSE 'unknown' END AS kind,
       count(*) AS events
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1, 2
ORDER BY 1, 2
