-- title: What the root user did
-- description: Every call made with root credentials. There should be next to none.
-- tags: root, identity, privilege
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       eventSource,
       eventName,
       awsRegion,
       sourceIPAddress,
       userAgent,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.type = 'Root'
  AND userIdentity.invokedBy IS NULL
  AND coalesce(eventType, '') <> 'AwsServiceEvent'
ORDER BY eventTime DESC
LIMIT 1000
