-- title: Detection: access key created for another user
-- description: An access key that somebody made for somebody else: a way to act under another name.
-- tags: detection, access key, iam, users, persistence
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       element_at(requestParameters, 'userName') AS forUser,
       json_extract_scalar(element_at(responseElements, 'accessKey'), '$.accessKeyId') AS accessKeyId,
       sourceIPAddress,
       userAgent,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'iam.amazonaws.com'
  AND eventName = 'CreateAccessKey'
  AND errorCode IS NULL
  AND element_at(requestParameters, 'userName') IS NOT NULL
  AND (userIdentity.userName IS NULL OR userIdentity.userName <> element_at(requestParameters, 'userName'))
ORDER BY eventTime
LIMIT 1000
