-- title: What the logs cover
-- description: For each account and region: first and last event, number of events and of days with any.
-- tags: coverage, housekeeping, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT recipientAccountId,
       awsRegion,
       count(*) AS events,
       count(DISTINCT date(eventTime)) AS days,
       min(eventTime) AS firstEvent,
       max(eventTime) AS lastEvent
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY recipientAccountId, awsRegion
ORDER BY events DESC
