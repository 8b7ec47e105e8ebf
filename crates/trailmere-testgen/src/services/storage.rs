//! S3 and KMS: the bulk of data events and of management reads.

use crate::action::{Action, read, write};
use crate::json::{Array, Object};
use crate::scene::Scene;

const S3_ERRORS: &[&str] = &["AccessDenied", "NoSuchKey", "NoSuchBucketPolicy"];

pub(super) static ACTIONS: &[Action] = &[
    read("s3", "GetObject", 1400)
        .data()
        .fails(S3_ERRORS)
        .request(object)
        .additional(transfer)
        .resources(object_resources),
    write("s3", "PutObject", 700)
        .data()
        .fails(S3_ERRORS)
        .request(object)
        .response(encrypted)
        .additional(transfer)
        .resources(object_resources),
    read("s3", "HeadObject", 300)
        .data()
        .fails(S3_ERRORS)
        .request(object)
        .additional(transfer)
        .resources(object_resources),
    read("s3", "ListObjects", 150).data().request(listing).additional(transfer).resources(bucket_resources),
    write("s3", "DeleteObject", 60).data().request(object).additional(transfer).resources(object_resources),
    read("s3", "ListBuckets", 120).request(host).additional(transfer),
    read("s3", "GetBucketAcl", 260)
        .fails(S3_ERRORS)
        .request(bucket_acl)
        .additional(transfer)
        .resources(bucket_resources),
    read("s3", "GetBucketLocation", 90).request(bucket).additional(transfer).resources(bucket_resources),
    write("s3", "CreateBucket", 3).request(create_bucket).additional(transfer).resources(bucket_resources),
    write("s3", "DeleteBucket", 1).request(bucket).additional(transfer).resources(bucket_resources),
    write("s3", "PutBucketPolicy", 3).request(bucket_policy).additional(transfer).resources(bucket_resources),
    write("s3", "PutBucketPublicAccessBlock", 2)
        .request(public_access)
        .additional(transfer)
        .resources(bucket_resources),
    read("kms", "Decrypt", 900).request(encryption_context).resources(key_resources),
    read("kms", "GenerateDataKey", 500).request(data_key).resources(key_resources),
    read("kms", "DescribeKey", 120).request(key).resources(key_resources),
    write("kms", "CreateGrant", 25).request(grant).response(granted).resources(key_resources),
    write("kms", "ScheduleKeyDeletion", 1).request(deletion).resources(key_resources),
    write("kms", "DisableKey", 1).request(key).resources(key_resources),
];

fn host(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("Host", &format!("s3.{}.amazonaws.com", scene.region));
}

fn bucket(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let name = scene.thing().bucket();
    to.str("bucketName", &name).str("Host", &format!("{name}.s3.{}.amazonaws.com", scene.region));
}

fn object_key(scene: &mut Scene<'_>) -> String {
    let number = scene.number;
    format!("year=2026/month=03/part-{:05}-{}.snappy.parquet", number * 7 % 4000, scene.numbered(number + 7).token(8))
}

fn object(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    bucket(scene, to);
    to.str("key", &object_key(scene));
    if scene.dice.per_mille(100) {
        to.str("x-amz-server-side-encryption", "aws:kms").str("x-amz-acl", "bucket-owner-full-control");
    }
}

fn listing(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("list-type", "2");
    bucket(scene, to);
    to.str("prefix", "year=2026/").str("encoding-type", "url").str("max-keys", "1000").str("delimiter", "/");
}

fn bucket_acl(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("acl", "");
    bucket(scene, to);
}

fn create_bucket(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.object("CreateBucketConfiguration", |configuration| {
        configuration.str("LocationConstraint", scene.region).str("xmlns", "http://s3.amazonaws.com/doc/2006-03-01/");
    });
    bucket(scene, to);
}

fn bucket_policy(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let (name, public) = (scene.thing().bucket(), scene.dice.per_mille(300));
    let principal = if public { "*".to_owned() } else { format!("arn:aws:iam::{}:root", scene.account.id) };
    to.object("bucketPolicy", |policy| {
        policy.str("Version", "2012-10-17").array("Statement", |statements| {
            statements.object(|statement| {
                statement.str("Sid", "AllowRead").str("Effect", "Allow");
                statement.object("Principal", |who| {
                    who.str("AWS", &principal);
                });
                statement.array("Action", |actions| {
                    actions.str("s3:GetObject").str("s3:ListBucket");
                });
                statement.str("Resource", &format!("arn:aws:s3:::{name}/*"));
            });
        });
    });
    bucket(scene, to);
    to.str("policy", "");
}

fn public_access(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let block = if scene.dice.per_mille(700) { "true" } else { "false" };
    to.str("publicAccessBlock", "");
    bucket(scene, to);
    to.object("PublicAccessBlockConfiguration", |configuration| {
        configuration.str("xmlns", "http://s3.amazonaws.com/doc/2006-03-01/");
        for flag in ["RestrictPublicBuckets", "BlockPublicPolicy", "BlockPublicAcls", "IgnorePublicAcls"] {
            configuration.raw(flag, block);
        }
    });
}

fn encrypted(_: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("x-amz-server-side-encryption", "AES256");
}

fn transfer(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("SignatureVersion", "SigV4").str("CipherSuite", "TLS_AES_128_GCM_SHA256");
    let sent = scene.dice.skewed(50_000_000);
    if scene.dice.per_mille(20) {
        to.raw("bytesTransferredIn", &format!("{sent}.0"));
    } else {
        to.number("bytesTransferredIn", (sent % 9) as u64 * 100);
    }
    to.str("AuthenticationMethod", "AuthHeader")
        .str("x-amz-id-2", &format!("{}=", scene.dice.text(crate::dice::ALPHANUMERIC, 75)));
    to.number("bytesTransferredOut", sent as u64);
}

fn object_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let (bucket, key) = (scene.thing().bucket(), object_key(scene));
    to.object(|resource| {
        resource.str("type", "AWS::S3::Object").str("ARN", &format!("arn:aws:s3:::{bucket}/{key}"));
    });
    bucket_resources(scene, to);
}

fn bucket_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let bucket = scene.thing().bucket();
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::S3::Bucket");
        resource.str("ARN", &format!("arn:aws:s3:::{bucket}"));
    });
}

fn key(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("keyId", &scene.kms_key(scene.number));
}

fn encryption_context(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let bucket = scene.thing().bucket();
    to.object("encryptionContext", |context| {
        context.str("aws:s3:arn", &format!("arn:aws:s3:::{bucket}"));
    });
    to.str("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
}

fn data_key(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    key(scene, to);
    encryption_context(scene, to);
    to.str("keySpec", "AES_256");
}

fn grant(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    key(scene, to);
    to.str("granteePrincipal", "ec2.amazonaws.com").object("constraints", |constraints| {
        constraints.object("encryptionContextSubset", |subset| {
            subset.str("aws:ebs:id", &scene.thing().ec2_id("vol"));
        });
    });
    to.array("operations", |operations| {
        operations.str("Encrypt").str("Decrypt").str("CreateGrant").str("GenerateDataKeyWithoutPlaintext");
    });
}

fn granted(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("grantId", &scene.dice.text(crate::dice::HEX, 64)).str("keyId", &scene.kms_key(scene.number));
}

fn deletion(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    key(scene, to);
    to.number("pendingWindowInDays", 7);
}

fn key_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let key = scene.kms_key(scene.number);
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::KMS::Key").str("ARN", &key);
    });
}
