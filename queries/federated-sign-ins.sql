-- title: Federated sign-ins
-- description: Sessions that a SAML or OpenID Connect provider opened: which provider, which user, which role.
-- tags: federation, sign-in, role, sts
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.identityProvider AS provider,
       userIdentity.userName AS userName,
       element_at(requestParameters, 'roleArn') AS role,
       eventName,
       count(*) AS sessions,
       count_if(errorCode IS NOT NULL) AS refused,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName IN ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
GROUP BY 1, 2, 3, 4
ORDER BY sessions DESC
LIMIT 200
