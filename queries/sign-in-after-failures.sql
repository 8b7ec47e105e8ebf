-- title: Sign-ins that succeeded after failures
-- description: Addresses from which sign-ins failed and then one succeeded: the mark of a guessed password.
-- tags: sign-in, console, brute force
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: failures bigint = 3 -- at least so many failures

WITH attempts AS (
  SELECT sourceIPAddress,
         element_at(responseElements, 'ConsoleLogin') AS outcome,
         eventTime,
         coalesce(userIdentity.arn, userIdentity.userName) AS principal
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
    AND eventName = 'ConsoleLogin'
)
SELECT sourceIPAddress,
       count_if(outcome = 'Failure') AS failures,
       count_if(outcome = 'Success') AS successes,
       max_by(principal, eventTime) AS lastPrincipal,
       min(IF(outcome = 'Failure', eventTime, NULL)) AS firstFailure,
       max(IF(outcome = 'Success', eventTime, NULL)) AS lastSuccess
FROM attempts
GROUP BY sourceIPAddress
HAVING count_if(outcome = 'Failure') >= $failures
   AND max(IF(outcome = 'Success', eventTime, NULL)) > min(IF(outcome = 'Failure', eventTime, NULL))
ORDER BY failures DESC
LIMIT 200
