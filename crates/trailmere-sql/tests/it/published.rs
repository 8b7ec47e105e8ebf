//! Queries that others published for CloudTrail must plan and run over tables of the published shape.
//!
//! Reads the shared conformance folder (`TRAILMERE_SHARED`, or beside the repository) and skips where it is absent.

use std::path::{Path, PathBuf};

use crate::run::{Tables, run};

const LAKE: &str = "
    eventversion varchar
    useridentity row(type varchar, principalid varchar, arn varchar, accountid varchar, accesskeyid varchar, username varchar, sessioncontext row(attributes row(creationdate timestamp(6), mfaauthenticated varchar), sessionissuer row(type varchar, principalid varchar, arn varchar, accountid varchar, username varchar), webidfederationdata row(federatedprovider varchar, attributes map(varchar, varchar)), sourceidentity varchar, ec2roledelivery varchar, ec2issuedinvpc varchar), onbehalfof row(userid varchar, identitystorearn varchar), inscopeof row(sourcearn varchar, sourceaccount varchar, issuertype varchar, credentialsissuedto varchar), invokedby varchar, identityprovider varchar, credentialid varchar)
    eventtime timestamp(6)
    eventsource varchar
    eventname varchar
    awsregion varchar
    sourceipaddress varchar
    useragent varchar
    errorcode varchar
    errormessage varchar
    requestparameters map(varchar, varchar)
    responseelements map(varchar, varchar)
    additionaleventdata map(varchar, varchar)
    requestid varchar
    eventid varchar
    readonly boolean
    resources array(row(accountid varchar, type varchar, arn varchar, arnprefix varchar))
    eventtype varchar
    apiversion varchar
    managementevent boolean
    recipientaccountid varchar
    sharedeventid varchar
    annotation varchar
    vpcendpointid varchar
    vpcendpointaccountid varchar
    serviceeventdetails map(varchar, varchar)
    addendum map(varchar, varchar)
    edgedevicedetails map(varchar, varchar)
    insightdetails map(varchar, varchar)
    eventcategory varchar
    tlsdetails row(tlsversion varchar, ciphersuite varchar, clientprovidedhostheader varchar, keyexchange varchar)
    sessioncredentialfromconsole varchar
    eventjson varchar
    eventjsonchecksum varchar
    eventcontext row(requestcontext map(varchar, varchar), tagcontext row(resourcetags array(row(arn varchar, tags map(varchar, varchar))), principaltags map(varchar, varchar)))
    insightsource varchar
    insightstate varchar
    insighteventsource varchar
    insighteventname varchar
    insighterrorcode varchar
    insighttype varchar
    calendarday bigint
    hour integer";

const CONFIG: &str = "
    eventversion varchar
    eventcategory varchar
    eventtype varchar
    eventid varchar
    eventtime timestamp(6)
    awsregion varchar
    recipientaccountid varchar
    addendum map(varchar, varchar)
    eventdata row(configurationitemversion varchar, configurationitemcapturetime varchar, configurationitemstatus varchar, configurationitemstateid varchar, accountid varchar, resourcetype varchar, resourceid varchar, resourcename varchar, arn varchar, awsregion varchar, availabilityzone varchar, resourcecreationtime varchar, configuration map(varchar, varchar), supplementaryconfiguration map(varchar, varchar), relatedevents varchar, relationships array(row(name varchar, resourcetype varchar, resourceid varchar, resourcename varchar)), tags map(varchar, varchar))
    eventjson varchar";

