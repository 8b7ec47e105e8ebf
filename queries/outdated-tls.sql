-- title: Callers with outdated TLS
-- description: Who still uses TLS 1.0 or 1.1, with which program.
-- tags: tls, encryption, hygiene
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       tlsDetails.tlsVersion AS tlsVersion,
       userAgent,
       count(*) AS events,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND TRY_CAST(replace(tlsDetails.tlsVersion, 'TLSv', '') AS double) <= 1.1
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 200
