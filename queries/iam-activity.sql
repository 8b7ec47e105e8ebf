-- title: IAM activity
-- description: Which IAM actions are called, how often, how often refused, and by how many principals.
-- tags: iam, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventName,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       count_if(regexp_like(errorCode, 'AccessDenied|Unauthorized')) AS denied,
       count(DISTINCT userIdentity.arn) AS principals,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
GROUP BY eventName
ORDER BY events DESC
LIMIT 100
