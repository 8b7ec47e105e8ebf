//! Databases, queues, streams and analytics.

use crate::action::{Action, read, write};
use crate::json::{Array, Object};
use crate::scene::Scene;

pub(super) static ACTIONS: &[Action] = &[
    read("dynamodb", "GetItem", 420).data().version("2012-08-10").request(item).resources(table_resources),
    write("dynamodb", "PutItem", 200).data().version("2012-08-10").request(item).resources(table_resources),
    read("dynamodb", "Query", 160).data().version("2012-08-10").request(item).resources(table_resources),
    read("dynamodb", "DescribeTable", 90).version("2012-08-10").request(table),
    read("rds", "DescribeDBInstances", 70).version("2014-10-31").request(database),
    write("rds", "CreateDBInstance", 1).version("2014-10-31").request(create_database).response(created_database),
    write("rds", "ModifyDBInstance", 2).version("2014-10-31").request(create_database),
    write("rds", "DeleteDBInstance", 1).version("2014-10-31").request(database),
    read("elasticache", "DescribeCacheClusters", 20).version("2015-02-02"),
    read("sqs", "ListQueues", 12),
    write("sqs", "CreateQueue", 1).request(queue),
    write("sns", "Subscribe", 2).version("2010-03-31").request(topic),
    write("sns", "Publish", 15).data().request(topic).resources(topic_resources),
    read("kinesis", "DescribeStreamSummary", 30).request(stream),
    read("athena", "GetQueryExecution", 45).request(query),
    write("athena", "StartQueryExecution", 12).request(start_query).response(query),
    read("glue", "GetTable", 90).request(glue),
    read("redshift", "DescribeClusters", 6).version("2012-12-01"),
    write("bedrock", "InvokeModel", 8).data().request(model),
];

fn table(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("tableName", &scene.thing().named("table"));
}

fn item(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    table(scene, to);
    to.object("key", |key| {
        key.str("pk", "HIDDEN_DUE_TO_SECURITY_REASONS");
    });
    to.raw("consistentRead", if scene.number.is_multiple_of(2) { "true" } else { "false" });
}

fn table_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let thing = scene.thing();
    let table = thing.arn("dynamodb", &format!("table/{}", thing.named("table")));
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::DynamoDB::Table").str("ARN", &table);
    });
    if scene.number.is_multiple_of(6) {
        to.object(|resource| {
            resource.str("accountId", &scene.account.id).str("type", "AWS::DynamoDB::Stream");
            resource.str("ARNPrefix", &format!("{table}/stream/"));
        });
    }
}

fn database(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("dBInstanceIdentifier", &scene.thing().named("db"));
}

fn create_database(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    database(scene, to);
    to.number("allocatedStorage", 100).str("dBInstanceClass", "db.r7g.large").str("engine", "aurora-postgresql");
    to.str("masterUserPassword", "HIDDEN_DUE_TO_SECURITY_REASONS").raw("publiclyAccessible", "false");
    to.raw("enablePerformanceInsights", "true").raw("monitoringRoleArn", "null").array(
        "vpcSecurityGroupIds",
        |groups| {
            groups.str(&scene.thing().ec2_id("sg"));
        },
    );
}

fn created_database(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    create_database(scene, to);
    to.str("dBInstanceStatus", "creating").object("pendingModifiedValues", |pending| {
        pending.str("masterUserPassword", "****");
    });
}

fn queue(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("queueName", &scene.thing().named("queue")).object("attribute", |attribute| {
        attribute.str("VisibilityTimeout", "30").str("KmsMasterKeyId", "alias/aws/sqs");
    });
}

fn topic(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("topicArn", &thing.arn("sns", &thing.named("topic"))).str("protocol", "https");
    to.str("endpoint", "HIDDEN_DUE_TO_SECURITY_REASONS");
}

fn topic_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let thing = scene.thing();
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::SNS::Topic");
        resource.str("ARN", &thing.arn("sns", &thing.named("topic")));
    });
}

fn stream(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("streamName", &scene.thing().named("stream"));
}

fn query(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("queryExecutionId", &scene.thing().uuid());
}

fn start_query(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("queryString", "SELECT \"order\", count(*)\nFROM orders\nGROUP BY 1");
    to.str("clientRequestToken", &scene.dice.uuid()).str("workGroup", "primary");
    to.object("queryExecutionContext", |context| {
        context.str("database", "sales");
    });
}

fn glue(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("databaseName", "sales").str("name", &scene.thing().named("table"));
}

fn model(_: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("modelId", "anthropic.claude-3-haiku-20240307-v1:0");
}
