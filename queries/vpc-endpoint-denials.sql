-- title: Calls denied by VPC endpoints
-- description: Calls that the policy of a VPC endpoint refused: whose, to which service, through which endpoint.
-- tags: vpc endpoint, network activity, access denied
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT vpcEndpointId,
       vpcEndpointAccountId,
       eventSource,
       eventName,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.accountId) AS principal,
       sourceIPAddress,
       count(*) AS denied,
       max(eventTime) AS lastDenied
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventCategory = 'NetworkActivity'
  AND errorCode = 'VpceAccessDenied'
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY denied DESC
LIMIT 200
