-- title: Changes of KMS keys
-- description: Keys made, disabled or scheduled for deletion, their policies, grants and rotation.
-- tags: kms, encryption, change, ransomware
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'keyId'), element_at(resources, 1).arn) AS keyId,
       element_at(requestParameters, 'granteePrincipal') AS grantee,
       element_at(requestParameters, 'pendingWindowInDays') AS pendingDays,
       awsRegion,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'kms.amazonaws.com'
  AND eventName IN ('CreateKey', 'CreateGrant', 'RevokeGrant', 'RetireGrant', 'PutKeyPolicy', 'DisableKey', 'EnableKey',
                    'DisableKeyRotation', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'ImportKeyMaterial',
                    'DeleteImportedKeyMaterial', 'UpdateAlias', 'DeleteAlias')
ORDER BY eventTime DESC
LIMIT 500
