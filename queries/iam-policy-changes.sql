-- title: Changes of policies
-- description: Policies attached, detached, written or deleted: for which user, role or group, and by whom.
-- tags: iam, policy, change, privilege
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'roleName'),
                element_at(requestParameters, 'groupName')) AS target,
       coalesce(element_at(requestParameters, 'policyArn'), element_at(requestParameters, 'policyName')) AS policy,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND regexp_like(eventName, '^(Attach|Detach|Put|Delete|Create|SetDefault|Update).*Polic')
ORDER BY eventTime DESC
LIMIT 1000
