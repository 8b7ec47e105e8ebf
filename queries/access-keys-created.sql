-- title: Access keys created
-- description: New access keys, for whom and by whom. A key made for another user is a way to stay.
-- tags: iam, access key, persistence
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       coalesce(element_at(requestParameters, 'userName'), userIdentity.userName) AS forUser,
       json_extract_scalar(element_at(responseElements, 'accessKey'), '$.accessKeyId') AS accessKeyId,
       sourceIPAddress,
       userAgent,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND eventName = 'CreateAccessKey'
ORDER BY eventTime DESC
LIMIT 500
