//! EC2, load balancing, containers and Lambda.

use crate::action::{Action, read, write};
use crate::json::{Array, Object};
use crate::scene::Scene;

const EC2: &str = "2016-11-15";
const DENIED: &[&str] =
    &["Client.UnauthorizedOperation", "Client.InvalidInstanceID.NotFound", "Client.RequestLimitExceeded"];

pub(super) static ACTIONS: &[Action] = &[
    read("ec2", "DescribeInstances", 420).version(EC2).fails(DENIED).request(describe),
    read("ec2", "DescribeSecurityGroups", 160).version(EC2).fails(DENIED).request(describe),
    read("ec2", "DescribeVolumes", 130).version(EC2).request(describe),
    read("ec2", "DescribeNetworkInterfaces", 180).version(EC2).request(describe),
    read("ec2", "DescribeTags", 80).version(EC2).request(describe),
    write("ec2", "RunInstances", 20).version(EC2).fails(DENIED).request(run).response(running),
    write("ec2", "TerminateInstances", 12).version(EC2).fails(DENIED).request(instances).response(terminating),
    write("ec2", "StopInstances", 4).version(EC2).request(instances),
    write("ec2", "CreateTags", 40).version(EC2).request(tags).response(yes),
    write("ec2", "AuthorizeSecurityGroupIngress", 6).version(EC2).request(ingress).response(yes),
    write("ec2", "RevokeSecurityGroupIngress", 3).version(EC2).request(ingress).response(yes),
    write("ec2", "CreateSnapshot", 8).version(EC2).request(snapshot),
    write("ec2", "ModifySnapshotAttribute", 1).version(EC2).request(share),
    write("ec2", "CreateNetworkInterface", 20).version(EC2).request(interface),
    read("elasticloadbalancing", "DescribeTargetHealth", 190).version("2015-12-01").request(target),
    write("elasticloadbalancing", "RegisterTargets", 12).version("2015-12-01").request(target),
    read("autoscaling", "DescribeAutoScalingGroups", 110).request(empty),
    write("autoscaling", "TerminateInstanceInAutoScalingGroup", 3).request(scale_in),
    read("ecs", "DescribeTasks", 90).request(cluster),
    write("ecs", "UpdateService", 8).request(cluster),
    read("eks", "DescribeCluster", 70).request(cluster),
    read("ecr", "BatchGetImage", 80).request(repository).resources(repository_resources),
    write("ecr", "PutImage", 5).request(repository).resources(repository_resources),
    write("lambda", "Invoke", 420)
        .data()
        .version("2015-03-31")
        .request(invoke)
        .additional(invoked)
        .resources(function_resources),
    read("lambda", "GetFunction20150331v2", 70).version("2015-03-31").request(function),
    write("lambda", "UpdateFunctionCode20150331v2", 6).request(function).response(updated),
    read("states", "DescribeExecution", 25).request(execution),
];

fn empty(_: &mut Scene<'_>, _: &mut Object<'_>) {}

fn yes(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("requestId", &scene.dice.uuid()).raw("_return", "true");
}

fn describe(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    if scene.dice.per_mille(500) {
        to.number("maxResults", 1000);
    }
    to.object("filterSet", |filters| {
        if scene.number.is_multiple_of(3) {
            filters.array("items", |items| {
                items.object(|item| cluster_filter(scene, item));
            });
        }
    });
}

fn cluster_filter(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("name", "tag:eks:cluster-name").items("valueSet", |item| {
        item.str("value", &scene.thing().named("cluster"));
    });
}

fn run(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.items("instancesSet", |item| {
        item.str("imageId", &thing.ec2_id("ami")).number("minCount", 1).number("maxCount", 1);
        item.str("keyName", "ops");
    });
    to.items("groupSet", |item| {
        item.str("groupId", &thing.ec2_id("sg"));
    });
    to.str("instanceType", ["m7g.large", "t3.micro", "p4d.24xlarge"][scene.number % 3]);
    to.object("blockDeviceMapping", |_| {}).object("monitoring", |monitoring| {
        monitoring.raw("enabled", "false");
    });
    to.str("subnetId", &thing.ec2_id("subnet")).raw("disableApiTermination", "false");
    to.items("tagSpecificationSet", |item| {
        item.str("resourceType", "instance").array("tags", |tags| {
            tags.object(|tag| {
                tag.str("key", "Name").str("value", &thing.named("web"));
            });
            tags.object(|tag| {
                tag.str("key", "cost-center").str("value", "4711");
            });
        });
    });
}

