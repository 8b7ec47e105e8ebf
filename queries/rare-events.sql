-- title: Actions that are hardly ever called
-- description: Actions seen only a few times: the place to look for what does not belong.
-- tags: anomaly, actions, hunting
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: most bigint = 3 -- seen at most so many times

SELECT eventSource,
       eventName,
       count(*) AS events,
       max_by(coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy), eventTime) AS lastPrincipal,
       max_by(sourceIPAddress, eventTime) AS lastAddress,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY eventSource, eventName
HAVING count(*) <= $most
ORDER BY events, lastSeen DESC
LIMIT 200
