-- title: User agents of attack tools
-- description: Calls by programs that probe or attack, or that come from a penetration tester's system.
-- tags: user agent, threat, hunting
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       sourceIPAddress,
       userAgent,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(lower(userAgent), 'kali|parrot|pentoo|pacu|cloudfox|scoutsuite|prowler|stratus-red-team|trufflehog|nmap')
ORDER BY eventTime DESC
LIMIT 500
