-- title: Principals with the most errors
-- description: Whose calls fail most, and the share of calls that fail.
-- tags: errors, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       100.0 * count_if(errorCode IS NOT NULL) / count(*) AS errorPercent
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1
HAVING count_if(errorCode IS NOT NULL) > 0
ORDER BY errors DESC
LIMIT 100
