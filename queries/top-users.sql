-- title: Most active principals
-- description: Who makes the most calls, from how many addresses, with how many errors.
-- tags: users, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       userIdentity.type AS identityType,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       approx_distinct(sourceIPAddress) AS addresses,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1, 2
ORDER BY events DESC
LIMIT 100
