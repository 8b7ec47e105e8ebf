-- title: Changes in regions hardly used
-- description: Regions with a small share of all events, in which something was changed: a favourite place for things
--   not meant to be found.
-- tags: region, anomaly, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: share double = 5.0 -- regions with less than so many percent of the events

WITH shares AS (
  SELECT awsRegion,
         100.0 * count(*) / sum(count(*)) OVER () AS sharePercent
  FROM events
  WHERE eventTime >= $since AND eventTime < $until
  GROUP BY awsRegion
)
SELECT changes.awsRegion,
       shares.sharePercent,
       changes.eventSource,
       changes.eventName,
       coalesce(changes.userIdentity.arn, changes.userIdentity.principalId) AS principal,
       count(*) AS events,
       max(changes.eventTime) AS lastSeen
FROM events AS changes
INNER JOIN shares ON shares.awsRegion = changes.awsRegion
WHERE changes.eventTime >= $since AND changes.eventTime < $until
  AND changes.readOnly = false
  AND shares.sharePercent < $share
GROUP BY 1, 2, 3, 4, 5
ORDER BY shares.sharePercent, events DESC
LIMIT 200
