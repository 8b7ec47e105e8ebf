//! Sign-in, STS, IAM and the services around identities.

use crate::action::{Action, read, write};
use crate::dice::ALPHANUMERIC;
use crate::identity::{Actor, session_name};
use crate::json::{Array, Object};
use crate::scene::{Scene, spell_time};
use crate::world::session_key;

const STS: &str = "2011-06-15";
const IAM: &str = "2010-05-08";
const SIGN_IN: &[&str] = &["Failed authentication"];

pub(super) static ACTIONS: &[Action] = &[
    write("signin", "ConsoleLogin", 12)
        .of_type("AwsConsoleSignIn")
        .fails(SIGN_IN)
        .response(signed_in)
        .additional(sign_in),
    write("signin", "CheckMfa", 4).of_type("AwsConsoleSignIn").fails(SIGN_IN).response(checked).additional(sign_in),
    write("signin", "SwitchRole", 3).of_type("AwsConsoleSignIn").fails(SIGN_IN).response(switched).additional(switch),
    read("sts", "AssumeRole", 620).version(STS).request(assume).response(assumed).resources(role_resources),
    read("sts", "AssumeRoleWithSAML", 12)
        .by(Actor::Saml(4))
        .request(assume_saml)
        .response(assumed)
        .resources(role_resources),
    read("sts", "AssumeRoleWithWebIdentity", 60)
        .by(Actor::WebIdentity(5))
        .request(assume)
        .response(assumed)
        .resources(role_resources),
    read("sts", "GetCallerIdentity", 110).version(STS),
    read("sts", "GetSessionToken", 4).version(STS).request(session_token),
    read("iam", "ListRoles", 60).version(IAM),
    read("iam", "GetRole", 90).version(IAM).fails(&["NoSuchEntityException", "AccessDenied"]).request(role),
    read("iam", "GetUser", 30).version(IAM).request(user),
    write("iam", "CreateUser", 2).version(IAM).request(user).response(created_user),
    write("iam", "CreateAccessKey", 2).version(IAM).request(user).response(created_key),
    write("iam", "DeleteAccessKey", 1).version(IAM).request(user),
    write("iam", "AttachRolePolicy", 4).version(IAM).request(attach_role),
    write("iam", "AttachUserPolicy", 2).version(IAM).request(attach_user),
    write("iam", "PutRolePolicy", 2).version(IAM).request(role_policy),
    write("iam", "UpdateAssumeRolePolicy", 1).version(IAM).request(role),
    write("iam", "DeactivateMFADevice", 1).version(IAM).request(user),
    read("sso", "ListAccounts", 10).by(Actor::IdentityCenter(2)),
    read("secretsmanager", "GetSecretValue", 90)
        .request(secret)
        .fails(&["AccessDeniedException", "ResourceNotFoundException"]),
    write("secretsmanager", "PutSecretValue", 2).request(secret),
    read("cognito-idp", "ListUsers", 8).request(pool),
    read("organizations", "DescribeOrganization", 14),
    write("organizations", "MoveAccount", 1).request(move_account),
    write("kms", "RotateKey", 2)
        .of_type("AwsServiceEvent")
        .by(Actor::Nameless)
        .details(rotated)
        .resources(rotated_resources),
];

fn sign_in(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let mfa = scene.dice.per_mille(650);
    to.str("LoginTo", "https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true");
    to.str("MobileVersion", "No").str("MFAUsed", if mfa { "Yes" } else { "No" });
    if mfa {
        to.str("MFAIdentifier", &format!("arn:aws:iam::{}:mfa/phone", scene.account.id));
    }
}

