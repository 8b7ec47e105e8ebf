-- title: Who creates resources
-- description: Creating actions by principal, and whether CloudFormation did it for them.
-- tags: change, creation, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       IF('cloudformation.amazonaws.com' IN (userIdentity.invokedBy, sourceIPAddress), 'cloudformation', 'direct') AS way,
       count(*) AS events,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND errorCode IS NULL
  AND regexp_like(eventName, '^(Create|Run|Launch|Allocate|Register)')
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 200
