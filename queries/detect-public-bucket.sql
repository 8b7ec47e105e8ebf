-- title: Detection: S3 bucket opened to the public
-- description: A bucket whose public access block was taken away, or whose policy or ACL now lets everybody in.
-- tags: detection, s3, public, exfiltration
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       element_at(requestParameters, 'bucketName') AS bucket,
       sourceIPAddress,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 's3.amazonaws.com'
  AND errorCode IS NULL
  AND (eventName IN ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock')
    OR (eventName IN ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
      AND regexp_like(eventJson, '"(BlockPublicAcls|IgnorePublicAcls|BlockPublicPolicy|RestrictPublicBuckets)"\s*:\s*"?false'))
    OR (eventName = 'PutBucketAcl'
      AND (eventJson LIKE '%/groups/global/AllUsers%' OR eventJson LIKE '%/groups/global/AuthenticatedUsers%'
        OR coalesce(element_at(requestParameters, 'x-amz-acl'), '') LIKE '%public-%'))
    OR (eventName = 'PutBucketPolicy'
      AND regexp_like(element_at(requestParameters, 'bucketPolicy'), '"Principal"\s*:\s*("\*"|\{\s*"AWS"\s*:\s*"\*")')))
ORDER BY eventTime
LIMIT 1000
