-- title: Failed console sign-ins
-- description: Sign-ins to the console that failed, by user and address: guessed or stolen passwords show as many
--   attempts.
-- tags: sign-in, console, failure, brute force
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: attempts bigint = 1 -- at least so many attempts

SELECT coalesce(userIdentity.arn, userIdentity.userName, userIdentity.accountId) AS principal,
       sourceIPAddress,
       errorMessage,
       count(*) AS attempts,
       min(eventTime) AS firstAttempt,
       max(eventTime) AS lastAttempt
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName = 'ConsoleLogin'
  AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
GROUP BY 1, 2, 3
HAVING count(*) >= $attempts
ORDER BY attempts DESC, lastAttempt DESC
LIMIT 200
