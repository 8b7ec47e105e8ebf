-- title: Principals seen from many addresses
-- description: Principals that call from an unusual number of addresses: shared or stolen credentials.
-- tags: address, ip, credentials, anomaly
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then
-- param: addresses bigint = 2 -- at least so many addresses

SELECT userIdentity.arn AS principal,
       count(DISTINCT sourceIPAddress) AS addresses,
       count(DISTINCT userAgent) AS userAgents,
       count(*) AS events,
       array_join(slice(array_agg(DISTINCT sourceIPAddress), 1, 10), ', ') AS someAddresses
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.arn IS NOT NULL
  AND sourceIPAddress NOT LIKE '%.amazonaws.com'
  AND sourceIPAddress NOT LIKE 'AWS Internal%'
GROUP BY userIdentity.arn
HAVING count(DISTINCT sourceIPAddress) >= $addresses
ORDER BY addresses DESC
LIMIT 100
