-- title: Unusual activity
-- description: What CloudTrail Insights found: action, kind, how far above the usual, and the principal most
--   responsible.
-- tags: insights, anomaly
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       awsRegion,
       insightState,
       insightType,
       insightEventSource,
       insightEventName,
       insightErrorCode,
       insightContext.baselineAverage AS usualPerMinute,
       insightContext.insightAverage AS unusualPerMinute,
       insightContext.insightDuration AS minutes,
       element_at(element_at(filter(insightContext.attributions, a -> a.attribute = 'userIdentityArn'), 1).insight,
                  1).value AS topPrincipal
FROM insights
WHERE eventTime >= $since AND eventTime < $until
ORDER BY eventTime DESC
LIMIT 500
