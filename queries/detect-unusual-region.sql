-- title: Detection: changes in a region not used before
-- description: Somebody who changed something in a region where that account changed nothing in the weeks before.
-- tags: detection, region, anomaly
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it
-- param: days bigint = 30 -- so many days before count as usual

WITH usual AS (
  SELECT DISTINCT recipientAccountId, awsRegion
  FROM events
  WHERE eventTime >= date_add('day', -$days, $last_success_time) AND eventTime < $last_success_time
    AND readOnly = false
)
SELECT changes.awsRegion,
       changes.recipientAccountId,
       coalesce(changes.userIdentity.arn, changes.userIdentity.principalId, changes.userIdentity.invokedBy) AS principal,
       count(*) AS changes,
       array_join(slice(array_sort(array_agg(DISTINCT changes.eventName)), 1, 10), ', ') AS someActions,
       min(changes.eventTime) AS firstSeen,
       max(changes.eventTime) AS lastSeen
FROM events AS changes
LEFT JOIN usual ON usual.recipientAccountId = changes.recipientAccountId AND usual.awsRegion = changes.awsRegion
WHERE changes.eventTime >= $last_success_time AND changes.eventTime < $scheduled_time
  AND changes.readOnly = false
  AND changes.errorCode IS NULL
  AND usual.awsRegion IS NULL
GROUP BY 1, 2, 3
ORDER BY changes DESC
LIMIT 200
