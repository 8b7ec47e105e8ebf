-- title: Console sign-ins without MFA
-- description: Successful console sign-ins of root and IAM users that used no second factor. Federated users are left
--   out: their provider asks for it.
-- tags: sign-in, console, mfa
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.type AS identityType,
       userIdentity.arn AS principal,
       sourceIPAddress,
       userAgent
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName = 'ConsoleLogin'
  AND element_at(responseElements, 'ConsoleLogin') = 'Success'
  AND userIdentity.type IN ('Root', 'IAMUser')
  AND coalesce(element_at(additionalEventData, 'MFAUsed'), 'No') <> 'Yes'
ORDER BY eventTime DESC
LIMIT 1000
