-- title: Activity by region
-- description: Calls, principals, services and errors in each region.
-- tags: region, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT awsRegion,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals,
       count(DISTINCT eventSource) AS services,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY awsRegion
ORDER BY events DESC
