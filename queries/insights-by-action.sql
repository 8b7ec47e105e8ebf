-- title: Unusual activity by action
-- description: Which actions Insights remarked on most, and how much above the usual they went.
-- tags: insights, anomaly, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT insightEventSource,
       insightEventName,
       insightType,
       insightErrorCode,
       count(*) AS insights,
       max(insightContext.insightAverage) AS highestPerMinute,
       max(insightContext.insightAverage / nullif(insightContext.baselineAverage, 0.0)) AS highestRatio,
       max(eventTime) AS lastSeen
FROM insights
WHERE eventTime >= $since AND eventTime < $until
  AND insightState = 'Start'
GROUP BY 1, 2, 3, 4
ORDER BY insights DESC
LIMIT 200
