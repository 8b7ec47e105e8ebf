-- title: Calls from other accounts
-- description: Callers of one account in the events of another: which account, which action, how often.
-- tags: cross-account, identity
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT userIdentity.accountId AS callerAccount,
       recipientAccountId,
       eventSource,
       eventName,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND userIdentity.accountId <> recipientAccountId
GROUP BY 1, 2, 3, 4
ORDER BY events DESC
LIMIT 200
