//! Which accounts, people, roles and things are there for the events to be about?

use crate::dice::{ALPHANUMERIC, BASE32, Dice, HEX, mix};

/// Everything the events are about; the same for every file of a corpus.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) accounts: Vec<Account>,
    pub(crate) organization: String,
}

/// An account with its people and roles.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    /// Delivered under the organization's folder.
    pub(crate) in_organization: bool,
    pub(crate) event_version: &'static str,
    pub(crate) users: Vec<Principal>,
    pub(crate) roles: Vec<Principal>,
}

/// An IAM user or role.
#[derive(Debug)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) id: String,
}

const PEOPLE: &[&str] = &[
    "alice", "ben", "carla", "dmitri", "elif", "farid", "grace", "hana", "ines", "jonas", "kofi", "lucia", "mei",
    "noor", "olga", "pablo", "quentin", "rosa", "sami", "tuan",
];
const ROLES: &[&str] = &[
    "eks-node-group",
    "ci-deployer",
    "lambda-orders-processor",
    "AWSServiceRoleForConfig",
    "data-pipeline",
    "AWSReservedSSO_AdministratorAccess_5f2d3a8c1b7e9046",
    "AWSReservedSSO_ReadOnly_91c4e2d07ab35f68",
    "app-web",
    "backup-operator",
    "security-audit",
    "terraform",
    "OrganizationAccountAccessRole",
    "glue-crawler",
    "stepfunctions-billing",
    "vendor-monitoring",
    "break-glass",
];
const PURPOSES: &[&str] =
    &["logs", "data-lake", "artifacts", "web-assets", "backups", "ml-training", "exports", "tf-state"];
const PEOPLE_TEAMS: &[&str] = &["orders", "billing", "search", "identity", "reports"];
const REGIONS: &[&str] = &[
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
    "ca-central-1",
    "eu-north-1",
    "ap-south-1",
    "us-east-2",
    "ap-southeast-1",
];

impl World {
    /// A world of so many accounts, of which `in_organization` belong to an organization.
    pub(crate) fn new(seed: u64, accounts: usize, in_organization: usize) -> Self {
        let organization =
            format!("o-{}", Dice::at(seed, u64::MAX, 0).text(b"abcdefghijklmnopqrstuvwxyz0123456789", 10));
        let accounts = (0..accounts).map(|index| Account::new(seed, index, index < in_organization)).collect();
        Self { seed, accounts, organization }
    }
}

/// The first so many regions, busiest first.
pub(crate) fn regions(count: usize) -> &'static [&'static str] {
    &REGIONS[..count.clamp(1, REGIONS.len())]
}

impl Account {
    fn new(seed: u64, index: usize, in_organization: bool) -> Self {
        let mut dice = Dice::at(seed, u64::MAX, index as u64 + 1);
        let id = format!("{}{}", dice.text(b"123456789", 1), dice.text(b"0123456789", 11));
        let users = PEOPLE.iter().map(|name| Principal::new(name, "AIDA", &mut dice)).collect();
        let roles = ROLES.iter().map(|name| Principal::new(name, "AROA", &mut dice)).collect();
        let event_version = if index < 4 { ["1.11", "1.10", "1.09", "1.08"][index] } else { "1.11" };
        Self { id, in_organization, event_version, users, roles }
    }
}

impl Principal {
    fn new(name: &str, prefix: &str, dice: &mut Dice) -> Self {
        Self { name: name.to_owned(), id: format!("{prefix}{}", dice.text(BASE32, 17)) }
    }
}

/// Names of things, numbered by how often they are used; the same number is always the same thing.
pub(crate) struct Things<'a> {
    pub(crate) account: &'a Account,
    pub(crate) region: &'static str,
    pub(crate) number: usize,
}

impl Things<'_> {
    fn dice(&self) -> Dice {
        let account = self.account.id.bytes().fold(7, |sum, byte| mix(sum, u64::from(byte)));
        Dice::at(account, self.region.len() as u64, self.number as u64)
    }

    /// A name such as `i-0123456789abcdef0`.
    pub(crate) fn ec2_id(&self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.dice().text(HEX, 16))
    }

    /// A UUID-like id.
    pub(crate) fn uuid(&self) -> String {
        self.dice().uuid()
    }

    /// A bucket.
    pub(crate) fn bucket(&self) -> String {
        let purpose = PURPOSES[self.number % PURPOSES.len()];
        format!("example-{purpose}-{}-{}", &self.account.id[8..], self.number / PURPOSES.len())
    }

    /// A name of a function, table, queue, cluster…, by its team.
    pub(crate) fn named(&self, kind: &str) -> String {
        format!("{}-{kind}-{}", PEOPLE_TEAMS[self.number % PEOPLE_TEAMS.len()], self.number / PEOPLE_TEAMS.len())
    }

    /// An ARN in this account and region.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account.id)
    }

    /// A short opaque token.
    pub(crate) fn token(&self, length: usize) -> String {
        self.dice().text(ALPHANUMERIC, length)
    }
}

/// The access key of a role's session in an hour: what `AssumeRole` returned is what the session then uses.
pub(crate) fn session_key(role_id: &str, session: &str, hour: i64) -> String {
    let place = role_id.bytes().chain(session.bytes()).fold(3, |sum, byte| mix(sum, u64::from(byte)));
    format!("ASIA{}", Dice::at(place, hour as u64, 1).text(BASE32, 16))
}
