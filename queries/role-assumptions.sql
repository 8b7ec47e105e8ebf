-- title: Roles assumed, and by whom
-- description: Which principals assumed which roles, how often, and how often they were refused.
-- tags: role, sts, identity
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT element_at(requestParameters, 'roleArn') AS role,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS caller,
       eventName,
       count(*) AS assumptions,
       count_if(errorCode IS NOT NULL) AS refused,
       max(eventTime) AS lastAssumed
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'sts.amazonaws.com'
  AND eventName IN ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
GROUP BY 1, 2, 3
ORDER BY assumptions DESC
LIMIT 200
