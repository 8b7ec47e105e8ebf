-- title: S3 objects most accessed
-- description: Objects by number of data events, with the bytes that went out.
-- tags: s3, data events, objects
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: bucket varchar = '%' -- a bucket, or a pattern with %

SELECT element_at(requestParameters, 'bucketName') AS bucket,
       element_at(requestParameters, 'key') AS objectKey,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       sum(TRY_CAST(element_at(additionalEventData, 'bytesTransferredOut') AS double)) AS bytesOut,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 's3.amazonaws.com'
  AND (eventCategory = 'Data' OR element_at(requestParameters, 'key') IS NOT NULL)
  AND coalesce(element_at(requestParameters, 'bucketName'), '') LIKE $bucket
GROUP BY 1, 2
ORDER BY events DESC
LIMIT 200
