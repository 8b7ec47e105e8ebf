-- title: Activity by weekday and hour
-- description: When in the week people work: 1 is Monday, hours in UTC.
-- tags: trend, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT day_of_week(eventTime) AS weekday,
       hour(eventTime) AS hourOfDay,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.type IN ('Root', 'IAMUser', 'AssumedRole', 'FederatedUser', 'IdentityCenterUser')
  AND userIdentity.invokedBy IS NULL
GROUP BY 1, 2
ORDER BY 1, 2
