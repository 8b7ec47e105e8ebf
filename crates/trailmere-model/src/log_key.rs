//! What does the key of a delivered file say, and by which key is that file known to the ledger?

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

const ANCHOR: &str = "AWSLogs/";

/// What kind of file a folder below the account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// Management and data events.
    CloudTrail,
    /// Insights events.
    Insight,
    /// Network activity events.
    NetworkActivity,
    /// Aggregated data events, which no store takes.
    Aggregated,
    /// Digests, which hold no events.
    Digest,
}

impl Folder {
    /// Every folder.
    pub const ALL: [Folder; 5] =
        [Folder::CloudTrail, Folder::Insight, Folder::NetworkActivity, Folder::Aggregated, Folder::Digest];

    /// The name in the key.
    pub fn as_str(self) -> &'static str {
        match self {
            Folder::CloudTrail => "CloudTrail",
            Folder::Insight => "CloudTrail-Insight",
            Folder::NetworkActivity => "CloudTrail-NetworkActivity",
            Folder::Aggregated => "CloudTrail-Aggregated",
            Folder::Digest => "CloudTrail-Digest",
        }
    }

    /// Whether files of this folder hold events that a store takes.
    pub fn has_events(self) -> bool {
        matches!(self, Folder::CloudTrail | Folder::Insight | Folder::NetworkActivity)
    }

    fn parse(name: &str) -> Option<Self> {
        Folder::ALL.into_iter().find(|folder| folder.as_str() == name)
    }
}

/// The key of a delivered file, taken apart.
///
/// `[prefix/]AWSLogs/[o-id/]<account>/<folder>/<region>/<YYYY>/<MM>/<DD>/<file>`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// What stands before `AWSLogs/`, without its last slash.
    pub prefix: Option<String>,
    /// The organization, of an organization trail.
    pub organization: Option<String>,
    /// The account: 12 digits.
    pub account: String,
    /// What kind of file it is.
    pub folder: Folder,
    /// The region.
    pub region: String,
    /// The day of delivery, UTC: not that of the events.
    pub date: NaiveDate,
    /// The file name.
    pub file: String,
}

impl LogKey {
    /// Takes a key, a path or a URL apart, anchored on its last `AWSLogs/` segment; `None` if it has another form.
    pub fn parse(key: &str) -> Option<Self> {
        let start = anchor(key)?;
        let (organization, segments) = split(&key[start + ANCHOR.len()..])?;
        let [account, folder, region, year, month, day, file] = segments;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let dated = digits(year, 4) && digits(month, 2) && digits(day, 2);
        let region_like = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let placed = digits(account, 12) && !region.is_empty() && region.bytes().all(region_like);
        if !dated || !placed || file.is_empty() {
            return None;
        }
        Some(Self {
            prefix: key[..start].strip_suffix('/').map(str::to_owned),
            organization: organization.map(str::to_owned),
            account: account.to_owned(),
            folder: Folder::parse(folder)?,
            region: region.to_owned(),
            date: NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?,
            file: file.to_owned(),
        })
    }

    /// The key below the prefix: from `AWSLogs/` on.
    pub fn identity(&self) -> String {
        let organization = self.organization.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
        let (account, folder, region, file) = (&self.account, self.folder.as_str(), &self.region, &self.file);
        format!("{ANCHOR}{organization}{account}/{folder}/{region}/{}/{file}", self.date.format("%Y/%m/%d"))
    }

    /// The time of delivery in the file name, to the minute (in digests to the second).
    pub fn file_time(&self) -> Option<DateTime<Utc>> {
        file_time(&self.file)
    }
}

/// The key by which the ledger knows a file, so that a copy of it elsewhere is the same log file.
///
/// From the last `AWSLogs/` on if that is a delivered file's key; else the location itself: a full URL or an absolute
/// path.
pub fn identity(location: &str) -> String {
    match (LogKey::parse(location), anchor(location)) {
        (Some(_), Some(start)) => location[start..].to_owned(),
        _ => location.to_owned(),
    }
}

/// The time in the name of a log file, `…_YYYYMMDDTHHmmZ_….json.gz`, or of a digest, which has seconds.
pub fn file_time(file: &str) -> Option<DateTime<Utc>> {
    // Digest names hold a trail's free name, so the time is looked for from the end.
    file.match_indices('_').rev().find_map(|(at, _)| stamp(&file[at + 1..]))
}

fn stamp(text: &str) -> Option<DateTime<Utc>> {
    let (stamp, _) = text.split_once('Z')?;
    let well_formed =
        stamp.bytes().enumerate().all(|(at, byte)| if at == 8 { byte == b'T' } else { byte.is_ascii_digit() });
    if !well_formed {
        return None;
    }
    let seconds = match stamp.len() {
        13 => "00",
        15 => "",
        _ => return None,
    };
    NaiveDateTime::parse_from_str(&format!("{stamp}{seconds}"), "%Y%m%dT%H%M%S").ok().map(|time| time.and_utc())
}

