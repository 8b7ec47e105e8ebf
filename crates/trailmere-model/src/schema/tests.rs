//! Are the schemas those that the reference writes down, in its own words?
//!
//! Oracle: the CloudTrail Lake user guide's schemas, with our own members at the ends marked `-- ours`.

use std::collections::HashSet;

use arrow::datatypes::{DataType, TimeUnit};

use super::*;

const CLOUDTRAIL: &str = "
eventversion string
useridentity struct<type:string,principalid:string,arn:string,accountid:string,accesskeyid:string,username:string,\
sessioncontext:struct<attributes:struct<creationdate:timestamp,mfaauthenticated:string>,\
sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>,\
webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>,\
sourceidentity:string,ec2roledelivery:string,ec2issuedinvpc:string>,\
onbehalfof:struct<userid:string,identitystorearn:string>,\
inscopeof:struct<sourcearn:string,sourceaccount:string,issuertype:string,credentialsissuedto:string>,\
invokedby:string,identityprovider:string,\
credentialid:string,invokedbydelegate:struct<accountid:string>,assumedroot:string>
eventtime timestamp
eventsource string
eventname string
awsregion string
sourceipaddress string
useragent string
errorcode string
errormessage string
requestparameters map<string,string>
responseelements map<string,string>
additionaleventdata map<string,string>
requestid string
eventid string
readonly boolean
resources array<struct<accountid:string,type:string,arn:string,arnprefix:string>>
eventtype string
apiversion string
managementevent boolean
recipientaccountid string
sharedeventid string
annotation string
vpcendpointid string
vpcendpointaccountid string
serviceeventdetails map<string,string>
addendum map<string,string>
edgedevicedetails map<string,string>
insightdetails map<string,string>
eventcategory string
tlsdetails struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string,keyexchange:string>
sessioncredentialfromconsole string
eventjson string
eventjsonchecksum string";

const EVENTCONTEXT_TYPE: &str = "struct<requestcontext:map<string,string>,\
tagcontext:struct<resourcetags:array<struct<arn:string,tags:map<string,string>>>,principaltags:map<string,string>>>";

const INSIGHTS: &str = "
eventversion string
eventcategory string
eventtype string
eventid string
eventtime timestamp
awsregion string
recipientaccountid string
sharedeventid string
addendum map<string,string>
insightsource string
insightstate string
insighteventsource string
insighteventname string
insighterrorcode string
insighttype string
insightcontext struct<baselineaverage:double,insightaverage:double,baselineduration:integer,insightduration:integer,\
attributions:array<struct<attribute:string,insightvalue:string,insightaverage:double,baselinevalue:string,baselineaverage:double,\
insight:array<struct<value:string,average:double>>,baseline:array<struct<value:string,average:double>>>>>
eventjson string";

const CONFIGURATION: &str = "
eventversion string
eventcategory string
eventtype string
eventid string
eventtime timestamp
awsregion string
recipientaccountid string
addendum map<string,string>
eventdata struct<configurationitemversion:string,configurationitemcapturetime:string,configurationitemstatus:string,\
configurationitemstateid:string,accountid:string,resourcetype:string,resourceid:string,resourcename:string,arn:string,\
awsregion:string,availabilityzone:string,resourcecreationtime:string,configuration:map<string,string>,\
supplementaryconfiguration:map<string,string>,relatedevents:string,\
relationships:array<struct<name:string,resourcetype:string,resourceid:string,resourcename:string>>,tags:map<string,string>>
eventjson string";

const EVIDENCE: &str = "
eventversion string
eventcategory string
eventtype string
eventid string
eventtime timestamp
awsregion string
recipientaccountid string
addendum map<string,string>
eventdata struct<attributes:map<string,string>,awsaccountid:string,awsorganization:string,compliancecheck:string,\
datasource:string,eventname:string,eventsource:string,evidenceawsaccountid:string,evidencebytype:string,iamid:string,\
evidenceid:string,time:timestamp,assessmentid:string,controlsetid:string,controlid:string,controlname:string,\
controldomainname:string,frameworkname:string,frameworkid:string,service:string,servicecategory:string,resourcearn:string,\
resourcetype:string,evidencefolderid:string,description:string,manualevidences3resourcepath:string,evidencefoldername:string,\
resourcecompliancecheck:string>
eventjson string";

const ACTIVITY: &str = "
eventversion string
eventcategory string
eventtype string
eventid string
eventtime timestamp
awsregion string
recipientaccountid string
addendum struct<reason:string,updatedfields:string,originaluid:string,originaleventid:string>
metadata struct<ingestiontime:string,channelarn:string>
eventdata struct<version:string,useridentity:struct<type:string,principalid:string,details:map<string,string>>,\
useragent:string,eventsource:string,eventname:string,eventtime:string,uid:string,requestparameters:map<string,string>,\
responseelements:map<string,string>,errorcode:string,errormessage:string,sourceipaddress:string,recipientaccountid:string,\
additionaleventdata:map<string,string>>
eventjson string";

