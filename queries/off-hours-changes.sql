-- title: Changes outside working hours
-- description: Changes made by people at night or at weekends. Hours are UTC.
-- tags: anomaly, change, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: opens bigint = 6 -- the first working hour
-- param: closes bigint = 20 -- the first hour after work

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       awsRegion,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND readOnly = false
  AND userIdentity.invokedBy IS NULL
  AND (day_of_week(eventTime) > 5 OR hour(eventTime) < $opens OR hour(eventTime) >= $closes)
  AND (userIdentity.type IN ('Root', 'IAMUser', 'IdentityCenterUser') OR sessionCredentialFromConsole = 'true')
ORDER BY eventTime DESC
LIMIT 500
