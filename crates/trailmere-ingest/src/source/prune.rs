//! Which folders and log files need not be looked at, going by their keys alone?

use std::path::Path;

use chrono::{Days, NaiveDate};

use super::LogFile;
use crate::request::ImportOptions;

const ANCHOR: &str = "AWSLogs";
/// How the layout spells a day: as it sorts.
const DAY: &str = "%Y/%m/%d";

/// What of a source is left out before anything is fetched. Files whose keys say nothing are never left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pruning {
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    accounts: Vec<String>,
    regions: Vec<String>,
    /// The lake's own folder or prefix, which may lie within a source.
    lake: Option<String>,
}

impl Pruning {
    /// Prunes nothing but the lake's own folder.
    pub(crate) fn outside(lake: &str) -> Self {
        let lake = Some(lake.trim_end_matches('/').to_owned());
        Self { lake, ..Self::default() }
    }

    /// Prunes what an import does not want. Keys tell the day of delivery, which is that of the events or, mostly, the
    /// next: hence a day of slack on both sides.
    pub(crate) fn with_import(mut self, import: &ImportOptions) -> Self {
        let day = Days::new(1);
        self.first = import.start.and_then(|start| start.date_naive().checked_sub_days(day));
        self.last = import.end.and_then(|end| end.date_naive().checked_add_days(day));
        self.accounts = import.accounts.clone();
        self.regions = import.regions.clone();
        self
    }

    fn is_active(&self) -> bool {
        self.first.is_some() || self.last.is_some() || !self.accounts.is_empty() || !self.regions.is_empty()
    }

    /// Whether a file is one of the lake's own.
    pub(crate) fn is_in_lake(&self, file: &LogFile) -> bool {
        let lake = self.lake.as_ref().and_then(|lake| file.location.strip_prefix(lake.as_str()));
        lake.is_some_and(|below| below.starts_with(['/', '\\']))
    }

    /// Whether a log file is wanted.
    pub(crate) fn takes(&self, file: &LogFile) -> bool {
        !self.is_active() || self.enters_key(file.prefix())
    }

    /// Whether a folder can hold something wanted.
    pub(super) fn enters(&self, folder: &Path) -> bool {
        if self.lake.as_deref().is_some_and(|lake| Path::new(lake) == folder) {
            return false;
        }
        !self.is_active() || folder.to_str().is_none_or(|path| self.enters_key(&path.replace('\\', "/")))
    }

    /// Whether a prefix of keys can hold something wanted.
    pub(super) fn enters_key(&self, prefix: &str) -> bool {
        let reached = Reached::of(prefix);
        let is_among = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty() || found.is_none_or(|found| wanted.iter().any(|one| one == found))
        };
        if !is_among(&self.accounts, reached.account) || !is_among(&self.regions, reached.region) {
            return false;
        }
        let Some((from, to)) = reached.days() else { return true };
        self.first.is_none_or(|first| to >= first) && self.last.is_none_or(|last| from <= last)
    }

    /// The first day that is wanted: `2026/03/02`.
    pub(super) fn first_day(&self) -> Option<String> {
        self.first.map(|first| first.format(DAY).to_string())
    }

    /// Whether nothing is wanted of a day, nor of those after it.
    pub(super) fn is_past(&self, day: &str) -> bool {
        self.last.is_some_and(|last| day > last.format(DAY).to_string().as_str())
    }
}

/// How far down the layout of delivered files a prefix goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached<'a> {
    pub(super) account: Option<&'a str>,
    pub(super) folder: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    pub(super) year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
}

