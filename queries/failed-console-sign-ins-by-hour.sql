-- title: Failed console sign-ins by hour
-- description: How many console sign-ins failed in each hour, with MFA and without.
-- tags: sign-in, console, failure, trend
-- param: since timestamp = TIMESTAMP '1970-01-01 00:00:00' -- only events from then on
-- param: until timestamp = TIMESTAMP '2200-01-01 00:00:00' -- only events before then

SELECT date_trunc('hour', eventTime) AS hourOfEvent,
       count_if(element_at(additionalEventData, 'MFAUsed') = 'Yes') AS withMfa,
       count_if(coalesce(element_at(additionalEventData, 'MFAUsed'), 'No') <> 'Yes') AS withoutMfa,
       count(*) AS failures
FROM events
WHERE eventTime >= $since AND eventTime < $until
  AND eventName = 'ConsoleLogin'
  AND element_at(responseElements, 'ConsoleLogin') = 'Failure'
GROUP BY 1
ORDER BY 1
