-- title: Secrets read
-- description: Who read which secrets and secure parameters, from where.
-- tags: secrets, credentials, data
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventSource,
       eventName,
       coalesce(element_at(requestParameters, 'secretId'), element_at(requestParameters, 'name'),
                element_at(requestParameters, 'names'), element_at(requestParameters, 'path')) AS secret,
       count(*) AS reads,
       count_if(errorCode IS NOT NULL) AS errors,
       count(DISTINCT sourceIPAddress) AS addresses,
       max(eventTime) AS lastRead
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND ((eventSource = 'secretsmanager.amazonaws.com' AND eventName IN ('GetSecretValue', 'BatchGetSecretValue'))
    OR (eventSource = 'ssm.amazonaws.com' AND eventName IN ('GetParameter', 'GetParameters', 'GetParametersByPath')))
GROUP BY 1, 2, 3, 4
ORDER BY reads DESC
LIMIT 200
