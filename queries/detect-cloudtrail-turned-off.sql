-- title: Detection: CloudTrail turned off or narrowed
-- description: Logging that was stopped, a trail or an event data store that was deleted, or told to record less.
-- tags: detection, cloudtrail, tampering, defence evasion
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'name'), element_at(requestParameters, 'trailName'),
                element_at(requestParameters, 'eventDataStore')) AS target,
       sourceIPAddress,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'cloudtrail.amazonaws.com'
  AND eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'DeleteEventDataStore',
                    'UpdateEventDataStore', 'StopEventDataStoreIngestion')
ORDER BY eventTime
LIMIT 1000
