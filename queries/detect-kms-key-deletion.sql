-- title: Detection: KMS key disabled or up for deletion
-- description: A key scheduled for deletion or disabled, or its material deleted: what it encrypts is lost with it.
-- tags: detection, kms, deletion, impact
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'keyId'), element_at(resources, 1).arn) AS keyId,
       element_at(requestParameters, 'pendingWindowInDays') AS pendingDays,
       sourceIPAddress,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'kms.amazonaws.com'
  AND eventName IN ('ScheduleKeyDeletion', 'DisableKey', 'DeleteImportedKeyMaterial')
ORDER BY eventTime
LIMIT 1000
