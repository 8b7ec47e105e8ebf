-- title: Roles that assume themselves
-- description: Sessions that assume the very role they already have: needless, and since 2023 only possible where the
--   trust policy says so.
-- tags: role, sts, hygiene
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.sessionContext.sessionIssuer.arn AS role,
       count(*) AS assumptions,
       count(DISTINCT sourceIPAddress) AS addresses,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'sts.amazonaws.com'
  AND eventName = 'AssumeRole'
  AND userIdentity.sessionContext.sessionIssuer.arn = element_at(requestParameters, 'roleArn')
GROUP BY 1
ORDER BY assumptions DESC
