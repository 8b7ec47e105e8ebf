-- title: Throttled calls
-- description: Actions that AWS slowed down, and for whom.
-- tags: errors, throttling, operations
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventSource,
       eventName,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       errorCode,
       count(*) AS throttled,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(errorCode, 'Throttl|RequestLimitExceeded|TooManyRequests|SlowDown')
GROUP BY 1, 2, 3, 4
ORDER BY throttled DESC
LIMIT 200
