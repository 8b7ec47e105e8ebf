-- title: Use of Bedrock models
-- description: Which models are invoked, by whom, and how often in vain: stolen credentials are often spent here.
-- tags: bedrock, ai, cost, threat
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT element_at(requestParameters, 'modelId') AS model,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventName,
       awsRegion,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource LIKE 'bedrock%.amazonaws.com'
  AND regexp_like(eventName, '^(InvokeModel|Converse|PutFoundationModelEntitlement|PutUseCaseForModelAccess)')
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 200
