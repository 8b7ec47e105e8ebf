-- title: Changes of networks
-- description: VPCs, subnets, routes, gateways, peerings, network ACLs and interfaces made, changed or deleted.
-- tags: network, vpc, ec2, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       awsRegion,
       coalesce(element_at(requestParameters, 'vpcId'), element_at(requestParameters, 'routeTableId'),
                element_at(requestParameters, 'subnetId'), element_at(requestParameters, 'networkAclId'),
                element_at(requestParameters, 'networkInterfaceId')) AS target,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'ec2.amazonaws.com'
  AND regexp_like(eventName, '(Vpc|Subnet|Route|Gateway|NetworkAcl|NetworkInterface|Address)')
  AND NOT regexp_like(eventName, '^(Describe|Get|Search)')
ORDER BY eventTime DESC
LIMIT 500
