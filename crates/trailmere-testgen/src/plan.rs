//! Which log files will there be, and how many events in each?

use chrono::{DateTime, Days, NaiveDate};

use crate::dice::Dice;
use crate::record::unique_name;
use crate::services::Catalogue;
use crate::world::{World, regions};

/// Raw JSON bytes of a record, on average; measured over a million.
const RECORD_BYTES: u64 = 1519;
/// Compressed bytes of a record, on average, in files of a hundred or more.
const RECORD_GZIP_BYTES: u64 = 216;

/// How much is to be made.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// So many events.
    Events(u64),
    /// About so many bytes of JSON before compression.
    RawBytes(u64),
}

/// What a corpus is to be like.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Same seed and plan, same bytes.
    pub seed: u64,
    /// How much.
    pub amount: Amount,
    /// The day of the first delivery.
    pub start: NaiveDate,
    /// Over how many days.
    pub days: u32,
    /// How many accounts, busiest first.
    pub accounts: usize,
    /// How many of them are delivered under an organization's folder.
    pub organization_accounts: usize,
    /// How many regions, busiest first.
    pub regions: usize,
    /// Mean size of a delivered (compressed) log file.
    pub file_bytes: u64,
    /// How many log files in a thousand repeat events of another one.
    pub repeating_per_mille: usize,
    /// Adds folders of Insights and network activity events, and in the first files one of everything.
    pub complete: bool,
    /// Adds digest files.
    pub digests: Digests,
}

/// Which digest files there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digests {
    /// None.
    None,
    /// Of the hours in which something was delivered.
    Busy,
    /// Of all hours, and backfill digests; with their metadata and the public keys in files of their own.
    Hourly,
}

/// The kind of events in a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    CloudTrail,
    Insight,
    NetworkActivity,
}

impl Folder {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CloudTrail => "CloudTrail",
            Self::Insight => "CloudTrail-Insight",
            Self::NetworkActivity => "CloudTrail-NetworkActivity",
        }
    }
}

/// One log file to be written.
#[derive(Debug, Clone)]
pub(crate) struct LogFile {
    pub(crate) number: usize,
    pub(crate) folder: Folder,
    /// Index into the world's accounts.
    pub(crate) account: usize,
    pub(crate) region: &'static str,
    /// Delivery time, seconds since 1970.
    pub(crate) delivered: i64,
    pub(crate) events: usize,
    /// Holds each action once, by each kind of identity in turn.
    pub(crate) showcase: bool,
    /// The file whose first events are delivered here a second time.
    pub(crate) repeats: Option<usize>,
}

impl Plan {
    /// The plan of the logs committed with the project.
    pub fn testdata() -> Self {
        Self {
            seed: 20_260_302,
            amount: Amount::Events(700),
            start: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default(),
            days: 5,
            accounts: 4,
            organization_accounts: 3,
            regions: 3,
            file_bytes: 5_000,
            repeating_per_mille: 250,
            complete: true,
            digests: Digests::Busy,
        }
    }

    pub(crate) fn world(&self) -> World {
        World::new(self.seed, self.accounts.max(1), self.organization_accounts)
    }

    /// The files in the order of their numbers.
    pub(crate) fn files(&self, catalogue: &Catalogue) -> Vec<LogFile> {
        let mut files = if self.complete { self.showcases(catalogue) } else { Vec::new() };
        let mut left = match self.amount {
            Amount::Events(events) => events,
            Amount::RawBytes(bytes) => bytes / RECORD_BYTES,
        };
        let mean = (self.file_bytes / RECORD_GZIP_BYTES).max(1) as usize;
        while left > 0 {
            let mut file = self.file(files.len(), Folder::CloudTrail);
            let mut dice = Dice::at(self.seed, file.number as u64, u64::MAX - 1);
            file.events = (dice.around(mean) as u64).min(left) as usize;
            if dice.per_mille(self.repeating_per_mille) {
                file.repeats = files.iter().rposition(|other| other.comes_before(&file));
            }
            left -= file.events as u64;
            files.push(file);
        }
        files
    }

    fn file(&self, number: usize, folder: Folder) -> LogFile {
        let mut dice = Dice::at(self.seed, number as u64, u64::MAX - 2);
        let minutes = self.days.max(1) as usize * 24 * 60;
        let start = self.midnight(0);
        let region_list = regions(self.regions);
        LogFile {
            number,
            folder,
            account: dice.skewed(self.accounts.max(1)),
            region: region_list[dice.skewed(region_list.len())],
            delivered: start + dice.below(minutes / 5) as i64 * 300,
            events: 0,
            showcase: false,
            repeats: None,
        }
    }

    /// One file with every action for each of the first accounts, and the folders beside `CloudTrail`.
    fn showcases(&self, catalogue: &Catalogue) -> Vec<LogFile> {
        let mut files = Vec::new();
        for account in 0..self.accounts.clamp(1, 3) {
            let file = self.file(files.len(), Folder::CloudTrail);
            files.push(LogFile { account, events: catalogue.len(), showcase: true, ..file });
        }
        for day in 0..self.days.max(1) {
            for folder in [Folder::Insight, Folder::NetworkActivity] {
                let file = self.file(files.len(), folder);
                let delivered = file.delivered % 86_400 + self.midnight(day);
                files.push(LogFile { account: day as usize % self.accounts.max(1), delivered, events: 4, ..file });
            }
        }
        files
    }

    fn midnight(&self, day: u32) -> i64 {
        let date = self.start.checked_add_days(Days::new(u64::from(day))).unwrap_or(self.start);
        date.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc().timestamp()
    }
}

impl LogFile {
    /// Whether its events may be delivered again in another file: of the same place, and not before they happen.
    fn comes_before(&self, other: &Self) -> bool {
        let place = |file: &Self| (file.folder, file.account, file.region);
        place(self) == place(other) && self.delivered <= other.delivered && !self.showcase
    }

    /// Where it is delivered.
    pub(crate) fn key(&self, world: &World) -> String {
        let account = &world.accounts[self.account];
        let delivered = DateTime::from_timestamp(self.delivered, 0).unwrap_or_default();
        let organization = if account.in_organization { format!("{}/", world.organization) } else { String::new() };
        let (folder, id, region) = (self.folder.name(), &account.id, self.region);
        format!(
            "AWSLogs/{organization}{id}/{folder}/{region}/{}/{id}_{folder}_{region}_{}_{}.json.gz",
            delivered.format("%Y/%m/%d"),
            delivered.format("%Y%m%dT%H%MZ"),
            unique_name(world.seed, self.number)
        )
    }
}
