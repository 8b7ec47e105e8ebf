-- title: Administrator rights granted
-- description: Policies attached or written that allow everything.
-- tags: iam, policy, privilege, escalation
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'roleName'),
                element_at(requestParameters, 'groupName'), element_at(requestParameters, 'policyName')) AS target,
       element_at(requestParameters, 'policyArn') AS policyArn,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND (regexp_like(element_at(requestParameters, 'policyArn'), ':policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$')
    OR regexp_like(element_at(requestParameters, 'policyDocument'), '"Action"\s*:\s*(\[\s*)?"\*"'))
ORDER BY eventTime DESC
LIMIT 500
