-- title: Changes of security groups
-- description: Rules and groups added, changed or removed.
-- tags: network, security group, ec2, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       awsRegion,
       coalesce(element_at(requestParameters, 'groupId'), element_at(requestParameters, 'groupName')) AS securityGroup,
       element_at(requestParameters, 'ipPermissions') AS permissions,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'ec2.amazonaws.com'
  AND regexp_like(eventName, 'SecurityGroup')
  AND eventName NOT LIKE 'Describe%'
ORDER BY eventTime DESC
LIMIT 500
