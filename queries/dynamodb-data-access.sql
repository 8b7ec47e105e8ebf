-- title: DynamoDB tables read and written
-- description: Tables by number of data events and kind of action. Scans of whole tables stand out.
-- tags: dynamodb, data events
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(element_at(requestParameters, 'tableName'), element_at(resources, 1).arn) AS tableName,
       eventName,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'dynamodb.amazonaws.com'
  AND regexp_like(eventName, '^(Get|Put|Update|Delete|Query|Scan|Batch|Transact|Execute)')
GROUP BY 1, 2, 3
ORDER BY events DESC
LIMIT 200
