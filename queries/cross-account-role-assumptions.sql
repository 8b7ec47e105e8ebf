-- title: Roles assumed from other accounts
-- description: Successful AssumeRole calls whose role lies in another account than the caller.
-- tags: cross-account, role, sts
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.accountId AS callerAccount,
       split_part(element_at(requestParameters, 'roleArn'), ':', 5) AS roleAccount,
       element_at(requestParameters, 'roleArn') AS role,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS caller,
       count(*) AS assumptions,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'sts.amazonaws.com'
  AND eventName = 'AssumeRole'
  AND errorCode IS NULL
  AND userIdentity.accountId <> split_part(element_at(requestParameters, 'roleArn'), ':', 5)
GROUP BY 1, 2, 3, 4
ORDER BY assumptions DESC
LIMIT 200
