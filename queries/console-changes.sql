-- title: Changes made in the console
-- description: What people changed by hand, and not by code.
-- tags: console, change, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       awsRegion,
       element_at(resources, 1).arn AS resource,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND readOnly = false
  AND sessionCredentialFromConsole = 'true'
ORDER BY eventTime DESC
LIMIT 1000
