-- title: Principals looking around
-- description: Principals that listed and described many different things within an hour: an inventory tool, or
--   somebody new to the account.
-- tags: recon, threat, anomaly
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: actions bigint = 20 -- at least so many different actions in an hour

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       count(DISTINCT eventSource) AS services,
       count(DISTINCT eventName) AS actions,
       count(*) AS events,
       count_if(regexp_like(errorCode, 'AccessDenied|Unauthorized')) AS denied
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(eventName, '^(List|Describe|Get)')
  AND userIdentity.invokedBy IS NULL
GROUP BY 1, 2
HAVING count(DISTINCT eventName) >= $actions
ORDER BY actions DESC
LIMIT 200
