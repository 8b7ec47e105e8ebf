-- title: Detection: snapshot or image shared
-- description: A disk or database snapshot, or a machine image, that was opened to another account or to everybody.
-- tags: detection, snapshot, public, exfiltration
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'snapshotId'), element_at(requestParameters, 'imageId'),
                element_at(requestParameters, 'dBSnapshotIdentifier'),
                element_at(requestParameters, 'dBClusterSnapshotIdentifier')) AS shared,
       coalesce(element_at(requestParameters, 'createVolumePermission'), element_at(requestParameters, 'launchPermission'),
                element_at(requestParameters, 'valuesToAdd')) AS sharedWith,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventName IN ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute',
                    'ModifyDBClusterSnapshotAttribute')
  AND errorCode IS NULL
  AND (json_extract(element_at(requestParameters, 'createVolumePermission'), '$.add') IS NOT NULL
    OR json_extract(element_at(requestParameters, 'launchPermission'), '$.add') IS NOT NULL
    OR element_at(requestParameters, 'valuesToAdd') IS NOT NULL)
ORDER BY eventTime
LIMIT 1000
