//! Who did it: `userIdentity` in all the forms that records have.

use crate::dice::{BASE32, Dice};
use crate::json::Object;
use crate::scene::{Scene, spell_time};
use crate::world::{Account, Principal, session_key};

/// Who acts in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A session of a role, by the role's and the session's number.
    Role {
        role: usize,
        session: usize,
    },
    User(usize),
    Root,
    /// A service with its name in `invokedBy`.
    Service(&'static str),
    /// Another account of the world.
    OtherAccount,
    Federated(usize),
    /// A role itself, without a session (as some services record it).
    BareRole(usize),
    Directory,
    IdentityCenter(usize),
    Saml(usize),
    WebIdentity(usize),
    Unknown,
    /// Only `accountId` and `invokedBy`, no type, as in service events.
    Nameless,
}

/// One of each form, for corpora that must hold them all.
pub(crate) const ACTORS: &[Actor] = &[
    Actor::Role { role: 1, session: 2 },
    Actor::Role { role: 11, session: 4 },
    Actor::User(3),
    Actor::Root,
    Actor::Service("ec2.amazonaws.com"),
    Actor::OtherAccount,
    Actor::Federated(1),
    Actor::BareRole(3),
    Actor::Directory,
    Actor::IdentityCenter(2),
    Actor::Saml(4),
    Actor::WebIdentity(5),
    Actor::Unknown,
    Actor::Nameless,
];

const SERVICES: &[&str] = &[
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "config.amazonaws.com",
    "autoscaling.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "delivery.logs.amazonaws.com",
];

/// Somebody, as likely as in real logs.
pub(crate) fn draw(dice: &mut Dice, account: &Account) -> Actor {
    match dice.below(1000) {
        0..700 => Actor::Role { role: dice.skewed(account.roles.len()), session: dice.skewed(60) },
        700..860 => Actor::Service(dice.pick_skewed(SERVICES)),
        860..950 => Actor::User(dice.skewed(account.users.len())),
        950..970 => Actor::OtherAccount,
        970..978 => Actor::IdentityCenter(dice.skewed(account.users.len())),
        978..984 => Actor::Federated(dice.skewed(account.users.len())),
        984..989 => Actor::BareRole(dice.skewed(account.roles.len())),
        989..993 => Actor::Root,
        993..995 => Actor::Directory,
        995..997 => Actor::Unknown,
        _ => Actor::Nameless,
    }
}

/// The name of a role's session.
pub(crate) fn session_name(account: &Account, role: usize, session: usize) -> String {
    match account.roles[role].name.as_str() {
        "eks-node-group" | "app-web" => format!("i-0{:016x}", crate::dice::mix(role as u64, session as u64) >> 4),
        name if name.starts_with("AWSReservedSSO") || name == "OrganizationAccountAccessRole" => {
            format!("{}@example.com", account.users[session % account.users.len()].name)
        }
        name => format!("{name}-{session}"),
    }
}

/// The ARN of whoever acts, where there is one.
pub(crate) fn arn(scene: &Scene<'_>) -> Option<String> {
    let account = scene.account;
    Some(match scene.actor {
        Actor::Role { role, session } => format!(
            "arn:aws:sts::{}:assumed-role/{}/{}",
            account.id,
            account.roles[role].name,
            session_name(account, role, session)
        ),
        Actor::User(user) => format!("arn:aws:iam::{}:user/{}", account.id, account.users[user].name),
        Actor::Root => format!("arn:aws:iam::{}:root", account.id),
        Actor::Federated(user) => format!("arn:aws:sts::{}:federated-user/{}", account.id, account.users[user].name),
        Actor::BareRole(role) => format!("arn:aws:iam::{}:role/{}", account.id, account.roles[role].name),
        _ => return None,
    })
}

