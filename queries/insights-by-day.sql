-- title: Unusual activity by day
-- description: How many insights of each type began each day.
-- tags: insights, anomaly, trend
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date(eventTime) AS day,
       insightType,
       count(*) AS insights
FROM insights
WHERE eventTime >= $since AND eventTime < $until
  AND insightState = 'Start'
GROUP BY 1, 2
ORDER BY 1, 2
