-- title: Console, CLI or program
-- description: By which way each principal works: console, command line, SDK, infrastructure as code, or an AWS
--   service.
-- tags: user agent, console, users
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       CASE
         WHEN userIdentity.invokedBy IS NOT NULL OR userAgent LIKE '%.amazonaws.com' THEN 'aws service'
         WHEN sessionCredentialFromConsole = 'true' OR regexp_like(userAgent, '^Mozilla/|console[.]amazonaws[.]com') THEN 'console'
         WHEN userAgent LIKE '%aws-cli/%' THEN 'cli'
         WHEN regexp_like(lower(userAgent), '(terraform|pulumi|cloudformation|cdk)') THEN 'infrastructure as code'
         WHEN regexp_like(lower(userAgent), '(boto3|botocore|aws-sdk|aws-internal)') THEN 'sdk'
         ELSE 'other'
       END AS way,
       count(*) AS events,
       count_if(NOT readOnly) AS changes
FROM events
WHERE eventTime >= $since AND eventTime < $until
GROUP BY 1, 2
ORDER BY events DESC
LIMIT 200
