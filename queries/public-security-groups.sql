-- title: Security groups opened to the world
-- description: Rules that let in any address, over IPv4 or IPv6, with ports as given.
-- tags: network, security group, public, ec2
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       userIdentity.arn AS principal,
       coalesce(element_at(requestParameters, 'groupId'), element_at(requestParameters, 'groupName')) AS securityGroup,
       element_at(requestParameters, 'ipPermissions') AS permissions,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'ec2.amazonaws.com'
  AND eventName IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules')
  AND (eventJson LIKE '%0.0.0.0/0%' OR eventJson LIKE '%::/0%')
ORDER BY eventTime DESC
LIMIT 500
