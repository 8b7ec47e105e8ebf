-- title: Events delivered twice
-- description: Event ids that occur more than once in an account: CloudTrail delivers at least once.
-- tags: duplicates, housekeeping
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT recipientAccountId,
       eventID,
       count(*) AS copies,
       min(eventTime) AS eventTime,
       max(eventName) AS eventName
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventID IS NOT NULL
GROUP BY recipientAccountId, eventID
HAVING count(*) > 1
ORDER BY copies DESC
LIMIT 200
