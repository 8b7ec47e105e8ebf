-- title: Use of KMS keys
-- description: Who encrypts and decrypts with which key, and how often in vain.
-- tags: kms, encryption, data
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT element_at(resources, 1).arn AS keyArn,
       coalesce(userIdentity.arn, userIdentity.principalId, userIdentity.invokedBy) AS principal,
       eventName,
       count(*) AS events,
       count_if(errorCode IS NOT NULL) AS errors,
       max(eventTime) AS lastSeen
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventSource = 'kms.amazonaws.com'
  AND regexp_like(eventName, '^(Encrypt|Decrypt|ReEncrypt|GenerateDataKey|Sign|Verify)')
GROUP BY 1, 2, 3
ORDER BY events DESC
LIMIT 200
