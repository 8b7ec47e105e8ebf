-- title: Access keys in use
-- description: Long-lived access keys, whose they are, and from how many addresses each was used.
-- tags: access key, credentials, identity
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.accessKeyId AS accessKeyId,
       max(userIdentity.arn) AS principal,
       count(*) AS events,
       count(DISTINCT sourceIPAddress) AS addresses,
       count(DISTINCT awsRegion) AS regions,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.accessKeyId LIKE 'AKIA%'
GROUP BY 1
ORDER BY addresses DESC, events DESC
LIMIT 200
