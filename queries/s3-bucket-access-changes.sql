-- title: Changes of access to buckets
-- description: Policies, ACLs, public access blocks, ownership, CORS, replication, encryption, versioning and logging
--   of buckets.
-- tags: s3, policy, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       element_at(requestParameters, 'bucketName') AS bucket,
       awsRegion,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 's3.amazonaws.com'
  AND regexp_like(eventName, '^(Put|Delete)(Bucket|Account)')
  AND NOT regexp_like(eventName, 'Tagging|Notification|Metrics|Analytics|Inventory|Website')
ORDER BY eventTime DESC
LIMIT 500
