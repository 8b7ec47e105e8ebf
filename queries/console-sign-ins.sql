-- title: Console sign-ins
-- description: Every sign-in to the console: who, from where, with or without MFA, and whether it succeeded.
-- tags: sign-in, console, mfa
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.type AS identityType,
       coalesce(userIdentity.arn, userIdentity.userName, userIdentity.principalId) AS principal,
       sourceIPAddress,
       element_at(additionalEventData, 'MFAUsed') AS mfaUsed,
       element_at(responseElements, 'ConsoleLogin') AS outcome,
       errorMessage
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName = 'ConsoleLogin'
ORDER BY eventTime DESC
LIMIT 1000
