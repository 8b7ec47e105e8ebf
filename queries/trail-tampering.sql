-- title: Trails and stores tampered with
-- description: Logging stopped, trails and event data stores deleted or narrowed.
-- tags: cloudtrail, tampering, defence evasion, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'name'), element_at(requestParameters, 'trailName'),
                element_at(requestParameters, 'eventDataStore')) AS target,
       sourceIPAddress,
       userAgent,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'cloudtrail.amazonaws.com'
  AND eventName IN ('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors',
                    'DeleteEventDataStore', 'UpdateEventDataStore', 'StopEventDataStoreIngestion', 'RemoveTags',
                    'DeleteChannel', 'DeleteResourcePolicy')
ORDER BY eventTime DESC
LIMIT 500
