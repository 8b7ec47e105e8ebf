-- title: Deleted resources
-- description: What was deleted, terminated or purged, and by whom.
-- tags: change, deletion, destructive
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       awsRegion,
       coalesce(element_at(resources, 1).arn, json_format(CAST(requestParameters AS json))) AS target,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(eventName, '^(Delete|Terminate|Remove|Destroy|Purge)')
ORDER BY eventTime DESC
LIMIT 1000
