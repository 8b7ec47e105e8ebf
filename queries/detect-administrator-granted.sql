-- title: Detection: administrator rights granted
-- description: A user, group or role that was given AdministratorAccess, IAMFullAccess or PowerUserAccess.
-- tags: detection, iam, privilege, persistence
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       element_at(requestParameters, 'policyArn') AS policy,
       coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'roleName'),
                element_at(requestParameters, 'groupName')) AS grantedTo,
       sourceIPAddress,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'iam.amazonaws.com'
  AND eventName IN ('AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy')
  AND errorCode IS NULL
  AND regexp_like(element_at(requestParameters, 'policyArn'), '/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$')
ORDER BY eventTime
LIMIT 1000
