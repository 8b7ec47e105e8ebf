"""Questions into what is nested: maps, JSON within them, lists of resources, and the chain from key to key."""
from question import Question

NESTED = [
    Question(
        "console-no-mfa",
        "Console logins without MFA",
        trailmere="SELECT eventtime, userIdentity.arn AS arn, sourceipaddress, eventid FROM events WHERE eventname = 'ConsoleLogin'"
        " AND element_at(responseelements, 'ConsoleLogin') = 'Success' AND element_at(additionaleventdata, 'MFAUsed') = 'No'"
        " ORDER BY eventtime, eventid",
        duckdb="SELECT eventtime, user_arn AS arn, sourceipaddress, eventid FROM events WHERE eventname = 'ConsoleLogin'"
        " AND responseelements['ConsoleLogin'] = 'Success' AND additionaleventdata['MFAUsed'] = 'No' ORDER BY eventtime, eventid",
        clickhouse="SELECT eventtime, user_arn AS arn, sourceipaddress, eventid FROM events WHERE eventname = 'ConsoleLogin'"
        " AND responseelements['ConsoleLogin'] = 'Success' AND additionaleventdata['MFAUsed'] = 'No' ORDER BY eventtime, eventid",
    ),
    Question(
        "s3-objects",
        "The S3 objects that are read most",
        trailmere="SELECT element_at(requestparameters, 'bucketName') AS bucket, element_at(requestparameters, 'key') AS object,"
        " count(*) AS n FROM events WHERE eventsource = 's3.amazonaws.com' AND eventname = 'GetObject'"
        " GROUP BY 1, 2 ORDER BY n DESC, bucket, object LIMIT 25",
        duckdb="SELECT requestparameters['bucketName'] AS bucket, requestparameters['key'] AS object,"
        " count(*) AS n FROM events WHERE eventsource = 's3.amazonaws.com' AND eventname = 'GetObject'"
        " GROUP BY 1, 2 ORDER BY n DESC, bucket, object LIMIT 25",
        clickhouse="SELECT requestparameters['bucketName'] AS bucket, requestparameters['key'] AS object,"
        " count(*) AS n FROM events WHERE eventsource = 's3.amazonaws.com' AND eventname = 'GetObject'"
        " GROUP BY 1, 2 ORDER BY n DESC, bucket, object LIMIT 25",
    ),
    Question(
        "bucket-of-all",
        "A map's key over all events, whatever they are",
        trailmere="SELECT element_at(requestparameters, 'bucketName') AS bucket, count(*) AS n FROM events"
        " WHERE element_at(requestparameters, 'bucketName') IS NOT NULL GROUP BY 1 ORDER BY n DESC, bucket LIMIT 20",
        duckdb="SELECT requestparameters['bucketName'] AS bucket, count(*) AS n FROM events"
        " WHERE requestparameters['bucketName'] IS NOT NULL GROUP BY 1 ORDER BY n DESC, bucket LIMIT 20",
        clickhouse="SELECT requestparameters['bucketName'] AS bucket, count(*) AS n FROM events"
        " WHERE requestparameters['bucketName'] != '' GROUP BY 1 ORDER BY n DESC, bucket LIMIT 20",
    ),
    Question(
        "group-by-map",
        "The most frequent request, by all of its parameters",
        trailmere="SELECT requestparameters, count(*) AS n FROM events WHERE eventname = 'GetBucketAcl'"
        " GROUP BY requestparameters ORDER BY n DESC, element_at(requestparameters, 'Host') LIMIT 20",
        duckdb="SELECT requestparameters, count(*) AS n FROM events WHERE eventname = 'GetBucketAcl'"
        " GROUP BY requestparameters ORDER BY n DESC, requestparameters['Host'] LIMIT 20",
        clickhouse="SELECT requestparameters, count(*) AS n FROM events WHERE eventname = 'GetBucketAcl'"
        " GROUP BY requestparameters ORDER BY n DESC, requestparameters['Host'] LIMIT 20",
    ),
    Question(
        "role-chains",
        "Who used the key that AssumeRole returned to assume another role",
        trailmere="WITH assumed AS (SELECT userIdentity.sessionContext.sessionIssuer.arn AS caller, userIdentity.accessKeyId AS used,"
        " element_at(requestparameters, 'roleArn') AS role,"
        " json_extract_scalar(element_at(responseelements, 'credentials'), '$.accessKeyId') AS issued"
        " FROM events WHERE eventsource = 'sts.amazonaws.com' AND eventname = 'AssumeRole')"
        " SELECT a.role AS first_role, b.role AS next_role, count(*) AS n FROM assumed a JOIN assumed b ON b.used = a.issued"
        " GROUP BY a.role, b.role ORDER BY n DESC, first_role, next_role LIMIT 50",
        duckdb="WITH assumed AS (SELECT issuer_arn AS caller, user_accesskeyid AS used, requestparameters['roleArn'] AS role,"
        " responseelements['credentials'] ->> '$.accessKeyId' AS issued"
        " FROM events WHERE eventsource = 'sts.amazonaws.com' AND eventname = 'AssumeRole')"
        " SELECT a.role AS first_role, b.role AS next_role, count(*) AS n FROM assumed a JOIN assumed b ON b.used = a.issued"
        " GROUP BY a.role, b.role ORDER BY n DESC, first_role, next_role LIMIT 50",
        clickhouse="WITH assumed AS (SELECT issuer_arn AS caller, user_accesskeyid AS used, requestparameters['roleArn'] AS role,"
        " JSONExtractString(responseelements['credentials'], 'accessKeyId') AS issued"
        " FROM events WHERE eventsource = 'sts.amazonaws.com' AND eventname = 'AssumeRole')"
        " SELECT a.role AS first_role, b.role AS next_role, count(*) AS n"
        " FROM (SELECT * FROM assumed WHERE issued != '') AS a JOIN (SELECT * FROM assumed WHERE used != '') AS b ON b.used = a.issued"
        " GROUP BY a.role, b.role ORDER BY n DESC, first_role, next_role LIMIT 50",
    ),
    Question(
        "nested-json",
        "Buckets whose public access block was loosened: JSON within a map",
        trailmere="SELECT element_at(requestparameters, 'bucketName') AS bucket, count(*) AS n FROM events"
        " WHERE eventname = 'PutBucketPublicAccessBlock' AND json_extract_scalar("
        "element_at(requestparameters, 'PublicAccessBlockConfiguration'), '$.BlockPublicPolicy') = 'false'"
        " GROUP BY 1 ORDER BY n DESC, bucket LIMIT 50",
        duckdb="SELECT requestparameters['bucketName'] AS bucket, count(*) AS n FROM events"
        " WHERE eventname = 'PutBucketPublicAccessBlock'"
        " AND (requestparameters['PublicAccessBlockConfiguration'] ->> '$.BlockPublicPolicy') = 'false'"
        " GROUP BY 1 ORDER BY n DESC, bucket LIMIT 50",
        clickhouse="SELECT requestparameters['bucketName'] AS bucket, count(*) AS n FROM events"
        " WHERE eventname = 'PutBucketPublicAccessBlock'"
        " AND NOT JSONExtractBool(requestparameters['PublicAccessBlockConfiguration'], 'BlockPublicPolicy')"
        " GROUP BY 1 ORDER BY n DESC, bucket LIMIT 50",
    ),
    Question(
        "json-of-raw",
        "A path into the raw events of one service and day",
        trailmere="SELECT json_extract_scalar(eventjson, '$.requestParameters.encryptionContext.aws:s3:arn') AS context, count(*) AS n"
        " FROM events WHERE eventname = 'Decrypt' AND eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00'"
        " GROUP BY 1 ORDER BY n DESC, context LIMIT 20",
        duckdb="SELECT eventjson ->> '$.requestParameters.encryptionContext.\"aws:s3:arn\"' AS context, count(*) AS n"
        " FROM events WHERE eventname = 'Decrypt' AND eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00'"
        " GROUP BY 1 ORDER BY n DESC, context LIMIT 20",
        clickhouse="SELECT JSONExtractString(eventjson, 'requestParameters', 'encryptionContext', 'aws:s3:arn') AS context, count(*) AS n"
        " FROM events WHERE eventname = 'Decrypt' AND eventtime >= '$day 00:00:00' AND eventtime < '$next_day 00:00:00'"
        " GROUP BY 1 ORDER BY n DESC, context LIMIT 20",
    ),
    Question(
        "resources",
        "The resources that are touched most",
        trailmere="SELECT touched.type AS type, touched.arn AS arn, count(*) AS n FROM events"
        " CROSS JOIN UNNEST(resources) AS touched(accountid, type, arn, arnprefix) WHERE touched.arn IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY n DESC, type, arn LIMIT 25",
        duckdb="SELECT touched.type AS type, touched.ARN AS arn, count(*) AS n FROM (SELECT unnest(resources) AS touched FROM events)"
        " WHERE touched.ARN IS NOT NULL GROUP BY 1, 2 ORDER BY n DESC, type, arn LIMIT 25",
        clickhouse="SELECT touched.type AS type, touched.ARN AS arn, count(*) AS n FROM events ARRAY JOIN resources AS touched"
        " WHERE touched.ARN != '' GROUP BY 1, 2 ORDER BY n DESC, type, arn LIMIT 25",
    ),
]
