//! What may a file for `trailmere apply` say?

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use trailmere_engine::schedules::{CatchUp, Condition, Failures, GivenParameter, Notify, Period, Schedule, Target};
use trailmere_model::{Error, Result};
use trailmere_queries::SavedQuery;

use crate::commands::ingest::moment;
use crate::commands::schedule::wanted::{Maintain, Wanted};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What holds for every schedule that does not say otherwise.
    #[serde(default)]
    pub(super) defaults: Defaults,
    #[serde(default)]
    pub(super) store: Vec<StoreEntry>,
    #[serde(default)]
    query: Vec<QueryEntry>,
    #[serde(default)]
    schedule: Vec<ScheduleEntry>,
    maintenance: Option<Maintenance>,
    /// Where the file is: files that it names lie beside it.
    #[serde(skip)]
    folder: std::path::PathBuf,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defaults {
    every: Option<Period>,
    settle: Option<Period>,
    catch_up: Option<CatchUp>,
    store: Option<String>,
    from: Option<String>,
    #[serde(default)]
    notify: Vec<NotifyEntry>,
    dedupe_window: Option<Period>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreEntry {
    pub(super) name: String,
    /// Days, or `forever`.
    pub(super) retention: Option<Retention>,
    /// `all`, JSON, or the name of a file of JSON.
    pub(super) selectors: Option<String>,
    pub(super) termination_protection: Option<bool>,
    pub(super) single_region: Option<String>,
    pub(super) organization: Option<bool>,
    pub(super) account: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A retention as a number or as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Retention {
    Days(u32),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryEntry {
    name: String,
    sql: Option<String>,
    file: Option<String>,
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleEntry {
    name: String,
    query: Option<String>,
    sql: Option<String>,
    every: Option<Period>,
    cron: Option<String>,
    zone: Option<String>,
    #[serde(default)]
    param: BTreeMap<String, ParameterEntry>,
    store: Option<String>,
    deliver: Option<String>,
    timeout: Option<Period>,
    settle: Option<Period>,
    catch_up: Option<CatchUp>,
    from: Option<String>,
    alert_when: Option<Condition>,
    notify: Option<Vec<NotifyEntry>>,
    #[serde(default)]
    dedupe_by: Vec<String>,
    dedupe_window: Option<Period>,
    failures: Option<Failures>,
    enabled: Option<bool>,
}

/// A target alone, or with its key and words.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum NotifyEntry {
    To(Target),
    Whole(Notify),
}

/// A value alone, or with its type.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ParameterEntry {
    Typed(GivenParameter),
    Plain(toml::Value),
}

/// The lake's maintenance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Maintenance {
    every: Period,
    #[serde(default)]
    dedupe: bool,
}

/// The name of the schedule that `[maintenance]` is.
const MAINTENANCE: &str = "maintenance";

/// Reads a file.
pub(super) fn read(path: &str) -> Result<File> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::not_found("the file can't be read").at(format!("`{path}`")).source(e))?;
    let mut file: File = toml::from_str(&text).map_err(|e| {
        Error::invalid(format!("the file is not what it should be: {}", e.message())).at(place(path, &text, e.span()))
    })?;
    file.folder = Path::new(path).parent().unwrap_or(Path::new(".")).to_path_buf();
    Ok(file)
}

fn place(path: &str, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    match span {
        Some(span) => format!("`{path}` line {}", text[..span.start.min(text.len())].matches('\n').count() + 1),
        None => format!("`{path}`"),
    }
}

