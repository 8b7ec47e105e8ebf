-- title: Changes of Lambda functions
-- description: Functions, layers, their code, rights and public URLs made or changed.
-- tags: lambda, change, persistence
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       element_at(requestParameters, 'functionName') AS functionName,
       element_at(requestParameters, 'role') AS role,
       element_at(requestParameters, 'principal') AS grantedTo,
       awsRegion,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'lambda.amazonaws.com'
  AND regexp_like(eventName, '^(Create|Update|Delete|Add|Remove|Publish|Put)')
ORDER BY eventTime DESC
LIMIT 500
