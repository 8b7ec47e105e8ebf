-- title: Detection: role assumed from another account
-- description: A role that was assumed from an account in which it does not live, not by an AWS service.
-- tags: detection, role, cross-account, lateral movement
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it
-- param: known varchar = '' -- calling accounts that are expected, separated by commas

SELECT userIdentity.accountId AS callerAccount,
       split_part(element_at(requestParameters, 'roleArn'), ':', 5) AS roleAccount,
       element_at(requestParameters, 'roleArn') AS role,
       coalesce(userIdentity.arn, userIdentity.principalId) AS caller,
       count(*) AS assumptions,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'sts.amazonaws.com'
  AND eventName = 'AssumeRole'
  AND errorCode IS NULL
  AND userIdentity.invokedBy IS NULL
  AND userIdentity.accountId <> split_part(element_at(requestParameters, 'roleArn'), ':', 5)
  AND NOT contains(split($known, ','), userIdentity.accountId)
GROUP BY 1, 2, 3, 4
ORDER BY assumptions DESC
LIMIT 200
