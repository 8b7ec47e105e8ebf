-- title: What came from an address
-- description: Who used an address, for what, and how often it failed.
-- tags: address, ip, investigation
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: address varchar = '%' -- an address, or a pattern with %

SELECT sourceIPAddress,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND sourceIPAddress LIKE $address
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 500
