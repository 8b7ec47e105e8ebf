-- title: Instances launched
-- description: Each launch: type, image, number and by whom. Large types in a strange region are how others mine at
--   your cost.
-- tags: ec2, instances, cost, mining
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       awsRegion,
       element_at(requestParameters, 'instanceType') AS instanceType,
       coalesce(element_at(requestParameters, 'imageId'),
                json_extract_scalar(element_at(requestParameters, 'instancesSet'), '$.items[0].imageId')) AS image,
       json_extract_scalar(element_at(requestParameters, 'instancesSet'), '$.items[0].maxCount') AS instances,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'ec2.amazonaws.com'
  AND eventName = 'RunInstances'
ORDER BY eventTime DESC
LIMIT 500
