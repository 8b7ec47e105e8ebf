-- title: What takes the most room
-- description: Actions by the bytes of their events: where a selector would save most.
-- tags: volume, cost
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventSource,
       eventName,
       count(*) AS events,
       sum(length(eventJson)) AS characters,
       sum(length(eventJson)) / count(*) AS charactersEach
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY eventSource, eventName
ORDER BY characters DESC
LIMIT 100
