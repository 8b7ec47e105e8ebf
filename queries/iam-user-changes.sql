-- title: Changes of users, groups and sign-in profiles
-- description: Users, groups, console passwords and memberships made, changed or deleted.
-- tags: iam, users, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       recipientAccountId,
       userIdentity.arn AS principal,
       eventName,
       element_at(requestParameters, 'userName') AS userName,
       element_at(requestParameters, 'groupName') AS groupName,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'iam.amazonaws.com'
  AND NOT regexp_like(eventName, '^(List|Get|Generate|Simulate)')
  AND regexp_like(eventName, '(User|Group|LoginProfile|MFADevice|SSHPublicKey|SigningCertificate)')
ORDER BY eventTime DESC
LIMIT 1000
