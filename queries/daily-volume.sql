-- title: Events by day and category
-- description: How many events of each category there were each day.
-- tags: volume, trend, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date(eventTime) AS day,
       coalesce(eventCategory, 'Management') AS category,
       count(*) AS events,
       count(DISTINCT recipientAccountId) AS accounts
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1, 2
ORDER BY 1, 2
