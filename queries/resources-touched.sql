-- title: Resources by number of events
-- description: The resources that events name, with how often and by how many principals.
-- tags: resource, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT touched.arn,
       touched.type,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       max(eventTime) AS lastSeen
FROM events
CROSS JOIN UNNEST(resources) AS touched(accountId, type, arn, arnPrefix)
WHERE eventTime >= $since AND eventTime < $until
  AND touched.arn IS NOT NULL
GROUP BY 1, 2
ORDER BY events DESC
LIMIT 200
