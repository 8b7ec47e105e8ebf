-- title: Who uses S3 data
-- description: Principals by number of data events on objects, with bytes in and out.
-- tags: s3, data events, users, exfiltration
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       element_at(requestParameters, 'bucketName') AS bucket,
       count(*) AS events,
       count_if(eventName = 'GetObject') AS downloads,
       count_if(eventName = 'PutObject') AS uploads,
       count_if(eventName IN ('DeleteObject', 'DeleteObjects')) AS deletions,
       sum(TRY_CAST(element_at(additionalEventData, 'bytesTransferredOut') AS double)) AS bytesOut,
       sum(TRY_CAST(element_at(additionalEventData, 'bytesTransferredIn') AS double)) AS bytesIn
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 's3.amazonaws.com'
  AND (eventCategory = 'Data' OR element_at(requestParameters, 'key') IS NOT NULL)
GROUP BY 1, 2
ORDER BY events DESC
LIMIT 200
