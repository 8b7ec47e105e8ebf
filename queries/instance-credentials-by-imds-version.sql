-- title: Instance roles still using IMDSv1
-- description: Calls made with the credentials of EC2 instance roles, by the version of the metadata service that
--   handed them out: 1.0 is the old one.
-- tags: ec2, imds, role, hygiene
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.sessionContext.sessionIssuer.arn AS role,
       userIdentity.sessionContext.ec2RoleDelivery AS imdsVersion,
       count(*) AS events,
       count(DISTINCT userIdentity.principalId) AS instances,
       count(DISTINCT sourceIPAddress) AS addresses,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.sessionContext.ec2RoleDelivery IS NOT NULL
GROUP BY 1, 2
ORDER BY imdsVersion, events DESC
LIMIT 200
