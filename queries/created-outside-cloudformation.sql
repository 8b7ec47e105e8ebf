-- title: Resources created outside CloudFormation
-- description: The most recent resources that nobody will find in a stack.
-- tags: change, creation, infrastructure as code
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       awsRegion,
       userAgent,
       element_at(resources, 1).arn AS resource
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND errorCode IS NULL
  AND eventName LIKE 'Create%'
  AND coalesce(userIdentity.invokedBy, '') <> 'cloudformation.amazonaws.com'
  AND coalesce(sourceIPAddress, '') <> 'cloudformation.amazonaws.com'
ORDER BY eventTime DESC
LIMIT 500
