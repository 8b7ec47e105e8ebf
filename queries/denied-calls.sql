-- title: Denied calls
-- description: Who was denied what, how often, and from where: missing rights, or someone trying doors.
-- tags: errors, access denied, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       count(*) AS denied,
       count(DISTINCT sourceIPAddress) AS addresses,
       min(eventTime) AS firstDenied,
       max(eventTime) AS lastDenied
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(errorCode, 'AccessDenied|Unauthorized')
GROUP BY 1, 2, 3
ORDER BY denied DESC
LIMIT 200
