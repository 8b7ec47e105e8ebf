-- title: Changes of who may assume a role
-- description: Trust policies written or changed: the door that other accounts and providers come in by.
-- tags: iam, role, trust, persistence
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       element_at(requestParameters, 'roleName') AS role,
       coalesce(element_at(requestParameters, 'policyDocument'),
                element_at(requestParameters, 'assumeRolePolicyDocument')) AS trustPolicy,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND eventName IN ('CreateRole', 'UpdateAssumeRolePolicy')
ORDER BY eventTime DESC
LIMIT 500
