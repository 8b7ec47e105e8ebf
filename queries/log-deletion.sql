-- title: Logs deleted
-- description: Log groups, streams, flow logs and their retention taken away.
-- tags: logs, tampering, defence evasion, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       coalesce(element_at(requestParameters, 'logGroupName'), element_at(requestParameters, 'DeleteFlowLogsRequest'),
                element_at(requestParameters, 'bucketName')) AS target,
       awsRegion,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND (eventName IN ('DeleteLogGroup', 'DeleteLogStream', 'DeleteFlowLogs', 'PutRetentionPolicy', 'DeleteSubscriptionFilter',
                     'DeleteMetricFilter', 'DeleteAlarms')
    OR (eventName = 'PutBucketLogging' AND eventJson NOT LIKE '%TargetBucket%'))
ORDER BY eventTime DESC
LIMIT 500
