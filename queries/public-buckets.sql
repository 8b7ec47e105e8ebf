-- title: Buckets made public
-- description: Bucket policies, ACLs and public access blocks changed in a way that lets everybody in.
-- tags: s3, public, policy, exposure
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       element_at(requestParameters, 'bucketName') AS bucket,
       element_at(requestParameters, 'PublicAccessBlockConfiguration') AS publicAccessBlock,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 's3.amazonaws.com'
  AND ((eventName = 'PutBucketPolicy' AND regexp_like(eventJson, '"Principal":\s*("\*"|\{\s*"AWS":\s*(\[\s*)?"\*")'))
    OR (eventName = 'PutBucketAcl' AND regexp_like(eventJson, 'AllUsers|AuthenticatedUsers|public-read'))
    OR (eventName IN ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
      AND regexp_like(eventJson, '"(BlockPublicAcls|IgnorePublicAcls|BlockPublicPolicy|RestrictPublicBuckets)":\s*false'))
    OR eventName IN ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock'))
ORDER BY eventTime DESC
LIMIT 500
