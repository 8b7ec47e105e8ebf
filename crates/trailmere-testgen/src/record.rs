//! How does an action become a record, with all its fields, in the order CloudTrail writes them?

use crate::action::Action;
use crate::dice::{ALPHANUMERIC, Dice};
use crate::identity::{self, ACTORS, Actor};
use crate::json::Object;
use crate::plan::{Folder, LogFile};
use crate::scene::{Scene, spell_time};
use crate::services::Catalogue;
use crate::world::World;

const USER_AGENTS: &[&str] = &[
    "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#arm64 api/ec2#1.211.3 m/g",
    "Boto3/1.37.14 md/Botocore#1.37.14 ua/2.1 os/linux#6.1.128 md/arch#x86_64 lang/python#3.13.2 md/pyimpl#CPython Botocore/1.37.14",
    "APN/1.0 HashiCorp/1.0 Terraform/1.11.2 (+https://www.terraform.io) terraform-provider-aws/5.91.0",
    "aws-cli/2.25.4 md/awscrt#0.23.8 ua/2.1 os/macos#24.3.0 md/arch#arm64 lang/python#3.12.9 cfg/retry-mode#standard md/command#s3.cp",
    "aws-internal/3 aws-sdk-java/1.12.779 Linux/5.10.234 OpenJDK_64-Bit_Server_VM/17.0.14+8-LTS java/17.0.14",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36",
    "amazon-ssm-agent/3.3.1611.0 (aws-sdk-go/1.55.6; go1.23.6; linux; amd64)",
];
const ADDENDA: &[&str] = &["DELIVERY_DELAY", "UPDATED_DATA", "SERVICE_OUTAGE"];

/// Writes one record of a log file; what it says depends on the file's and the record's number only.
pub(crate) fn write(world: &World, catalogue: &Catalogue, file: &LogFile, index: usize, out: &mut String) {
    let account = &world.accounts[file.account];
    let mut dice = Dice::at(world.seed, file.number as u64, index as u64);
    let action = if file.showcase { catalogue.numbered(index) } else { catalogue.draw(&mut dice) };
    let actor = match action.actor {
        Some(actor) => actor,
        None if file.showcase => ACTORS[index % ACTORS.len()],
        None => identity::draw(&mut dice, account),
    };
    let late = if dice.per_mille(4) { 3600 * dice.below(30) as i64 } else { 0 };
    let time = file.delivered - 120 - dice.below(720) as i64 - late;
    let number = dice.skewed(400);
    let error =
        (dice.per_mille(45) || (file.showcase && (index + 4 * file.number) % 9 == 4)).then(|| dice.pick(action.errors));
    let mut scene = Scene { world, account, region: file.region, time, dice, actor, number, error };
    Object::write(out, |record| match file.folder {
        Folder::CloudTrail => api_call(&mut scene, action, record, late > 0),
        Folder::Insight => insight(&mut scene, record, index),
        Folder::NetworkActivity => network(&mut scene, action, record),
    });
}

fn api_call(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>, late: bool) {
    head(scene, action, record);
    user_agent(scene, action, record);
    if let Some(error) = scene.error {
        failure(scene, error, record);
    }
    match (action.request, action.service_details) {
        (Some(fields), _) => record.object("requestParameters", |to| fields(scene, to)),
        (None, _) => record.raw("requestParameters", "null"),
    };
    match action.response {
        Some(fields) if scene.error.is_none() || action.service == "signin" => {
            record.object("responseElements", |to| fields(scene, to))
        }
        _ => record.raw("responseElements", "null"),
    };
    if let Some(fields) = action.additional {
        record.object("additionalEventData", |to| fields(scene, to));
    }
    if action.event_type == "AwsApiCall" {
        let id = if action.service == "s3" { scene.short_request_id() } else { scene.dice.uuid() };
        record.str("requestID", &id);
    }
    record.str("eventID", &scene.dice.uuid()).raw("readOnly", if action.read_only { "true" } else { "false" });
    if let Some(resources) = action.resources {
        record.array("resources", |to| resources(scene, to));
    }
    tail(scene, action, record, late);
}

fn head(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>) {
    record.str("eventVersion", scene.account.event_version);
    identity::write(scene, record);
    record.str("eventTime", &spell_time(scene.time));
    record.str("eventSource", &format!("{}.amazonaws.com", action.service)).str("eventName", action.name);
    record.str("awsRegion", scene.region);
    let address = match scene.actor {
        Actor::Service(service) => service.to_owned(),
        Actor::Nameless => "AWS Internal".to_owned(),
        _ => scene.address(),
    };
    record.str("sourceIPAddress", &address);
}

fn user_agent(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>) {
    let agent = match scene.actor {
        Actor::Service(service) => service,
        Actor::Nameless => "AWS Internal",
        _ if action.service == "signin" => USER_AGENTS[5],
        Actor::Role { session, .. } => USER_AGENTS[session % USER_AGENTS.len()],
        _ => scene.dice.pick_skewed(USER_AGENTS),
    };
    if agent.len() > 80 {
        record.str("userAgent", &format!("[{agent}]"));
    } else {
        record.str("userAgent", agent);
    }
}

fn failure(scene: &mut Scene<'_>, error: &str, record: &mut Object<'_>) {
    if error == "Failed authentication" {
        record.str("errorMessage", error);
        return;
    }
    let who = identity::arn(scene).unwrap_or_else(|| "anonymous".to_owned());
    record.str("errorCode", error);
    record.str("errorMessage", &format!("User: {who} is not authorized to perform this action: {error}\n"));
}

