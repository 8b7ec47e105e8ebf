//! Logs, metrics, configuration, delivery and watching over it all.

use crate::action::{Action, read, write};
use crate::json::Object;
use crate::scene::Scene;

pub(super) static ACTIONS: &[Action] = &[
    write("logs", "CreateLogStream", 240)
        .version("20140328")
        .fails(&["ResourceAlreadyExistsException"])
        .request(log_stream),
    read("logs", "DescribeLogGroups", 60).version("20140328").request(log_group),
    write("logs", "DeleteLogGroup", 1).version("20140328").request(log_group),
    read("monitoring", "DescribeAlarms", 110).version("2010-08-01").request(alarms),
    write("monitoring", "PutMetricAlarm", 4).version("2010-08-01").request(alarm),
    read("cloudtrail", "LookupEvents", 30).request(lookup),
    read("cloudtrail", "DescribeTrails", 50),
    write("cloudtrail", "StopLogging", 1).request(trail),
    write("cloudtrail", "UpdateTrail", 1).request(trail),
    write("config", "PutEvaluations", 70).request(evaluations),
    read("config", "DescribeConfigRules", 30),
    write("ssm", "UpdateInstanceInformation", 330).version("2014-11-06").request(instance_information),
    read("ssm", "GetParameters", 90).version("2014-11-06").request(parameters),
    write("ssm", "StartSession", 2).version("2014-11-06").request(session),
    write("ssm", "SendCommand", 2).version("2014-11-06").request(command),
    read("cloudformation", "DescribeStacks", 80).version("2010-05-15").request(stack),
    write("cloudformation", "CreateStack", 2).version("2010-05-15").request(stack),
    read("apigateway", "GetRestApis", 10),
    read("route53", "ListHostedZones", 18).version("2013-04-01"),
    write("route53", "ChangeResourceRecordSets", 4).version("2013-04-01").request(records),
    read("cloudfront", "ListDistributions", 8).version("2020-05-31"),
    read("guardduty", "ListDetectors", 14),
    write("guardduty", "DeleteDetector", 1).request(detector),
    write("securityhub", "BatchImportFindings", 20).request(findings),
    write("events", "PutRule", 3).request(rule),
    read("health", "DescribeEventAggregates", 25).request(health),
    read("tagging", "GetResources", 30).request(tagging),
    read("support", "DescribeTrustedAdvisorChecks", 6),
    write("servicecatalog", "ProvisionProduct", 1).request(stack),
];

fn log_group(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("logGroupName", &format!("/aws/lambda/{}", scene.thing().named("fn")));
}

fn log_stream(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    log_group(scene, to);
    to.str("logStreamName", &format!("2026/03/02/[$LATEST]{}", scene.dice.text(crate::dice::HEX, 32)));
}

fn alarms(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.number("maxRecords", 100).array("alarmNames", |names| {
        names.str(&scene.thing().named("cpu-alarm"));
    });
}

fn alarm(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("alarmName", &scene.thing().named("cpu-alarm")).raw("threshold", "80.5").number("period", 300);
    to.str("comparisonOperator", "GreaterThanThreshold").array("dimensions", |dimensions| {
        dimensions.object(|dimension| {
            dimension.str("name", "InstanceId").str("value", &scene.thing().ec2_id("i"));
        });
    });
}

fn lookup(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.number("maxResults", 50).str("startTime", &scene.clock(-86_400)).str("endTime", &scene.clock(0));
}

fn trail(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("name", &scene.thing().arn("cloudtrail", "trail/management-events"));
}

fn evaluations(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("resultToken", &scene.dice.text(crate::dice::ALPHANUMERIC, 90)).array("evaluations", |evaluations| {
        evaluations.object(|evaluation| {
            evaluation.str("complianceResourceType", "AWS::EC2::Instance").str("complianceType", "NON_COMPLIANT");
            evaluation
                .str("complianceResourceId", &scene.thing().ec2_id("i"))
                .str("orderingTimestamp", &scene.clock(-5));
        });
    });
    to.raw("testMode", "false");
}

fn instance_information(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let instance = scene.thing().ec2_id("i");
    to.str("instanceId", &instance).str("agentVersion", "3.3.1611.0").str("agentStatus", "Active");
    to.str("platformType", "Linux").str("platformName", "Amazon Linux").str("platformVersion", "2023");
    to.str("iPAddress", "10.0.12.9")
        .str("computerName", "ip-10-0-12-9.ec2.internal")
        .str("agentName", "amazon-ssm-agent");
}

fn parameters(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.raw("withDecryption", "true").array("names", |names| {
        names.str(&format!("/{}/password", scene.thing().named("db"))).str("/shared/endpoint");
    });
}

fn session(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("target", &scene.thing().ec2_id("i")).str("documentName", "SSM-SessionManagerRunShell");
}

fn command(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("documentName", "AWS-RunShellScript").str("parameters", "HIDDEN_DUE_TO_SECURITY_REASONS");
    to.array("instanceIds", |ids| {
        ids.str(&scene.thing().ec2_id("i"));
    });
}

fn stack(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("stackName", &scene.thing().named("stack")).array("capabilities", |capabilities| {
        capabilities.str("CAPABILITY_NAMED_IAM");
    });
}

fn records(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("hostedZoneId", &scene.thing().token(14)).object("changeBatch", |batch| {
        batch.array("changes", |changes| {
            changes.object(|change| {
                change.str("action", "UPSERT").object("resourceRecordSet", |set| {
                    set.str("name", "api.example.com.").str("type", "A").number("tTL", 60);
                });
            });
        });
    });
}

fn detector(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("detectorId", &scene.thing().token(32));
}

fn findings(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let product = scene.thing().arn("securityhub", "product/aws/config");
    to.array("findings", |findings| {
        findings.object(|finding| {
            finding.str("schemaVersion", "2018-10-08").str("productArn", &product);
            finding.object("severity", |severity| {
                severity.str("label", "HIGH").number("normalized", 70);
            });
        });
    });
}

fn rule(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("name", &scene.thing().named("rule")).str("state", "ENABLED");
    to.str("eventPattern", "{\"source\":[\"aws.ec2\"],\"detail-type\":[\"EC2 Instance State-change Notification\"]}");
}

fn health(_: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("aggregateField", "eventTypeCategory").object("filter", |filter| {
        filter.array("eventStatusCodes", |codes| {
            codes.str("open").str("upcoming");
        });
    });
}

fn tagging(_: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("paginationToken", "").number("resourcesPerPage", 100);
}
