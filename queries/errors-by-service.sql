-- title: Errors by service and action
-- description: Which actions of which services fail, and with which code.
-- tags: errors, service
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT replace(eventSource, '.amazonaws.com') AS service,
       eventName,
       errorCode,
       count(*) AS errors
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND errorCode IS NOT NULL
GROUP BY eventSource, eventName, errorCode
ORDER BY errors DESC
LIMIT 200
