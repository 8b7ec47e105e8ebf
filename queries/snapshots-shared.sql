-- title: Snapshots and images shared
-- description: Snapshots of volumes and databases, and images, given to other accounts or to everybody.
-- tags: ec2, rds, snapshot, exfiltration, public
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       awsRegion,
       coalesce(element_at(requestParameters, 'snapshotId'), element_at(requestParameters, 'imageId'),
                element_at(requestParameters, 'dBSnapshotIdentifier'),
                element_at(requestParameters, 'dBClusterSnapshotIdentifier')) AS shared,
       coalesce(element_at(requestParameters, 'createVolumePermission'), element_at(requestParameters, 'launchPermission'),
                element_at(requestParameters, 'valuesToAdd')) AS sharedWith,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName IN ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute',
                    'ModifyDBClusterSnapshotAttribute')
  AND (eventJson LIKE '%"add"%' OR element_at(requestParameters, 'valuesToAdd') IS NOT NULL)
ORDER BY eventTime DESC
LIMIT 500
