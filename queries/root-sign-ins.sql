-- title: Root sign-ins
-- description: Attempts to sign in to the console as root, by account and address, with MFA and outcome.
-- tags: root, sign-in, console, mfa
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT recipientAccountId,
       sourceIPAddress,
       element_at(responseElements, 'ConsoleLogin') AS outcome,
       element_at(additionalEventData, 'MFAUsed') AS mfaUsed,
       count(*) AS attempts,
       min(eventTime) AS firstAttempt,
       max(eventTime) AS lastAttempt
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName = 'ConsoleLogin'
  AND userIdentity.type = 'Root'
GROUP BY 1, 2, 3, 4
ORDER BY lastAttempt DESC
