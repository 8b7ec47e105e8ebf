-- title: History of a resource
-- description: Every event that mentions a resource, by any part of its name, id or ARN.
-- tags: investigation, resource
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: resource varchar = '' -- a name, an id or an ARN, or a part of one; empty for everything

SELECT eventTime,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       awsRegion,
       sourceIPAddress,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventJson LIKE '%' || $resource || '%'
ORDER BY eventTime DESC
LIMIT 500
