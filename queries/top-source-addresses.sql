-- title: Most active addresses
-- description: The addresses outside AWS that calls come from, with the principals behind each.
-- tags: address, ip, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT sourceIPAddress,
       count(*) AS events,
       count(DISTINCT userIdentity.arn) AS principals,
       count_if(errorCode IS NOT NULL) AS errors,
       min(eventTime) AS firstSeen,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND sourceIPAddress NOT LIKE '%.amazonaws.com'
  AND sourceIPAddress NOT LIKE 'AWS Internal%'
GROUP BY sourceIPAddress
ORDER BY events DESC
LIMIT 100
