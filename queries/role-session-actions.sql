-- title: What an assumed role did
-- description: What was done with the credentials that assuming a role handed out, and who had asked for them.
-- tags: role, sts, investigation
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: role varchar = '' -- a part of the ARN of a role; empty for all

WITH assumed AS (
  SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS caller,
         element_at(requestParameters, 'roleArn') AS role,
         json_extract_scalar(element_at(responseElements, 'credentials'), '$.accessKeyId') AS issuedKey
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
    AND eventSource = 'sts.amazonaws.com'
    AND eventName LIKE 'AssumeRole%'
    AND errorCode IS NULL
    AND coalesce(element_at(requestParameters, 'roleArn'), '') LIKE '%' || $role || '%'
)
SELECT assumed.caller,
       assumed.role,
       used.eventSource,
       used.eventName,
       count(*) AS events,
       count_if(used.errorCode IS NOT NULL) AS errors,
       max(used.eventTime) AS lastSeen
FROM events AS used
INNER JOIN assumed ON used.userIdentity.accessKeyId = assumed.issuedKey
WHERE used.eventTime >= $since AND used.eventTime < $until
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 500
