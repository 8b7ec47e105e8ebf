-- title: MFA devices removed
-- description: Who took a second factor away from whom.
-- tags: iam, mfa, identity
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'userName'), element_at(requestParameters, 'serialNumber')) AS target,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND eventName IN ('DeactivateMFADevice', 'DeleteVirtualMFADevice')
ORDER BY eventTime DESC
LIMIT 500
