-- title: Detection: repeated failed console sign-ins
-- description: A user or an address with several failed sign-ins in one run: passwords being tried.
-- tags: detection, sign-in, console, brute force
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it
-- param: attempts bigint = 3 -- at least so many failures

SELECT recipientAccountId,
       coalesce(userIdentity.arn, userIdentity.userName, userIdentity.principalId, userIdentity.type) AS principal,
       sourceIPAddress,
       count(*) AS attempts,
       max(errorMessage) AS message,
       min(eventTime) AS firstAttempt,
       max(eventTime) AS lastAttempt
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventName = 'ConsoleLogin'
  AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
GROUP BY 1, 2, 3
HAVING count(*) >= $attempts
ORDER BY attempts DESC
LIMIT 200