fn tail(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>, late: bool) {
    record.str("eventType", action.event_type);
    if let Some(version) = action.api_version {
        record.str("apiVersion", version);
    }
    record.raw("managementEvent", if action.data { "false" } else { "true" });
    record.str("recipientAccountId", &scene.account.id);
    if matches!(scene.actor, Actor::OtherAccount | Actor::Service(_)) || action.name == "AssumeRole" {
        record.str("sharedEventID", &scene.dice.uuid());
    }
    if let Some(fields) = action.service_details {
        record.object("serviceEventDetails", |to| fields(scene, to));
    }
    let newest = matches!(scene.account.event_version, "1.11" | "1.10" | "1.09");
    if action.data && scene.number.is_multiple_of(3) {
        record.str("vpcEndpointId", &scene.numbered(scene.number % 4).ec2_id("vpce"));
        if newest {
            record.str("vpcEndpointAccountId", &scene.account.id);
        }
    }
    record.str("eventCategory", if action.data { "Data" } else { "Management" });
    if !matches!(scene.actor, Actor::Service(_) | Actor::Nameless) {
        tls(scene, action, record);
    }
    if matches!(scene.actor, Actor::User(user) if user % 4 == 3) {
        record.str("sessionCredentialFromConsole", "true");
    }
    if late {
        addendum(scene, record);
    }
}

fn tls(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>) {
    let (version, suite) = match scene.number % 20 {
        19 => ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
        _ => ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    };
    record.object("tlsDetails", |tls| {
        tls.str("tlsVersion", version).str("cipherSuite", suite);
        tls.str("clientProvidedHostHeader", &format!("{}.{}.amazonaws.com", action.service, scene.region));
        if scene.number % 5 == 2 {
            tls.str("keyExchange", "X25519MLKEM768");
        }
    });
}

fn addendum(scene: &mut Scene<'_>, record: &mut Object<'_>) {
    let reason = scene.dice.pick_skewed(ADDENDA);
    record.object("addendum", |addendum| {
        addendum.str("reason", reason);
        if reason == "UPDATED_DATA" {
            addendum.str("updatedFields", "responseElements").str("originalRequestID", &scene.dice.uuid());
            addendum.str("originalEventID", &scene.dice.uuid());
        }
    });
}

/// Insights come in pairs: a `Start` and, with the same `sharedEventID`, an `End`.
fn insight(scene: &mut Scene<'_>, record: &mut Object<'_>, index: usize) {
    let mut pair = Dice::at(scene.world.seed, scene.time as u64 / 86_400, index as u64 / 2);
    let errors = pair.per_mille(300);
    record
        .str("eventVersion", "1.09")
        .str("eventTime", &spell_time(scene.time / 60 * 60))
        .str("awsRegion", scene.region);
    record.str("eventID", &scene.dice.uuid()).str("eventType", "AwsCloudTrailInsight");
    record.str("recipientAccountId", &scene.account.id).str("sharedEventID", &pair.uuid());
    record.object("insightDetails", |details| {
        details.str("state", if index.is_multiple_of(2) { "Start" } else { "End" });
        details.str("eventSource", "ssm.amazonaws.com").str("eventName", "UpdateInstanceInformation");
        details.str("insightType", if errors { "ApiErrorRateInsight" } else { "ApiCallRateInsight" });
        if errors {
            details.str("errorCode", "ThrottlingException");
        }
        details.object("insightContext", |context| insight_context(scene, context));
    });
    record.str("eventCategory", "Insight");
}

fn insight_context(scene: &mut Scene<'_>, context: &mut Object<'_>) {
    let arn = format!("arn:aws:sts::{}:assumed-role/ci-deployer/ci-deployer-3", scene.account.id);
    context.object("statistics", |statistics| {
        statistics.object("baseline", |baseline| {
            baseline.raw("average", "0.0882145492");
        });
        statistics.object("insight", |insight| {
            insight.raw("average", "0.6");
        });
        statistics.number("insightDuration", 5).number("baselineDuration", 11_336);
    });
    context.array("attributions", |attributions| {
        for (attribute, value) in
            [("userIdentityArn", arn.as_str()), ("userAgent", "codedeploy"), ("errorCode", "null")]
        {
            attributions.object(|to| attribution(to, attribute, value));
        }
    });
}

fn attribution(to: &mut Object<'_>, attribute: &str, value: &str) {
    to.str("attribute", attribute);
    for (side, average) in [("insight", "0.6"), ("baseline", "0.0882145492")] {
        to.array(side, |values| {
            values.object(|to| {
                to.str("value", value).raw("average", average);
            });
        });
    }
}

fn network(scene: &mut Scene<'_>, action: &Action, record: &mut Object<'_>) {
    let denied = scene.dice.per_mille(400);
    if denied {
        scene.actor = Actor::OtherAccount;
    }
    record.str("eventVersion", "1.09");
    identity::write(scene, record);
    record.str("eventTime", &spell_time(scene.time)).str("eventSource", &format!("{}.amazonaws.com", action.service));
    record.str("eventName", action.name).str("awsRegion", scene.region).str("sourceIPAddress", "10.0.4.71");
    if denied {
        record.str("errorCode", "VpceAccessDenied");
        record.str("errorMessage", "The request was denied due to a VPC endpoint policy");
    }
    record.str("requestID", &scene.dice.uuid()).str("eventID", &scene.dice.uuid());
    record.str("eventType", "AwsVpceEvent").str("recipientAccountId", &scene.account.id);
    record.str("sharedEventID", &scene.dice.uuid()).str("vpcEndpointId", &scene.numbered(1).ec2_id("vpce"));
    record.str("vpcEndpointAccountId", &scene.account.id).str("eventCategory", "NetworkActivity");
}

/// A log file's `<unique>` part.
pub(crate) fn unique_name(seed: u64, number: usize) -> String {
    Dice::at(seed, number as u64, u64::MAX).text(ALPHANUMERIC, 16)
}
