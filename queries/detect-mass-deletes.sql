-- title: Detection: many deletions by one principal
-- description: Somebody who deleted, terminated or purged more in one run than is usual.
-- tags: detection, deletion, impact
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it
-- param: deletions bigint = 25 -- at least so many by one principal

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       recipientAccountId,
       count(*) AS deletions,
       count_if(errorCode IS NOT NULL) AS failed,
       array_join(slice(array_sort(array_agg(DISTINCT eventName)), 1, 10), ', ') AS someActions,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND regexp_like(eventName, '^(Delete|Terminate|Remove|Destroy|Purge)')
  AND userIdentity.invokedBy IS NULL
GROUP BY 1, 2
HAVING count(*) >= $deletions
ORDER BY deletions DESC
LIMIT 200
