-- title: Detection: the root user at work
-- description: A call made with root credentials, sign-ins included. Nothing should need them.
-- tags: detection, root, identity, privilege
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       eventSource,
       eventName,
       sourceIPAddress,
       userAgent,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND userIdentity.type = 'Root'
  AND userIdentity.invokedBy IS NULL
  AND coalesce(eventType, '') <> 'AwsServiceEvent'
ORDER BY eventTime
LIMIT 1000
