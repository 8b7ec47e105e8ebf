-- title: What a user did, in short
-- description: The services and actions that a principal used, how often, how often in vain, and when first and last.
-- tags: users, investigation, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: user varchar = '' -- a user or role name, or a part of an ARN; empty for everybody

SELECT eventSource,
       eventName,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND coalesce(userIdentity.arn, userIdentity.principalId, '') LIKE '%' || $user || '%'
GROUP BY eventSource, eventName
ORDER BY events DESC
LIMIT 500
