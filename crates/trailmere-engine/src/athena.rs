//! Which columns has the table that Amazon documents for CloudTrail in Athena, and where in a store does each come from?
//!
//! The documented columns in their order, then the partition columns that tables over CloudTrail files have. Nothing is
//! decoded that is not asked for: members of rows are read alone, and JSON text is cut from the record as delivered.

mod document;
mod partition;
mod rows;
mod time;

use datafusion::logical_expr::Expr;
use trailmere_model::{EVENTJSON, EVENTTIME, PATH};
use trailmere_sql::Type;
use trailmere_sql::call::Typed;
use trailmere_sql::catalog::TableColumn;

pub(crate) use rows::OpenRows;
pub(crate) use time::EVENT_TIME_TEXT;

use crate::columns::physical;
use document::member_of_record;
use partition::{Part, day_part};
use rows::{Member, list_of_rows, row};
use time::iso_text;

/// The columns of `athena.<store>`.
pub(crate) fn table_columns() -> Vec<TableColumn> {
    let mut columns: Vec<TableColumn> = documented().into_iter().map(|(name, value)| column(name, value)).collect();
    for (name, value) in partitions() {
        columns.push(column(name, value));
    }
    for (name, value) in other_partitions() {
        columns.push(TableColumn { hidden: true, ..column(name, value) });
    }
    columns.push(TableColumn { hidden: true, ..column("$path", text(PATH)) });
    columns
}

fn column(name: &str, value: Typed) -> TableColumn {
    TableColumn { name: name.to_string(), display: None, ty: value.ty, hidden: false, expr: value.expr }
}

fn text(name: &str) -> Typed {
    Typed::new(physical(name), Type::VARCHAR)
}

fn record() -> Expr {
    physical(EVENTJSON)
}

/// The columns of the documented table.
fn documented() -> Vec<(&'static str, Typed)> {
    vec![
        ("eventversion", text("eventversion")),
        ("useridentity", user_identity()),
        ("eventtime", iso_text(physical(EVENTTIME))),
        ("eventsource", text("eventsource")),
        ("eventname", text("eventname")),
        ("awsregion", text("awsregion")),
        ("sourceipaddress", text("sourceipaddress")),
        ("useragent", text("useragent")),
        ("errorcode", text("errorcode")),
        ("errormessage", text("errormessage")),
        ("requestparameters", member_of_record(record(), "requestParameters")),
        ("responseelements", member_of_record(record(), "responseElements")),
        ("additionaleventdata", member_of_record(record(), "additionalEventData")),
        ("requestid", text("requestid")),
        ("eventid", text("eventid")),
        ("readonly", rows::boolean_text(physical("readonly"))),
        ("resources", list_of_rows(physical("resources"), &["arn", "accountid", "type"])),
        ("eventtype", text("eventtype")),
        ("apiversion", text("apiversion")),
        ("recipientaccountid", text("recipientaccountid")),
        ("serviceeventdetails", member_of_record(record(), "serviceEventDetails")),
        ("sharedeventid", text("sharedeventid")),
        ("vpcendpointid", text("vpcendpointid")),
        ("vpcendpointaccountid", text("vpcendpointaccountid")),
        ("eventcategory", text("eventcategory")),
        ("addendum", addendum()),
        ("sessioncredentialfromconsole", text("sessioncredentialfromconsole")),
        ("edgedevicedetails", member_of_record(record(), "edgeDeviceDetails")),
        ("tlsdetails", tls_details()),
    ]
}

/// The partition columns of the documented ways to partition: by account, Region and day.
fn partitions() -> Vec<(&'static str, Typed)> {
    vec![
        ("account", text("recipientaccountid")),
        ("region", text("awsregion")),
        ("year", day_part(Part::Year)),
        ("month", day_part(Part::Month)),
        ("day", day_part(Part::Day)),
        ("timestamp", day_part(Part::Slashes)),
    ]
}

/// Other names that published tables give to the same; not in `*`.
fn other_partitions() -> Vec<(&'static str, Typed)> {
    let same = |names: &[&'static str], value: Typed| names.iter().map(|n| (*n, value.clone())).collect::<Vec<_>>();
    let accounts = ["account_id", "accountid", "aws_account_id", "p_account", "account_partition"];
    let regions = ["aws_region", "p_region", "region_partition"];
    let days = ["dt", "date", "datehour", "p_date", "date_partition", "event_date", "ingest_date", "partition_date"];
    let mut all = same(&accounts, text("recipientaccountid"));
    all.extend(same(&regions, text("awsregion")));
    all.extend(same(&days, day_part(Part::Slashes)));
    all
}

fn user_identity() -> Typed {
    let attributes = [Member::Text("mfaauthenticated"), Member::Time("creationdate")];
    let issuer = ["type", "principalid", "arn", "accountid", "username"].map(Member::Text);
    let federation = [Member::Text("federatedprovider"), Member::Map("attributes")];
    let session = [
        Member::Row("attributes", &attributes),
        Member::Row("sessionissuer", &issuer),
        Member::Text("ec2roledelivery"),
        Member::Row("webidfederationdata", &federation),
    ];
    let behalf = ["userid", "identitystorearn"].map(Member::Text);
    let members = [
        Member::Text("type"),
        Member::Text("principalid"),
        Member::Text("arn"),
        Member::Text("accountid"),
        Member::Text("invokedby"),
        Member::Text("accesskeyid"),
        Member::Text("username"),
        Member::Row("onbehalfof", &behalf),
        Member::Row("sessioncontext", &session),
    ];
    row(physical("useridentity"), &members)
}

fn tls_details() -> Typed {
    row(physical("tlsdetails"), &["tlsversion", "ciphersuite", "clientprovidedhostheader"].map(Member::Text))
}

fn addendum() -> Typed {
    let members = ["reason", "updatedfields", "originalrequestid", "originaleventid"].map(Member::Key);
    row(physical("addendum"), &members)
}

#[cfg(test)]
mod tests;