/// An Arrow type in the guide's words.
fn written(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "string".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".to_owned(),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => format!("map<{},{}>", written(pair[0].data_type()), written(pair[1].data_type())),
            other => panic!("a map of {other}"),
        },
        DataType::List(item) => format!("array<{}>", written(item.data_type())),
        DataType::Struct(fields) => {
            let members: Vec<_> = fields.iter().map(|f| format!("{}:{}", f.name(), written(f.data_type()))).collect();
            format!("struct<{}>", members.join(","))
        }
        other => panic!("{other} is no type of a store"),
    }
}

fn lines(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{} {}", column.name, written(&column.data_type))).collect()
}

fn text_of(store_type: StoreType) -> &'static str {
    match store_type {
        StoreType::CloudTrail => CLOUDTRAIL,
        StoreType::Insights => INSIGHTS,
        StoreType::Configuration => CONFIGURATION,
        StoreType::Evidence => EVIDENCE,
        StoreType::ActivityAuditLog => ACTIVITY,
    }
}

#[test]
fn published_columns_are_the_published_ones_in_their_order() {
    for store_type in StoreType::ALL {
        let expected: Vec<&str> = text_of(store_type).trim().lines().collect();
        assert_eq!(lines(published_columns(store_type)), expected, "{store_type}");
    }
    assert_eq!(published_columns(StoreType::CloudTrail).len(), 34);
}

#[test]
fn files_hold_the_published_columns_less_the_computed_one_and_then_ours() {
    for store_type in StoreType::ALL {
        let schema = storage_schema(store_type);
        let stored: Vec<String> =
            schema.fields().iter().map(|f| format!("{} {}", f.name(), written(f.data_type()))).collect();
        let mut expected: Vec<String> = text_of(store_type)
            .trim()
            .lines()
            .filter(|line| !line.starts_with(EVENTJSONCHECKSUM))
            .map(str::to_owned)
            .collect();
        if store_type == StoreType::CloudTrail {
            expected.push(format!("{EVENTCONTEXT} {EVENTCONTEXT_TYPE}"));
        }
        expected.push("_path string".to_owned());
        expected.push("_ingested timestamp".to_owned());
        expected.push("_verified string".to_owned());
        assert_eq!(stored, expected, "{store_type}");
        assert!(schema.fields().iter().all(|field| field.is_nullable()));
    }
}

#[test]
fn every_store_has_its_time_its_record_and_its_order() {
    for store_type in StoreType::ALL {
        let schema = storage_schema(store_type);
        for name in [EVENTTIME, EVENTJSON, PATH, INGESTED, VERIFIED].iter().chain(sort_columns(store_type)) {
            assert!(schema.field_with_name(name).is_ok(), "{store_type} {name}");
        }
        assert_eq!(sort_columns(store_type).last(), Some(&EVENTTIME));
        assert!(schema.field_with_name(CALENDARDAY).is_err(), "the partition key is not in the files");
    }
}

#[test]
fn names_are_the_lower_case_of_the_records_spelling() {
    for store_type in StoreType::ALL {
        let mut seen = HashSet::new();
        for column in published_columns(store_type).iter().chain(extra_columns(store_type)) {
            assert_eq!(column.name, column.display.to_lowercase());
            assert!(seen.insert(column.name), "{store_type} has `{}` twice", column.name);
        }
    }
}

#[test]
fn columns_are_found_in_any_case() {
    let column = find_column(StoreType::CloudTrail, "UserIdentity").unwrap();
    assert_eq!((column.name, column.display), ("useridentity", "userIdentity"));
    assert_eq!(find_column(StoreType::CloudTrail, "EVENTCONTEXT").unwrap().display, "eventContext");
    assert_eq!(find_column(StoreType::Insights, "insightstate").unwrap().display, "insightState");
    assert!(find_column(StoreType::Insights, "eventcontext").is_none());
    assert!(find_column(StoreType::CloudTrail, CALENDARDAY).is_none());
}

#[test]
fn a_config_items_state_id_is_read_by_its_own_key() {
    let members = find_column(StoreType::Configuration, "eventdata").unwrap().column_type.members();
    let renamed: Vec<_> = members.iter().filter(|member| member.display != member.json_key).collect();
    assert_eq!(renamed.len(), 1);
    assert_eq!((renamed[0].display, renamed[0].json_key), ("configurationItemStateId", "configurationStateId"));
}