/// Where the last `AWSLogs/` segment begins.
fn anchor(key: &str) -> Option<usize> {
    key.rmatch_indices(ANCHOR).map(|(at, _)| at).find(|at| *at == 0 || key.as_bytes()[at - 1] == b'/')
}

fn split(below: &str) -> Option<(Option<&str>, [&str; 7])> {
    let mut segments: Vec<&str> = below.split('/').collect();
    let organization = segments.first().copied().filter(|first| is_organization(first));
    if organization.is_some() {
        segments.remove(0);
    }
    Some((organization, segments.try_into().ok()?))
}

fn is_organization(segment: &str) -> bool {
    let id = segment.strip_prefix("o-").unwrap_or_default();
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "123456789012_CloudTrail_eu-west-1_20250122T2205Z_AbCdEfGhIjKlMnOp.json.gz";

    #[test]
    fn a_plain_key() {
        let key = LogKey::parse(&format!("AWSLogs/123456789012/CloudTrail/eu-west-1/2025/01/22/{FILE}")).unwrap();
        assert_eq!((key.prefix, key.organization), (None, None));
        assert_eq!(
            (key.account.as_str(), key.folder, key.region.as_str()),
            ("123456789012", Folder::CloudTrail, "eu-west-1")
        );
        assert_eq!((key.date.to_string().as_str(), key.file.as_str()), ("2025-01-22", FILE));
    }

    #[test]
    fn an_organization_key_under_a_prefix_with_slashes() {
        let text = format!(
            "s3://b/my/AWSLogs/x/AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail-Insight/us-gov-west-1/2025/01/22/{FILE}"
        );
        let key = LogKey::parse(&text).unwrap();
        assert_eq!(key.prefix.as_deref(), Some("s3://b/my/AWSLogs/x"));
        assert_eq!(key.organization.as_deref(), Some("o-a1b2c3d4e5"));
        assert_eq!(key.folder, Folder::Insight);
        assert_eq!(key.identity(), text["s3://b/my/AWSLogs/x/".len()..]);
        assert_eq!(identity(&text), key.identity());
    }

    #[test]
    fn every_folder_is_known_by_its_name() {
        for folder in Folder::ALL {
            let key = format!("p/AWSLogs/123456789012/{}/eu-west-1/2025/01/22/{FILE}", folder.as_str());
            assert_eq!(LogKey::parse(&key).unwrap().folder, folder);
        }
        assert!(!Folder::Digest.has_events() && !Folder::Aggregated.has_events() && Folder::Insight.has_events());
    }

    #[test]
    fn other_forms_are_no_log_keys_and_are_known_by_their_location() {
        let cases = [
            "",
            "/logs/a.json.gz",
            "AWSLogs/",
            "AWSLogs/12345678901/CloudTrail/eu-west-1/2025/01/22/f.json.gz",
            "AWSLogs/123456789012/CloudTrail/eu-west-1/2025/01/f.json.gz",
            "AWSLogs/123456789012/CloudTrail/eu-west-1/2025/02/30/f.json.gz",
            "AWSLogs/123456789012/CloudTrail/EU/2025/01/22/f.json.gz",
            "AWSLogs/123456789012/CloudTrail/eu-west-1/2025/01/22/",
            "AWSLogs/123456789012/CloudTrail/eu-west-1/2025/01/22/deeper/f.json.gz",
            "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2025/01/22/f.json.gz",
            "AWSLogs/123456789012/CloudTrail-Lake/Query/2025/01/22/0e6a/result_1.csv.gz",
            "AWSLogs/O-A/123456789012/CloudTrail/eu-west-1/2025/01/22/f.json.gz",
            "myAWSLogs/123456789012/CloudTrail/eu-west-1/2025/01/22/f.json.gz",
        ];
        for key in cases {
            assert_eq!(LogKey::parse(key), None, "{key}");
            assert_eq!(identity(key), key);
        }
    }

    #[test]
    fn the_time_in_a_file_name() {
        let cases = [
            (FILE, Some("2025-01-22T22:05:00Z")),
            ("123456789012_CloudTrail_us-west-1_20140620T1255ZHdkvFTXOA3Vnhbc.json.gz", Some("2014-06-20T12:55:00Z")),
            (
                "123456789012_CloudTrail-Digest_us-east-2_my_trail_us-east-2_20250122T220556Z.json.gz",
                Some("2025-01-22T22:05:56Z"),
            ),
            (
                "1_CloudTrail-Digest_us-east-2_t_20200101T0000Z_us-east-2_20250122T220556Z_backfill.json.gz",
                Some("2025-01-22T22:05:56Z"),
            ),
            ("123456789012_CloudTrail_eu-west-1_20251322T2205Z_A.json.gz", None),
            ("123456789012_CloudTrail_eu-west-1_2025012T22053Z_A.json.gz", None),
            ("events.json", None),
        ];
        for (file, expected) in cases {
            let expected = expected.map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(file_time(file), expected, "{file}");
        }
    }
}
