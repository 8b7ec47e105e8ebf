-- title: What a user did
-- description: Everything that a principal did, newest first: the first question of an investigation.
-- tags: users, investigation
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: user varchar = '' -- a user or role name, or a part of an ARN; empty for everybody

SELECT eventTime,
       eventSource,
       eventName,
       awsRegion,
       sourceIPAddress,
       userAgent,
       errorCode,
       element_at(resources, 1).arn AS resource,
       userIdentity.accessKeyId AS accessKeyId,
       eventID
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND (userIdentity.arn LIKE '%' || $user || '%'
    OR userIdentity.userName = $user
    OR userIdentity.principalId LIKE '%' || $user || '%')
ORDER BY eventTime DESC
LIMIT 1000
