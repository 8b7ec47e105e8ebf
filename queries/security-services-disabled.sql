-- title: Security services switched off
-- description: GuardDuty, Security Hub, Config, Macie, Inspector, Detective and Access Analyzer disabled, narrowed or
--   silenced.
-- tags: guardduty, security hub, config, defence evasion, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       awsRegion,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND ((eventSource = 'guardduty.amazonaws.com'
      AND regexp_like(eventName, '^(Delete|Disassociate|Stop|Archive|UpdateDetector|(Create|Update)(Filter|IPSet))'))
    OR (eventSource = 'securityhub.amazonaws.com' AND regexp_like(eventName, '^(Disable|Delete|Disassociate|BatchDisable)'))
    OR (eventSource = 'config.amazonaws.com'
      AND regexp_like(eventName, '^(Stop|Delete)(ConfigurationRecorder|DeliveryChannel|ConfigRule|ConfigurationAggregator)'))
    OR (eventSource IN ('macie2.amazonaws.com', 'inspector2.amazonaws.com', 'detective.amazonaws.com',
                        'access-analyzer.amazonaws.com')
      AND regexp_like(eventName, '^(Disable|Delete|Disassociate)')))
ORDER BY eventTime DESC
LIMIT 500
