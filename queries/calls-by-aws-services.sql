-- title: Calls that AWS services make
-- description: What services do on behalf of principals: which service, which action, for whom.
-- tags: service, identity
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.invokedBy AS service,
       eventSource,
       eventName,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       count_if(errorCode IS NOT NULL) AS errors
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.invokedBy IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY events DESC
LIMIT 200
