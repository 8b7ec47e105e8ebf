-- title: TLS versions
-- description: By which version of TLS and which cipher calls come in.
-- tags: tls, encryption, overview
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT tlsDetails.tlsVersion AS tlsVersion,
       tlsDetails.cipherSuite AS cipherSuite,
       count(*) AS events,
       approx_distinct(userIdentity.arn) AS principals,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND tlsDetails.tlsVersion IS NOT NULL
GROUP BY 1, 2
ORDER BY events DESC
