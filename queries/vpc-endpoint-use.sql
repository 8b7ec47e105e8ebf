-- title: Use of VPC endpoints
-- description: Which services are reached through which endpoints, by how many principals.
-- tags: vpc endpoint, network
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT vpcEndpointId,
       eventSource,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND vpcEndpointId LIKE 'vpce-%'
GROUP BY vpcEndpointId, eventSource
ORDER BY events DESC
LIMIT 200
