-- title: Detection: GuardDuty disabled or blinded
-- description: A detector deleted or suspended, findings sent nowhere, or filters and trusted addresses that hide them.
-- tags: detection, guardduty, tampering, defence evasion
-- param: last_success_time timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on; a schedule gives it
-- param: scheduled_time timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then; a schedule gives it

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       coalesce(userIdentity.arn, userIdentity.principalId) AS principal,
       eventName,
       element_at(requestParameters, 'detectorId') AS detectorId,
       sourceIPAddress,
       errorCode,
       eventID
FROM events
WHERE eventTime >= $last_success_time AND eventTime < $scheduled_time
  AND eventSource = 'guardduty.amazonaws.com'
  AND (eventName IN ('DeleteDetector', 'DeleteMembers', 'DisassociateMembers', 'DisassociateFromMasterAccount',
                     'DisassociateFromAdministratorAccount', 'StopMonitoringMembers', 'DeletePublishingDestination',
                     'DisableOrganizationAdminAccount', 'CreateFilter', 'UpdateFilter', 'CreateIPSet', 'UpdateIPSet')
    OR (eventName = 'UpdateDetector' AND element_at(requestParameters, 'enable') = 'false'))
ORDER BY eventTime
LIMIT 1000
