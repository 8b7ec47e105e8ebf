-- title: Chains of roles
-- description: Roles assumed with the credentials of another assumed role: how someone moves from role to role and
--   account to account.
-- tags: role, sts, lateral movement
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

WITH assumed AS (
  SELECT eventTime,
         coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS caller,
         element_at(requestParameters, 'roleArn') AS role,
         userIdentity.accessKeyId AS usedKey,
         json_extract_scalar(element_at(responseElements, 'credentials'), '$.accessKeyId') AS issuedKey,
         sourceIPAddress
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
    AND eventSource = 'sts.amazonaws.com'
    AND eventName LIKE 'AssumeRole%'
    AND errorCode IS NULL
)
SELECT origin.caller AS caller,
       origin.role AS firstRole,
       onward.role AS nextRole,
       count(*) AS times,
       min(onward.eventTime) AS firstSeen,
       max(onward.eventTime) AS lastSeen,
       max(onward.sourceIPAddress) AS someAddress
FROM assumed AS origin
INNER JOIN assumed AS onward ON onward.usedKey = origin.issuedKey
GROUP BY 1, 2, 3
ORDER BY times DESC
LIMIT 200
