-- title: Most frequent errors
-- description: Error codes by how often they occur, with an example of the message.
-- tags: errors, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT errorCode,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       count(DISTINCT eventName) AS actions,
       arbitrary(errorMessage) AS exampleMessage,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND errorCode IS NOT NULL
GROUP BY errorCode
ORDER BY events DESC
LIMIT 100
