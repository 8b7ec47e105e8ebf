-- title: Instances started, stopped and terminated
-- description: How often each principal launched, started, stopped, rebooted or terminated instances.
-- tags: ec2, instances, operations
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       awsRegion,
       count_if(eventName = 'RunInstances') AS launched,
       count_if(eventName = 'StartInstances') AS started,
       count_if(eventName = 'StopInstances') AS stopped,
       count_if(eventName = 'RebootInstances') AS rebooted,
       count_if(eventName = 'TerminateInstances') AS terminated,
       count_if(errorCode IS NOT NULL) AS failed,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'ec2.amazonaws.com'
  AND eventName IN ('RunInstances', 'StartInstances', 'StopInstances', 'RebootInstances', 'TerminateInstances')
GROUP BY 1, 2
ORDER BY launched DESC, terminated DESC
LIMIT 200
