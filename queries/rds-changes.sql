-- title: Changes of databases
-- description: Instances, clusters and snapshots made, changed, restored or deleted; changed master passwords and
--   databases made public.
-- tags: rds, database, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'dBInstanceIdentifier'), element_at(requestParameters, 'dBClusterIdentifier'),
                element_at(requestParameters, 'dBSnapshotIdentifier')) AS target,
       element_at(requestParameters, 'masterUserPassword') IS NOT NULL AS passwordChanged,
       element_at(requestParameters, 'publiclyAccessible') AS publiclyAccessible,
       awsRegion,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'rds.amazonaws.com'
  AND NOT regexp_like(eventName, '^(Describe|List|Download)')
ORDER BY eventTime DESC
LIMIT 500
