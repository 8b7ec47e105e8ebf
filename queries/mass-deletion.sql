-- title: Many deletions in a short time
-- description: Principals that deleted unusually much within an hour: a clean-up, or sabotage.
-- tags: deletion, destructive, ransomware, anomaly
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: deletions bigint = 10 -- at least so many in an hour

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       count(*) AS deletions,
       count(DISTINCT eventName) AS actions,
       count_if(errorCode IS NOT NULL) AS failed,
       array_join(slice(array_agg(DISTINCT eventName), 1, 10), ', ') AS someActions
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND regexp_like(eventName, '^(Delete|Terminate|Remove|Destroy|Purge)')
GROUP BY 1, 2
HAVING count(*) >= $deletions
ORDER BY deletions DESC
LIMIT 200
