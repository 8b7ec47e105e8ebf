-- title: Commands run on instances
-- description: Sessions opened and commands sent through Systems Manager, Instance Connect and serial consoles.
-- tags: ec2, ssm, lateral movement, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventSource,
       eventName,
       coalesce(element_at(requestParameters, 'target'), element_at(requestParameters, 'instanceIds'),
                element_at(requestParameters, 'instanceId')) AS target,
       element_at(requestParameters, 'documentName') AS document,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName IN ('StartSession', 'ResumeSession', 'SendCommand', 'SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey',
                    'GetPasswordData')
ORDER BY eventTime DESC
LIMIT 500
