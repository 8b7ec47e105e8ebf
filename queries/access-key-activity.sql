-- title: What an access key did
-- description: Everything done with an access key: for a key that leaked.
-- tags: access key, credentials, investigation
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: key varchar = 'AKIA%' -- an access key id, or a pattern with %

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       awsRegion,
       sourceIPAddress,
       userAgent,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.accessKeyId LIKE $key
ORDER BY eventTime DESC
LIMIT 1000