const ATHENA: &str = "
    eventversion varchar
    useridentity row(type varchar, principalid varchar, arn varchar, accountid varchar, invokedby varchar, accesskeyid varchar, username varchar, onbehalfof row(userid varchar, identitystorearn varchar), sessioncontext row(attributes row(mfaauthenticated varchar, creationdate varchar), sessionissuer row(type varchar, principalid varchar, arn varchar, accountid varchar, username varchar), ec2roledelivery varchar, webidfederationdata row(federatedprovider varchar, attributes map(varchar, varchar))))
    eventtime varchar
    eventsource varchar
    eventname varchar
    awsregion varchar
    sourceipaddress varchar
    useragent varchar
    errorcode varchar
    errormessage varchar
    requestparameters varchar
    responseelements varchar
    additionaleventdata varchar
    requestid varchar
    eventid varchar
    readonly varchar
    resources array(row(arn varchar, accountid varchar, type varchar))
    eventtype varchar
    apiversion varchar
    recipientaccountid varchar
    serviceeventdetails varchar
    sharedeventid varchar
    vpcendpointid varchar
    eventcategory varchar
    tlsdetails row(tlsversion varchar, ciphersuite varchar, clientprovidedhostheader varchar)
    region varchar
    account varchar
    account_id varchar
    p_account varchar
    p_date varchar
    p_region varchar
    account_partition varchar
    region_partition varchar
    accountid varchar
    year varchar
    month varchar
    day varchar
    dt varchar
    date varchar
    date_partition varchar
    timestamp varchar
    event_time timestamp(3)
    $path varchar
    configurationitems array(row(configurationitemcapturetime varchar, resourcetype varchar, resourceid varchar, configurationitemstatus varchar))";

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("TRAILMERE_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("conformance/queries")).filter(|f| f.is_dir())
}

/// Published as they are, and no valid Trino over the table they are for: HAVING over an alias, a misspelt column, a
/// member of text, one name for the many columns of an array of rows, a column that is not grouped.
const BROKEN: &[&str] = &[
    "athena-2c7b18f7",
    "athena-83841176",
    "athena-d0e8b6fb",
    "athena-4d818e68",
    "athena-config-236aee71",
    "lake-3e86baef",
];

#[test]
fn published_queries_plan_and_run() {
    let Some(folder) = folder() else {
        eprintln!("skipped: the shared conformance folder is not there");
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let mut failures = Vec::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "sql")) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let shape = match () {
            () if name.starts_with("lake-config") => CONFIG,
            () if name.starts_with("lake") => LAKE,
            () => ATHENA,
        };
        let mut tables = Tables::default();
        let mut text = std::fs::read_to_string(file).unwrap();
        for (i, eds) in ["EDS", "EDS1", "EDS2", "EDS3"].iter().enumerate() {
            let id = format!("cdc27250-6e9b-4cfb-afaf-4c14eacd649{i}");
            text = text.replace(&format!("${{{eds}}}"), &id);
            tables = tables.with(&id, shape);
        }
        text = text.replace("${date_filter}", "2024-01-01");
        text = text.replace("${EDS_CONFIG}", "37382170-182d-42ed-9df9-5aaf0b4b9511");
        tables = tables.with("37382170-182d-42ed-9df9-5aaf0b4b9511", CONFIG);
        let task = runtime.spawn(async move { run(&text, &tables).await });
        match runtime.block_on(task) {
            Ok(Ok(_)) => {}
            Ok(Err(e)) if !BROKEN.iter().any(|b| name.starts_with(b)) => failures.push(format!("{name}: {e}")),
            Ok(Err(_)) => {}
            Err(panic) => failures.push(format!("{name}: {panic}")),
        }
    }
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}

/// The physical plan of a query over an events table.
fn explained(sql: &str) -> String {
    let tables = Tables::default().with("events", LAKE);
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let sql = sql.to_string();
    runtime.block_on(async move { crate::run::optimized(&sql, &tables).await })
}

#[test]
fn filters_reach_the_scan_as_comparisons_of_columns() {
    let plan =
        explained("SELECT eventName FROM events WHERE eventTime > '2023-01-22' AND eventSource = 's3.amazonaws.com'");
    assert!(plan.contains("eventtime > TimestampMicrosecond(1674345600000000, None)"), "{plan}");
    let plan = explained("SELECT userIdentity.arn FROM events WHERE eventTime >= date_add('day', -7, now())");
    assert!(plan.contains("eventtime >= TimestampMicrosecond("), "{plan}");
    let plan =
        explained("SELECT 1 FROM events WHERE eventTime BETWEEN timestamp '2023-01-01 00:00:00' AND '2023-01-02'");
    assert!(plan.contains("eventtime >= TimestampMicrosecond(") && plan.contains("eventtime <= "), "{plan}");
    let plan =
        explained("SELECT 1 FROM (SELECT * FROM events) e WHERE e.userIdentity.sessionContext.sessionIssuer.arn = 'x'");
    assert!(plan.contains("get_field("), "{plan}");
}
