-- title: Instance credentials seen from many addresses
-- description: Credentials of one EC2 instance used from several addresses: they may have been taken off it.
-- tags: ec2, credentials, exfiltration, anomaly
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.arn AS session,
       count(DISTINCT sourceIPAddress) AS addresses,
       array_join(slice(array_agg(DISTINCT sourceIPAddress), 1, 10), ', ') AS someAddresses,
       count(*) AS events,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.type = 'AssumedRole'
  AND regexp_like(userIdentity.arn, '/i-[0-9a-f]+$')
  AND sourceIPAddress NOT LIKE '%.amazonaws.com'
  AND sourceIPAddress NOT LIKE 'AWS Internal%'
GROUP BY userIdentity.arn
HAVING count(DISTINCT sourceIPAddress) > 1
ORDER BY addresses DESC
LIMIT 100
