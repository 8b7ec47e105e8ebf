//! What is a delivery: where to, in which shape, and how did it go?

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trailmere_model::{Error, Result};
use trailmere_store::Location;
use uuid::Uuid;

use crate::jobs::AskedStore;

/// The account in the path of a result that comes from no store.
const NO_ACCOUNT: &str = "000000000000";

/// Bytes of a delivered file, unless told otherwise.
const PART_BYTES: u64 = 1 << 30;

/// Where a result goes, and in which shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// A folder or `s3://bucket/prefix`.
    pub to: String,
    /// The format of the files.
    #[serde(default)]
    pub format: DeliveryFormat,
    /// Columns whose values become folders: `eventsource=s3.amazonaws.com/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition_by: Vec<String>,
    /// No file gets larger than this many bytes (but for one row that is).
    pub part_bytes: u64,
    /// Whether CSV begins with Lake's `#` line: when it was run, and the statement.
    pub comment_line: bool,
}

impl Delivery {
    /// Lake's own delivery, `result_<n>.csv.gz`, to a folder or `s3://bucket/prefix`.
    pub fn new(to: &str) -> Result<Self> {
        let to = Location::parse(to)?.to_string();
        let format = DeliveryFormat::Csv;
        Ok(Delivery { to, format, partition_by: vec![], part_bytes: PART_BYTES, comment_line: true })
    }

    pub(crate) fn check(&self) -> Result<()> {
        Location::parse(&self.to)?;
        if self.part_bytes == 0 {
            return Err(Error::invalid("a file of no bytes holds no rows").hint("raise the size of the parts"));
        }
        Ok(())
    }

    /// The folder of one query's files.
    pub(crate) fn folder(&self, store: Option<&AskedStore>, created: DateTime<Utc>, id: Uuid) -> String {
        let account = store.map_or(NO_ACCOUNT, |store| store.account.as_str());
        let to = self.to.trim_end_matches('/');
        format!("{to}/AWSLogs/{account}/CloudTrail-Lake/Query/{}/{id}", created.format("%Y/%m/%d"))
    }
}

/// The format of delivered files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryFormat {
    /// Lake's: `result_<n>.csv.gz`.
    #[default]
    Csv,
    /// One JSON object per row: `result_<n>.json.gz`.
    Jsonl,
    /// `result_<n>.parquet`, zstd.
    Parquet,
    /// An Arrow IPC file: `result_<n>.arrow`.
    Arrow,
}

impl DeliveryFormat {
    /// All formats.
    pub const ALL: [DeliveryFormat; 4] =
        [DeliveryFormat::Csv, DeliveryFormat::Jsonl, DeliveryFormat::Parquet, DeliveryFormat::Arrow];

    /// What the user types.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryFormat::Csv => "csv",
            DeliveryFormat::Jsonl => "jsonl",
            DeliveryFormat::Parquet => "parquet",
            DeliveryFormat::Arrow => "arrow",
        }
    }

    /// How files of it end.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            DeliveryFormat::Csv => "csv.gz",
            DeliveryFormat::Jsonl => "json.gz",
            DeliveryFormat::Parquet => "parquet",
            DeliveryFormat::Arrow => "arrow",
        }
    }
}

impl std::str::FromStr for DeliveryFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.to_ascii_lowercase();
        let name = text.trim_end_matches(".gz");
        DeliveryFormat::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| {
            let all = DeliveryFormat::ALL.map(DeliveryFormat::as_str).join(", ");
            Error::invalid(format!("`{text}` is no format of an export")).hint(format!("it is one of {all}"))
        })
    }
}

/// How a delivery went, in Lake's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryStatus {
    /// All files and the sign file are there.
    Success,
    /// A file could not be written.
    Failed,
    /// The sign file could not be written.
    FailedSigningFile,
    /// Not done yet.
    Pending,
    /// The bucket or folder does not exist.
    ResourceNotFound,
    /// Not permitted to write a file.
    AccessDenied,
    /// Not permitted to write the sign file.
    AccessDeniedSigningFile,
    /// Cancelled.
    Cancelled,
    /// Nobody knows.
    Unknown,
}

impl DeliveryStatus {
    /// Lake's word.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Success => "SUCCESS",
            DeliveryStatus::Failed => "FAILED",
            DeliveryStatus::FailedSigningFile => "FAILED_SIGNING_FILE",
            DeliveryStatus::Pending => "PENDING",
            DeliveryStatus::ResourceNotFound => "RESOURCE_NOT_FOUND",
            DeliveryStatus::AccessDenied => "ACCESS_DENIED",
            DeliveryStatus::AccessDeniedSigningFile => "ACCESS_DENIED_SIGNING_FILE",
            DeliveryStatus::Cancelled => "CANCELLED",
            DeliveryStatus::Unknown => "UNKNOWN",
        }
    }
}

impl std::fmt::Display for DeliveryStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A delivered file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredFile {
    /// Its name below the delivery's folder.
    pub name: String,
    /// SHA-256 of its bytes, in lower-case hexadecimal digits.
    pub hash: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}
