//! Which lake? The flag, the environment, `trailmere.toml`, or the platform's data folder, in this order. And how are
//! queries run in it?

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use trailmere_model::{Error, Result};

use crate::commands::query::{bytes, duration};

/// What `trailmere.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Folder (relative to the file) or `s3://bucket/prefix`.
    lake: Option<String>,
    /// How queries are run.
    query: Option<QueryTable>,
    /// The keys that exports are signed with.
    keys: Option<KeysTable>,
}

/// `[query]` in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct QueryTable {
    /// Started queries of a lake that run at the same time; others wait. Default: the number of cores.
    concurrency: Option<usize>,
    /// How long a started query may run: `"30m"`. Default: 1 hour.
    timeout: Option<String>,
    /// Memory that queries may hold before they spill, and fail where they can't: `"512MB"`. Default: 4 GB.
    memory_limit: Option<String>,
    /// Days that results are kept. Default: 7.
    results_days: Option<u32>,
    /// Days that records of queries are kept. Default: 90.
    records_days: Option<u32>,
    /// Largest delivered file: `"256MB"`. Default: 1 GB.
    part_size: Option<String>,
    /// Whether delivered CSV begins with Lake's `#` line. Default: yes.
    comment_line: Option<bool>,
    /// Whether interactive queries are recorded. Default: yes.
    record: Option<bool>,
}

/// `[keys]` in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeysTable {
    /// A file (relative to the settings) whose first line is the passphrase of the lake's private key.
    passphrase_file: Option<PathBuf>,
}

/// How queries are run, as far as the settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuerySettings {
    pub(crate) concurrency: Option<usize>,
    pub(crate) timeout: Duration,
    pub(crate) memory_limit: Option<usize>,
    pub(crate) results_days: Option<u32>,
    pub(crate) records_days: Option<u32>,
    pub(crate) part_bytes: Option<usize>,
    pub(crate) comment_line: bool,
    pub(crate) record: bool,
}

/// Lake's own limit.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// The `[query]` of the nearest file that has one.
pub(crate) fn query_settings() -> Result<QuerySettings> {
    for file in settings_files() {
        if let Some(table) = read(&file)?.query {
            return table.settings().map_err(|e| e.at(file.display().to_string()));
        }
    }
    QueryTable::default().settings()
}

impl QueryTable {
    fn settings(self) -> Result<QuerySettings> {
        let size = |name: &str, text: Option<String>| {
            text.map(|text| bytes(&text).map_err(|e| Error::invalid(format!("`{name} = \"{text}\"`: {e}")))).transpose()
        };
        let timeout = match &self.timeout {
            Some(text) => duration(text).map_err(|e| Error::invalid(format!("`timeout = \"{text}\"`: {e}")))?,
            None => TIMEOUT,
        };
        Ok(QuerySettings {
            concurrency: self.concurrency,
            timeout,
            memory_limit: size("memory-limit", self.memory_limit)?,
            results_days: self.results_days,
            records_days: self.records_days,
            part_bytes: size("part-size", self.part_size)?,
            comment_line: self.comment_line.unwrap_or(true),
            record: self.record.unwrap_or(true),
        })
    }
}

/// The passphrase of the lake's private key: the environment, else the file that the settings name.
pub(crate) fn key_passphrase() -> Result<Option<String>> {
    if let Ok(passphrase) = std::env::var("TRAILMERE_KEY_PASSPHRASE") {
        return Ok(Some(passphrase).filter(|passphrase| !passphrase.is_empty()));
    }
    for file in settings_files() {
        let Some(path) = read(&file)?.keys.and_then(|keys| keys.passphrase_file) else { continue };
        let path = file.parent().unwrap_or(Path::new(".")).join(path);
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Error::unavailable("the passphrase of the lake's key can't be read")
                .at(path.display().to_string())
                .source(e)
        })?;
        return Ok(text.lines().next().map(str::to_string).filter(|passphrase| !passphrase.is_empty()));
    }
    Ok(None)
}

const FILE: &str = "trailmere.toml";

/// The lake's location: `flag` holds the flag or the environment variable.
pub(crate) fn lake_location(flag: Option<&str>) -> Result<String> {
    if let Some(location) = flag {
        return Ok(location.to_string());
    }
    for file in settings_files() {
        if let Some(location) = read(&file)?.lake {
            return Ok(resolve(&location, &file));
        }
    }
    let data = dirs::data_local_dir().ok_or_else(|| {
        Error::not_found("this platform has no data folder")
            .hint("say where the lake is: `--lake DIR` or TRAILMERE_LAKE")
    })?;
    Ok(data.join("trailmere").join("lake").to_string_lossy().into_owned())
}

/// The working folder and its parents, then the user's configuration.
fn settings_files() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut files: Vec<PathBuf> = here.ancestors().map(|folder| folder.join(FILE)).collect();
    files.extend(dirs::config_dir().map(|folder| folder.join("trailmere").join(FILE)));
    files.retain(|file| file.is_file());
    files
}

fn read(file: &Path) -> Result<Settings> {
    let place = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Error::unavailable("the settings can't be read").at(place.clone()).source(e))?;
    toml::from_str(&text).map_err(|e| Error::invalid("the settings are not what they should be").at(place).source(e))
}

fn resolve(location: &str, file: &Path) -> String {
    if location.contains("://") || Path::new(location).is_absolute() {
        return location.to_string();
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    folder.join(location).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins() {
        assert_eq!(lake_location(Some("s3://b/p")).unwrap(), "s3://b/p");
    }

    #[test]
    fn relative_lakes_lie_beside_their_settings() {
        assert_eq!(resolve("lake", Path::new("/etc/x/trailmere.toml")), "/etc/x/lake");
        assert_eq!(resolve("s3://b/p", Path::new("/etc/x/trailmere.toml")), "s3://b/p");
        assert_eq!(resolve("/lake", Path::new("/etc/x/trailmere.toml")), "/lake");
    }

    #[test]
    fn queries_are_run_as_the_settings_say() {
        let table = "timeout = '30m'\nmemory-limit = '512MB'\nresults-days = 14\ncomment-line = false";
        let settings = toml::from_str::<QueryTable>(table).unwrap().settings().unwrap();
        assert_eq!((settings.timeout.as_secs(), settings.memory_limit), (1_800, Some(512 << 20)));
        assert_eq!((settings.results_days, settings.comment_line, settings.record), (Some(14), false, true));
        let wrong = toml::from_str::<QueryTable>("timeout = 'soon'").unwrap().settings().unwrap_err();
        assert!(wrong.to_string().contains("timeout = \"soon\""), "{wrong}");
    }

    #[test]
    fn unknown_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "lakes = 'x'").unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("trailmere.toml"));
    }
}