fn running(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("requestId", &thing.uuid()).str("reservationId", &thing.ec2_id("r")).str("ownerId", &scene.account.id);
    to.object("groupSet", |_| {}).items("instancesSet", |item| {
        item.str("instanceId", &thing.ec2_id("i")).str("imageId", &thing.ec2_id("ami"));
        item.object("instanceState", |state| {
            state.number("code", 0).str("name", "pending");
        });
        item.str("privateDnsName", "ip-10-0-3-17.ec2.internal").raw("launchTime", &format!("{}000", scene.time));
        item.object("placement", |placement| {
            placement.str("availabilityZone", &format!("{}a", scene.region)).str("tenancy", "default");
        });
    });
}

fn instances(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let id = scene.thing().ec2_id("i");
    to.items("instancesSet", |item| {
        item.str("instanceId", &id);
    });
}

fn terminating(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let id = scene.thing().ec2_id("i");
    to.items("instancesSet", |item| {
        item.str("instanceId", &id).object("currentState", |state| {
            state.number("code", 32).str("name", "shutting-down");
        });
    });
}

fn tags(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.items("resourcesSet", |item| {
        item.str("resourceId", &thing.ec2_id("i"));
    });
    to.items("tagSet", |item| {
        item.str("key", "Owner").str("value", "Zoë \"ops\" <ops@example.com>");
    });
}

fn ingress(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let open = scene.dice.per_mille(400);
    let port = scene.dice.pick(&[22, 443, 3389, 5432]);
    to.str("groupId", &scene.thing().ec2_id("sg")).items("ipPermissions", |item| {
        item.str("ipProtocol", "tcp").number("fromPort", port).number("toPort", port);
        item.object("groups", |_| {}).items("ipRanges", |range| {
            range.str("cidrIp", if open { "0.0.0.0/0" } else { "10.0.0.0/8" });
        });
        item.object("ipv6Ranges", |_| {}).object("prefixListIds", |_| {});
    });
}

fn snapshot(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("volumeId", &scene.thing().ec2_id("vol")).str("description", "nightly");
}

fn share(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("snapshotId", &scene.thing().ec2_id("snap"));
    to.object("createVolumePermission", |permission| {
        permission.items("add", |item| {
            item.str("group", "all");
        });
    });
    to.str("attributeType", "CREATE_VOLUME_PERMISSION");
}

fn interface(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("subnetId", &thing.ec2_id("subnet")).str("description", "AWS Lambda VPC ENI").items("groupSet", |item| {
        item.str("groupId", &thing.ec2_id("sg"));
    });
}

fn target(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str(
        "targetGroupArn",
        &thing.arn("elasticloadbalancing", &format!("targetgroup/{}/{}", thing.named("tg"), thing.token(16))),
    );
}

fn scale_in(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("instanceId", &scene.thing().ec2_id("i")).raw("shouldDecrementDesiredCapacity", "true");
}

fn cluster(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("cluster", &thing.named("cluster")).str("service", &thing.named("svc"));
}

fn repository(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("registryId", &scene.account.id).str("repositoryName", &thing.named("image"));
    to.array("imageIds", |ids| {
        ids.object(|id| {
            id.str("imageTag", "latest");
        });
    });
}

fn repository_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let thing = scene.thing();
    to.object(|resource| {
        resource
            .str("accountId", &scene.account.id)
            .str("ARN", &thing.arn("ecr", &format!("repository/{}", thing.named("image"))));
    });
}

fn function_arn(scene: &Scene<'_>) -> String {
    let thing = scene.thing();
    thing.arn("lambda", &format!("function:{}", thing.named("fn")))
}

fn function(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("functionName", &function_arn(scene));
}

fn invoke(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    function(scene, to);
    to.str("invocationType", if scene.number.is_multiple_of(2) { "Event" } else { "RequestResponse" });
}

fn invoked(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("functionVersion", &format!("{}:$LATEST", function_arn(scene)));
}

fn function_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let arn = function_arn(scene);
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::Lambda::Function").str("ARN", &arn);
    });
}

fn updated(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("functionArn", &function_arn(scene)).str("runtime", "python3.13").number("codeSize", 48_211);
    to.object("environment", |_| {}).str("lastModified", &scene.clock(1));
}

fn execution(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("executionArn", &thing.arn("states", &format!("execution:{}:{}", thing.named("flow"), thing.uuid())));
}
