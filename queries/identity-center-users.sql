-- title: IAM Identity Center users
-- description: What people do who come through IAM Identity Center, by user id.
-- tags: identity center, sso, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.onBehalfOf.userId AS userId,
       userIdentity.onBehalfOf.identityStoreArn AS identityStore,
       eventSource,
       eventName,
       count(*) AS events,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.onBehalfOf.userId IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 200
