-- title: Kinds of identity
-- description: How many calls each kind of identity makes, with how many principals and errors.
-- tags: identity, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.type, 'none') AS identityType,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals,
       count_if(errorCode IS NOT NULL) AS errors
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1
ORDER BY events DESC
