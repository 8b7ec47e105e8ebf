-- title: Steps towards more rights
-- description: Calls by which a principal can widen its own rights, with how often each succeeded.
-- tags: iam, privilege, escalation, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventName,
       count_if(errorCode IS NULL) AS succeeded,
       count_if(errorCode IS NOT NULL) AS failed,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND (eventName IN ('AddUserToGroup', 'AttachGroupPolicy', 'AttachRolePolicy', 'AttachUserPolicy', 'CreateAccessKey',
                     'CreateLoginProfile', 'CreatePolicyVersion', 'PutGroupPolicy', 'PutRolePolicy', 'PutUserPolicy',
                     'SetDefaultPolicyVersion', 'UpdateAssumeRolePolicy', 'UpdateLoginProfile', 'CreateDevEndpoint',
                     'UpdateDevEndpoint')
    OR (eventName IN ('RunInstances', 'CreateFunction20150331', 'CreateStack', 'CreatePipeline')
      AND eventJson LIKE '%:role/%'))
GROUP BY 1, 2
ORDER BY succeeded DESC, failed DESC
LIMIT 200
