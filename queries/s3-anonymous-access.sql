-- title: Anonymous access to S3
-- description: Requests for objects that nobody had signed.
-- tags: s3, data events, public, anonymous
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       sourceIPAddress,
       eventName,
       element_at(requestParameters, 'bucketName') AS bucket,
       element_at(requestParameters, 'key') AS objectKey,
       userAgent,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 's3.amazonaws.com'
  AND (userIdentity.accountId = 'anonymous' OR userIdentity.principalId = 'ANONYMOUS_PRINCIPAL')
ORDER BY eventTime DESC
LIMIT 500