fn outcome(scene: &Scene<'_>) -> &'static str {
    if scene.error.is_some() { "Failure" } else { "Success" }
}

fn signed_in(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("ConsoleLogin", outcome(scene));
}

fn checked(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("CheckMfa", outcome(scene));
}

fn switched(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("SwitchRole", outcome(scene));
}

fn switch(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let role = &scene.account.roles[scene.number % scene.account.roles.len()];
    to.str("SwitchFrom", &format!("arn:aws:iam::{}:user/alice", scene.account.id));
    to.str(
        "RedirectTo",
        &format!("https://console.aws.amazon.com/switchrole?account={}&roleName={}", scene.account.id, role.name),
    );
}

/// The role that is being assumed, and the session's name.
fn assumes(scene: &Scene<'_>) -> (usize, String) {
    let role = scene.number % scene.account.roles.len();
    (role, session_name(scene.account, role, scene.number))
}

fn role_arn(scene: &Scene<'_>, role: usize) -> String {
    format!("arn:aws:iam::{}:role/{}", scene.account.id, scene.account.roles[role].name)
}

fn assume(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let (role, session) = assumes(scene);
    to.str("roleArn", &role_arn(scene, role)).str("roleSessionName", &session);
    if scene.number.is_multiple_of(4) {
        to.number("durationSeconds", 3600);
    }
    if scene.account.roles[role].name == "vendor-monitoring" {
        to.str("externalId", "HIDDEN_DUE_TO_SECURITY_REASONS");
    }
}

fn assume_saml(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    assume(scene, to);
    to.str("principalArn", &format!("arn:aws:iam::{}:saml-provider/adfs", scene.account.id));
    to.str("sAMLAssertionID", &scene.dice.uuid());
}

fn assumed(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let (role, session) = assumes(scene);
    let principal = &scene.account.roles[role];
    let hour = scene.time / 3600;
    to.object("credentials", |credentials| {
        credentials.str("accessKeyId", &session_key(&principal.id, &session, hour));
        credentials.str("sessionToken", &format!("{}==", scene.dice.text(ALPHANUMERIC, 220)));
        credentials.str("expiration", &spelled_for_people(scene.time + 3600));
    });
    to.object("assumedRoleUser", |user| {
        user.str("assumedRoleId", &format!("{}:{session}", principal.id));
        user.str("arn", &format!("arn:aws:sts::{}:assumed-role/{}/{session}", scene.account.id, principal.name));
    });
}

/// STS writes its times for people: `Mar 2, 2026, 10:15:00 AM`.
fn spelled_for_people(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

fn role_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let (role, _) = assumes(scene);
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::IAM::Role").str("ARN", &role_arn(scene, role));
    });
}

fn session_token(_: &mut Scene<'_>, to: &mut Object<'_>) {
    to.number("durationSeconds", 43_200);
}

fn role(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("roleName", &scene.account.roles[scene.number % scene.account.roles.len()].name);
}

fn user(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("userName", &scene.account.users[scene.number % scene.account.users.len()].name);
}

fn created_user(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let user = &scene.account.users[scene.number % scene.account.users.len()];
    to.object("user", |to| {
        to.str("path", "/").str("arn", &format!("arn:aws:iam::{}:user/{}", scene.account.id, user.name));
        to.str("userId", &user.id).str("createDate", &spelled_for_people(scene.time)).str("userName", &user.name);
    });
}

fn created_key(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let user = &scene.account.users[scene.number % scene.account.users.len()];
    to.object("accessKey", |key| {
        key.str("userName", &user.name)
            .str("accessKeyId", &format!("AKIA{}", scene.dice.text(crate::dice::BASE32, 16)));
        key.str("status", "Active").str("createDate", &spelled_for_people(scene.time));
    });
}

fn attach_role(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    role(scene, to);
    to.str("policyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
}

fn attach_user(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    user(scene, to);
    to.str("policyArn", "arn:aws:iam::aws:policy/AdministratorAccess");
}

fn role_policy(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    role(scene, to);
    let policy = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]\n}";
    to.str("policyName", "inline").str("policyDocument", policy);
}

fn secret(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    let thing = scene.thing();
    to.str("secretId", &thing.arn("secretsmanager", &format!("secret:{}-{}", thing.named("db"), thing.token(6))));
}

fn pool(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("userPoolId", &format!("{}_{}", scene.region, scene.thing().token(9))).number("limit", 60);
}

fn move_account(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("accountId", &scene.account.id)
        .str("sourceParentId", "r-ab12")
        .str("destinationParentId", "ou-ab12-34cd56ef");
}

fn rotated(scene: &mut Scene<'_>, to: &mut Object<'_>) {
    to.str("keyId", &scene.thing().uuid()).str("rotationType", "AUTOMATIC").str("keyOrigin", "AWS_KMS");
    to.str("rotationDate", &spell_time(scene.time));
}

fn rotated_resources(scene: &mut Scene<'_>, to: &mut Array<'_>) {
    let thing = scene.thing();
    to.object(|resource| {
        resource.str("accountId", &scene.account.id).str("type", "AWS::KMS::Key");
        resource.str("ARN", &thing.arn("kms", &format!("key/{}", thing.uuid())));
    });
}
