-- title: Detection: console sign-in without MFA
-- description: A user or the root user who signed in to the console with a password alone.
-- tags: detection, sign-in, mfa, console
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       userIdentity.type AS identityType,
       coalesce(userIdentity.arn, userIdentity.userName) AS principal,
       sourceIPAddress,
       userAgent,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventName = 'ConsoleLogin'
  AND userIdentity.type IN ('Root', 'IAMUser')
  AND element_at(responseElements, 'ConsoleLogin') = 'Success'
  AND coalesce(element_at(additionalEventData, 'MFAUsed'), 'No') <> 'Yes'
ORDER BY eventTime
LIMIT 1000
