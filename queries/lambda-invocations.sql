-- title: Lambda functions invoked
-- description: Functions by number of invocations, with failures and callers.
-- tags: lambda, data events
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT element_at(resources, 1).arn AS functionArn,
       count(*) AS invocations,
       count_if(errorCode IS NOT NULL) AS errors,
       count(DISTINCT coalesce(userIdentity.arn, userIdentity.invokedBy)) AS callers,
       max(eventTime) AS lastInvoked
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'lambda.amazonaws.com'
  AND eventName = 'Invoke'
GROUP BY 1
ORDER BY invocations DESC
LIMIT 200
