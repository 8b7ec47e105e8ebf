-- title: Changes of the organization
-- description: Accounts created, closed, invited, moved or leaving, and changes of service control policies.
-- tags: organizations, accounts, scp, change
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT eventTime,
       userIdentity.arn AS principal,
       eventName,
       coalesce(element_at(requestParameters, 'accountId'), element_at(requestParameters, 'accountName'),
                element_at(requestParameters, 'policyId'), element_at(requestParameters, 'targetId')) AS target,
       sourceIPAddress,
       errorCode
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'organizations.amazonaws.com'
  AND NOT regexp_like(eventName, '^(List|Describe)')
ORDER BY eventTime DESC
LIMIT 500