/// Writes `userIdentity`.
pub(crate) fn write(scene: &mut Scene<'_>, record: &mut Object<'_>) {
    let arn = arn(scene);
    record.object("userIdentity", |identity| match scene.actor {
        Actor::Role { role, session } => assumed_role(scene, identity, (role, session), arn.as_deref()),
        Actor::User(user) => iam_user(scene, identity, user, arn.as_deref()),
        Actor::Root => root(scene, identity, arn.as_deref()),
        Actor::Federated(user) => federated(scene, identity, user, arn.as_deref()),
        Actor::BareRole(role) => {
            let role = &scene.account.roles[role];
            identity.str("type", "Role").str("principalId", &role.id).str("arn", arn.as_deref().unwrap_or_default());
            identity.str("accountId", &scene.account.id).str("invokedBy", "AWS Internal");
        }
        other => outsider(scene, identity, other),
    });
}

fn outsider(scene: &mut Scene<'_>, identity: &mut Object<'_>, actor: Actor) {
    let account = scene.account;
    match actor {
        Actor::Service(service) => {
            identity.str("type", "AWSService").str("invokedBy", service);
        }
        Actor::OtherAccount => {
            let other = scene.dice.below(scene.world.accounts.len());
            let other = &scene.world.accounts[other];
            identity.str("type", "AWSAccount").str("principalId", &format!("{}:cross-account", other.roles[4].id));
            identity.str("accountId", &other.id);
        }
        Actor::Directory => {
            identity
                .str("type", "Directory")
                .str("principalId", &scene.numbered(0).token(12))
                .str("accountId", &account.id);
        }
        Actor::IdentityCenter(user) => {
            let things = scene.numbered(user);
            identity.str("type", "IdentityCenterUser").str("accountId", &account.id);
            identity.object("onBehalfOf", |on| {
                on.str("userId", &things.uuid());
                on.str(
                    "identityStoreArn",
                    &format!("arn:aws:identitystore::{}:identitystore/d-9067642ac7", account.id),
                );
            });
            identity.str("credentialId", &things.token(40));
        }
        Actor::Saml(user) => {
            let name = format!("{}@example.com", account.users[user].name);
            identity.str("type", "SAMLUser").str("principalId", &format!("{}:{name}", scene.numbered(1).token(28)));
            identity.str("userName", &name).str("identityProvider", "http://idp.example.com/adfs/services/trust");
        }
        Actor::WebIdentity(_) => {
            let subject = "repo:example/orders:ref:refs/heads/main";
            identity.str("type", "WebIdentityUser");
            identity.str("principalId", &format!("token.actions.githubusercontent.com:sts.amazonaws.com:{subject}"));
            identity.str("userName", subject).str("identityProvider", "token.actions.githubusercontent.com");
        }
        Actor::Unknown => {
            identity.str("type", "Unknown").str("principalId", "").str("accountId", "ANONYMOUS_PRINCIPAL");
        }
        _ => {
            identity.str("accountId", &account.id).str("invokedBy", "kms.amazonaws.com");
        }
    }
}

fn assumed_role(scene: &mut Scene<'_>, identity: &mut Object<'_>, who: (usize, usize), arn: Option<&str>) {
    let account = scene.account;
    let (role, session) = (&account.roles[who.0], session_name(account, who.0, who.1));
    let hour = scene.time / 3600;
    identity.str("type", "AssumedRole").str("principalId", &format!("{}:{session}", role.id));
    identity.str("arn", arn.unwrap_or_default()).str("accountId", &account.id);
    identity.str("accessKeyId", &session_key(&role.id, &session, hour));
    let on_instance = session.starts_with("i-0");
    identity.object("sessionContext", |context| {
        context.object("sessionIssuer", |issuer| issue(issuer, "Role", role, account));
        if who.0 % 3 == 1 {
            context.object("webIdFederationData", |_| {});
        }
        context.object("attributes", |attributes| {
            attributes.str("creationDate", &spell_time(hour * 3600 + 60));
            attributes.str("mfaAuthenticated", if role.name.starts_with("AWSReservedSSO") { "true" } else { "false" });
        });
        if on_instance {
            context.str("ec2RoleDelivery", if who.1.is_multiple_of(5) { "1.0" } else { "2.0" });
        }
        if role.name == "break-glass" {
            context.str("sourceIdentity", &account.users[who.1 % account.users.len()].name);
            context.str("assumedRoot", "true");
        }
    });
    if role.name.starts_with("AWSServiceRole") {
        identity.str("invokedBy", "config.amazonaws.com");
    } else if role.name.starts_with("lambda") {
        identity.object("inScopeOf", |scope| {
            let things = scene.numbered(who.1);
            scope.str("sourceArn", &things.arn("lambda", &format!("function:{}", things.named("fn"))));
            scope.str("sourceAccount", &account.id).str("issuerType", "AWS::Lambda::Function");
            scope.str("credentialsIssuedTo", &things.arn("lambda", &format!("function:{}", things.named("fn"))));
        });
    }
}