impl<'a> Reached<'a> {
    pub(super) fn of(prefix: &'a str) -> Self {
        let mut segments = prefix.split('/').filter(|segment| !segment.is_empty()).rev().collect::<Vec<_>>();
        let Some(anchor) = segments.iter().position(|segment| *segment == ANCHOR) else { return Self::default() };
        segments.truncate(anchor);
        let mut below = segments.into_iter().rev().peekable();
        if below.peek().is_some_and(|first| first.starts_with("o-")) {
            below.next();
        }
        let is_account = |segment: &&str| segment.len() == 12 && segment.bytes().all(|byte| byte.is_ascii_digit());
        let Some(account) = below.next().filter(is_account) else { return Self::default() };
        let (folder, region) = (below.next(), below.next());
        let mut number = || below.next().and_then(|segment| segment.parse().ok());
        let (year, month, day) = (number(), number(), number());
        Self { account: Some(account), folder, region, year, month, day }
    }

    /// Whether a prefix is on the way to accounts' regions: `…/AWSLogs`, an organization's, an account's, a folder's.
    pub(super) fn is_above_regions(prefix: &'a str) -> bool {
        let Some(anchor) = prefix.split('/').rev().position(|segment| segment == ANCHOR) else { return false };
        let reached = Self::of(prefix);
        match reached.account {
            Some(_) => reached.region.is_none(),
            None => {
                anchor == 0 || (anchor == 1 && prefix.rsplit('/').next().is_some_and(|last| last.starts_with("o-")))
            }
        }
    }

    /// The day, if the prefix is one's: `2026/03/02`.
    pub(super) fn date(&self) -> Option<String> {
        self.day?;
        self.days().map(|(day, _)| day.format(DAY).to_string())
    }

    /// The first and the last day that the prefix can hold.
    fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let year = i32::try_from(self.year?).ok()?;
        let first = NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?;
        let next = match (self.month, self.day) {
            (Some(_), Some(_)) => return Some((first, first)),
            (Some(12), None) | (None, _) => NaiveDate::from_ymd_opt(year + 1, 1, 1)?,
            (Some(month), None) => NaiveDate::from_ymd_opt(year, month + 1, 1)?,
        };
        Some((first, next.pred_opt()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pruning() -> Pruning {
        let import = ImportOptions {
            start: Some("2026-03-02T00:00:00Z".parse().unwrap()),
            end: Some("2026-03-05T12:00:00Z".parse().unwrap()),
            accounts: vec!["111111111111".to_owned()],
            regions: vec!["eu-west-1".to_owned()],
            ..ImportOptions::default()
        };
        Pruning::outside("/lakes/mine").with_import(&import)
    }

    #[test]
    fn keys_out_of_range_are_not_entered() {
        let pruning = pruning();
        let cases = [
            ("", true),
            ("logs/other", true),
            ("p/AWSLogs", true),
            ("p/AWSLogs/o-abc", true),
            ("p/AWSLogs/o-abc/111111111111", true),
            ("p/AWSLogs/222222222222", false),
            ("AWSLogs/111111111111/CloudTrail/us-east-1", false),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2025", false),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026", true),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/02", false),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/02/28", false),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03", true),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03/01", true),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03/06", true),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03/07", false),
        ];
        for (prefix, enters) in cases {
            assert_eq!(pruning.enters_key(prefix), enters, "{prefix}");
        }
    }

    #[test]
    fn the_lake_is_no_source() {
        assert!(!pruning().enters(Path::new("/lakes/mine")));
        assert!(pruning().enters(Path::new("/lakes/mine2")));
    }

    #[test]
    fn regions_are_looked_for_where_they_are() {
        let cases = [
            ("p/AWSLogs", true),
            ("AWSLogs/o-abc", true),
            ("AWSLogs/111111111111", true),
            ("AWSLogs/o-abc/111111111111/CloudTrail", true),
            ("AWSLogs/111111111111/CloudTrail/eu-west-1", false),
            ("AWSLogs/other", false),
            ("p", false),
        ];
        for (prefix, is_above) in cases {
            assert_eq!(Reached::is_above_regions(prefix), is_above, "{prefix}");
        }
        assert_eq!(Reached::of("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/3").date(), None);
        let day = Reached::of("AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03/02");
        assert_eq!(day.date().as_deref(), Some("2026/03/02"));
        assert!(pruning().is_past("2026/03/07") && !pruning().is_past("2026/03/06"));
    }
}
