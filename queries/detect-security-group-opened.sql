-- title: Detection: security group opened to the world
-- description: A rule that lets every address in, by IPv4 or IPv6, in a request that AWS granted.
-- tags: detection, security group, network, public
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'groupId'), element_at(requestParameters, 'groupName')) AS securityGroup,
       coalesce(element_at(requestParameters, 'ipPermissions'),
                element_at(requestParameters, 'ModifySecurityGroupRulesRequest')) AS permissions,
       sourceIPAddress,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'ec2.amazonaws.com'
  AND eventName IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules')
  AND errorCode IS NULL
  AND (eventJson LIKE '%"0.0.0.0/0"%' OR eventJson LIKE '%\"0.0.0.0/0\"%'
    OR eventJson LIKE '%"::/0"%' OR eventJson LIKE '%\"::/0\"%')
ORDER BY eventTime
LIMIT 1000