impl File {
    /// The path of a file that this one names.
    pub(super) fn beside(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// The saved queries.
    pub(super) fn queries(&self) -> Result<Vec<SavedQuery>> {
        let query = |entry: &QueryEntry| {
            let place = format!("query `{}`", entry.name);
            let text = match (&entry.sql, &entry.file) {
                (Some(sql), None) => sql.clone(),
                (None, Some(name)) => {
                    let path = self.beside(name);
                    std::fs::read_to_string(&path).map_err(|e| {
                        Error::not_found("the file of a query can't be read").at(format!("{place}, `{path}`")).source(e)
                    })?
                }
                _ => return Err(Error::invalid("a query has either `sql` or `file`").at(place)),
            };
            let mut query = SavedQuery::parse(&entry.name, &text)?;
            query.title = entry.title.clone().unwrap_or(query.title);
            Ok(query)
        };
        once("query", self.query.iter().map(|entry| entry.name.as_str()))?;
        self.query.iter().map(query).collect()
    }

    /// The schedules, that of the maintenance included.
    pub(super) fn schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>> {
        let maintained = self.maintenance.iter().map(|_| MAINTENANCE);
        once("schedule", self.schedule.iter().map(|entry| entry.name.as_str()).chain(maintained))?;
        let mut schedules = vec![];
        for entry in &self.schedule {
            schedules.push(entry.wanted(&self.defaults)?.schedule(now)?);
        }
        if let Some(maintenance) = &self.maintenance {
            let wanted = Wanted {
                name: MAINTENANCE.to_string(),
                maintain: Some(Maintain { dedupe: maintenance.dedupe }),
                every: Some(maintenance.every),
                ..Wanted::default()
            };
            schedules.push(wanted.schedule(now)?);
        }
        Ok(schedules)
    }
}

impl ScheduleEntry {
    fn wanted(&self, defaults: &Defaults) -> Result<Wanted> {
        let from = self.from.as_ref().or(defaults.from.as_ref());
        let from = from.map(|text| {
            moment(text).map_err(|why| Error::invalid(why).at(format!("schedule `{}`, `from`", self.name)))
        });
        let every = if self.cron.is_some() { self.every } else { self.every.or(defaults.every) };
        let notify = self.notify.as_ref().unwrap_or(&defaults.notify);
        Ok(Wanted {
            name: self.name.clone(),
            query: self.query.clone(),
            sql: self.sql.clone(),
            maintain: None,
            every,
            cron: self.cron.clone(),
            zone: self.zone.clone(),
            parameters: self.param.iter().map(|(name, value)| (name.clone(), value.given())).collect(),
            store: self.store.clone().or(defaults.store.clone()),
            deliver: self.deliver.clone(),
            timeout: self.timeout,
            settle: self.settle.or(defaults.settle),
            catch_up: self.catch_up.or(defaults.catch_up),
            from: from.transpose()?,
            alert_when: self.alert_when.clone(),
            notify: notify.iter().map(NotifyEntry::notify).collect(),
            dedupe_by: self.dedupe_by.clone(),
            dedupe_window: self.dedupe_window.or(defaults.dedupe_window),
            failures: self.failures,
            enabled: self.enabled,
        })
    }
}

impl NotifyEntry {
    fn notify(&self) -> Notify {
        match self {
            NotifyEntry::To(target) => Notify::to(target.clone()),
            NotifyEntry::Whole(notify) => notify.clone(),
        }
    }
}

impl ParameterEntry {
    fn given(&self) -> GivenParameter {
        match self {
            ParameterEntry::Typed(given) => given.clone(),
            ParameterEntry::Plain(toml::Value::String(text)) => GivenParameter { type_name: None, value: text.clone() },
            ParameterEntry::Plain(other) => GivenParameter { type_name: None, value: other.to_string() },
        }
    }
}

fn once<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::invalid(format!("the {what} `{name}` stands twice in the file")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> File {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn schedules_take_what_they_do_not_say_from_the_defaults() {
        let file = parsed(
            r#"
            [defaults]
            every = "1h"
            settle = "15m"
            notify = ["https://h/x"]
            [[schedule]]
            name = "a"
            query = "q"
            param = { attempts = 5, since = "$last_success_time" }
            [[schedule]]
            name = "b"
            sql = "SELECT 1"
            cron = "0 7 * * *"
            zone = "Europe/Berlin"
            settle = "0s"
            notify = [{ to = "webhook:https://h/y", secret = "env:KEY" }, "file:alerts.jsonl"]
            alert_when = "changed"
            [maintenance]
            every = "1d"
            "#,
        );
        let schedules = file.schedules(moment("2026-03-01").unwrap()).unwrap();
        let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "maintenance"]);
        assert_eq!(
            (schedules[0].settle.to_string(), schedules[0].cadence.to_string()),
            ("15m".into(), "every 1h".into())
        );
        assert_eq!(schedules[0].alerting.notify[0].to.to_string(), "webhook:https://h/x");
        assert_eq!(schedules[1].cadence.to_string(), "cron 0 7 * * * (Europe/Berlin)");
        assert_eq!(schedules[1].alerting.notify[0].secret.as_deref(), Some("env:KEY"));
        assert_eq!(schedules[1].alerting.notify.len(), 2);
        assert!(schedules[1].settle.is_zero());
    }

    #[test]
    fn what_the_file_cannot_mean_is_refused() {
        for text in [
            "[[schedules]]\nname = 'a'",
            "[[schedule]]\nname = 'a'\nevry = '1h'",
            "[[schedule]]\nname = 'a'\nquery = 'q'\nevery = '1 hour'",
            "[[schedule]]\nname = 'a'\nquery = 'q'\nevery = '1h'\nnotify = ['nowhere']",
        ] {
            assert!(toml::from_str::<File>(text).is_err(), "{text}");
        }
        let twice = parsed(
            "[[schedule]]\nname = 'a'\nquery = 'q'\nevery = '1h'\n[[schedule]]\nname = 'a'\nquery = 'q'\nevery = '1h'",
        );
        assert!(twice.schedules(moment("2026-03-01").unwrap()).unwrap_err().message().contains("twice"));
    }
}