fn issue(issuer: &mut Object<'_>, kind: &str, role: &Principal, account: &Account) {
    issuer.str("type", kind).str("principalId", &role.id);
    let folder = if role.name.starts_with("AWSServiceRole") { "aws-service-role/config.amazonaws.com/" } else { "" };
    issuer.str("arn", &format!("arn:aws:iam::{}:role/{folder}{}", account.id, role.name));
    issuer.str("accountId", &account.id).str("userName", &role.name);
}

fn iam_user(scene: &mut Scene<'_>, identity: &mut Object<'_>, user: usize, arn: Option<&str>) {
    let (account, user_number) = (scene.account, user);
    let user = &account.users[user];
    identity.str("type", "IAMUser").str("principalId", &user.id).str("arn", arn.unwrap_or_default());
    identity.str("accountId", &account.id);
    let key =
        Dice::at(crate::dice::mix(7, user_number as u64), user.id.len() as u64, scene.world.seed).text(BASE32, 16);
    identity.str("accessKeyId", &format!("AKIA{key}")).str("userName", &user.name);
    if user_number % 4 == 3 {
        identity.object("sessionContext", |context| {
            context.object("attributes", |attributes| {
                let created = spell_time(scene.time / 7200 * 7200);
                let basic = created.replace(['-', ':'], "");
                attributes.str("creationDate", if user_number == 7 { &basic } else { &created });
                attributes.str("mfaAuthenticated", if scene.dice.per_mille(800) { "true" } else { "false" });
            });
        });
    }
}

fn root(scene: &mut Scene<'_>, identity: &mut Object<'_>, arn: Option<&str>) {
    let id = &scene.account.id;
    identity.str("type", "Root").str("principalId", id).str("arn", arn.unwrap_or_default()).str("accountId", id);
    identity.str("accessKeyId", if scene.dice.per_mille(500) { "" } else { "ASIAEXAMPLEROOTKEY00" });
    identity.object("sessionContext", |context| {
        context.object("attributes", |attributes| {
            attributes.str("creationDate", &scene.clock(-300));
            attributes.str("mfaAuthenticated", if scene.dice.per_mille(700) { "true" } else { "false" });
        });
    });
}

fn federated(scene: &mut Scene<'_>, identity: &mut Object<'_>, user: usize, arn: Option<&str>) {
    let account = scene.account;
    identity.str("type", "FederatedUser");
    identity.str("principalId", &format!("{}:{}", account.id, account.users[user].name));
    identity.str("arn", arn.unwrap_or_default()).str("accountId", &account.id);
    identity.str("accessKeyId", &session_key("federated", &account.users[user].name, scene.time / 3600));
    identity.object("sessionContext", |context| {
        context.object("attributes", |attributes| {
            attributes.str("mfaAuthenticated", "false").str("creationDate", &scene.clock(-900));
        });
        context.object("sessionIssuer", |issuer| {
            let owner = &account.users[0];
            issuer.str("type", "IAMUser").str("principalId", &owner.id);
            issuer.str("arn", &format!("arn:aws:iam::{}:user/{}", account.id, owner.name));
            issuer.str("accountId", &account.id).str("userName", &owner.name);
        });
    });
}
